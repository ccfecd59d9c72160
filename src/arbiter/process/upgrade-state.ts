// One arbiter's view of the other one during an upgrade: a state moved by one pure function, and its holder.

import type { ChildProcess } from 'node:child_process';
import { type IllegalMoveLog, illegalMove } from '../../log/illegal-move.ts';
import type { Sharing } from '../sockets/listeners.ts';

export type UpgradeState =
  | { readonly kind: 'alone' }
  /** This arbiter started the other one, and will be succeeded by it or outlive it. */
  | { readonly kind: 'older'; readonly child: ChildProcess; readonly pid: number }
  /** The other arbiter started this one, which takes over when the other is gone. */
  | { readonly kind: 'newer'; readonly parent: number };

export type UpgradeChange =
  | { readonly type: 'child-started'; readonly child: ChildProcess; readonly pid: number }
  | { readonly type: 'child-gone'; readonly child: ChildProcess }
  | { readonly type: 'parent-gone' };

/** The state after `change`, or null if the change cannot happen in this state. */
export function moveUpgrade(state: UpgradeState, change: UpgradeChange): UpgradeState | null {
  switch (change.type) {
    case 'child-started':
      return state.kind === 'alone' ? { kind: 'older', child: change.child, pid: change.pid } : null;
    case 'child-gone':
      // A child that could not be started has no pid, but its end is reported, too.
      return state.kind === 'older' && state.child === change.child ? { kind: 'alone' } : state;
    case 'parent-gone':
      return state.kind === 'newer' ? { kind: 'alone' } : null;
  }
}

export class OtherArbiter {
  readonly #log: IllegalMoveLog;
  #state: UpgradeState;

  /** `parent`: the arbiter that started this one as its successor. */
  constructor(parent: number | null, log: IllegalMoveLog) {
    this.#log = log;
    this.#state = parent === null ? { kind: 'alone' } : { kind: 'newer', parent };
  }

  get state(): UpgradeState {
    return this.#state;
  }

  /** Whether another arbiter listens on the same sockets. */
  get sharing(): Sharing {
    return this.#state.kind === 'alone' ? 'alone' : 'shared';
  }

  move(change: UpgradeChange): void {
    const next = moveUpgrade(this.#state, change);
    if (next === null) illegalMove(this.#log, `upgrade: '${change.type}' in state '${this.#state.kind}'`);
    else this.#state = next;
  }
}
