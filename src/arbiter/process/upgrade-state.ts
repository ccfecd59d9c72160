// One arbiter's view of the other one, while an upgrade has two of them: a state moved by one pure function, and its holder.

import type { ChildProcess } from 'node:child_process';
import { type IllegalMoveLog, illegalMove } from '../../log/illegal-move.ts';
import type { Sharing } from '../sockets/listeners.ts';

export type UpgradeState =
  | { readonly kind: 'alone' }
  /** This one has started the other, and will be succeeded by it or outlive it. */
  | { readonly kind: 'older'; readonly child: ChildProcess; readonly pid: number }
  /** This one was started by the other, and takes its place when that has gone. */
  | { readonly kind: 'newer'; readonly parent: number };

export type UpgradeChange =
  | { readonly type: 'child-started'; readonly child: ChildProcess; readonly pid: number }
  | { readonly type: 'child-gone'; readonly child: ChildProcess }
  | { readonly type: 'parent-gone' };

/** The state after `change`, or null when the change cannot happen in this state. */
export function moveUpgrade(state: UpgradeState, change: UpgradeChange): UpgradeState | null {
  switch (change.type) {
    case 'child-started':
      return state.kind === 'alone' ? { kind: 'older', child: change.child, pid: change.pid } : null;
    case 'child-gone':
      // One that could not be started has no pid, and is gone all the same.
      return state.kind === 'older' && state.child === change.child ? { kind: 'alone' } : state;
    case 'parent-gone':
      return state.kind === 'newer' ? { kind: 'alone' } : null;
  }
}

export class OtherArbiter {
  readonly #log: IllegalMoveLog;
  #state: UpgradeState;

  /** `parent` is the arbiter that has started this one to take its place. */
  constructor(parent: number | null, log: IllegalMoveLog) {
    this.#log = log;
    this.#state = parent === null ? { kind: 'alone' } : { kind: 'newer', parent };
  }

  get state(): UpgradeState {
    return this.#state;
  }

  /** Whether it listens on the same sockets. */
  get sharing(): Sharing {
    return this.#state.kind === 'alone' ? 'alone' : 'shared';
  }

  move(change: UpgradeChange): void {
    const next = moveUpgrade(this.#state, change);
    if (next === null) illegalMove(this.#log, `upgrade: '${change.type}' in state '${this.#state.kind}'`);
    else this.#state = next;
  }
}
