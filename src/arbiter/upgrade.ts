// The upgrade of a running server (SIGUSR2): a second arbiter of the same command line, on the same listening sockets. Both serve
// until somebody ends one of them. This is each one's view of the other.

import type { ChildProcess } from 'node:child_process';
import { describeEnd } from './describe-end.ts';
import { FIRST_DESCRIPTOR } from './inherited-sockets.ts';
import type { Listeners } from './listeners.ts';
import { type OwnStart, startSelf } from './start-self.ts';

export type UpgradeState =
  | { readonly kind: 'alone' }
  /** This one was told to start the other, and will be succeeded by it or outlive it. */
  | { readonly kind: 'older'; readonly child: ChildProcess; readonly pid: number }
  /** This one was started by the other, and takes its place when that has gone. */
  | { readonly kind: 'newer'; readonly parent: number };

export interface UpgradeEvents {
  log(level: 'info' | 'warning' | 'error', message: string): void;
  /** Belongs into the arbiter's queue. */
  childGone(child: ChildProcess, how: string): void;
}

export class Upgrade {
  readonly #events: UpgradeEvents;
  readonly #start: OwnStart;
  #state: UpgradeState;

  constructor(start: OwnStart, events: UpgradeEvents) {
    this.#start = start;
    this.#events = events;
    this.#state = start.parent === null ? { kind: 'alone' } : { kind: 'newer', parent: start.parent };
  }

  get state(): UpgradeState {
    return this.#state;
  }

  /** Why SIGUSR2 is refused now; null if it is not. */
  refusal(): string | null {
    if (this.#state.kind === 'older') return 'USR2 signal ignored. Child exists.';
    return this.#state.kind === 'newer' ? 'USR2 signal ignored. Parent exists.' : null;
  }

  /** Starts the other arbiter. What the hook pre_exec has to do must be done by now. */
  begin(listeners: Listeners): void {
    const descriptors = listeners.current().map(({ handle }) => handle.fd);
    const numbers = descriptors.map((_, index) => FIRST_DESCRIPTOR + index).join(',');
    const binds = JSON.stringify(listeners.current().map(({ bind }) => bind.text));
    const isActivated = listeners.source === 'LISTEN_FDS';
    const child = startSelf({
      start: this.#start,
      environment: {
        GUNICORN_PID: String(process.pid),
        ...(isActivated ? {} : { GUNICORN_FD: numbers, TUNICORN_BINDS: binds }),
      },
      stdio: ['inherit', 'inherit', 'inherit', ...descriptors],
      detached: false,
      listenFds: isActivated ? descriptors.length : 0,
    });
    child.on('error', (error) => this.#events.childGone(child, `could not be started: ${error.message}`));
    child.on('exit', (code, signal) => this.#events.childGone(child, describeEnd(code, signal)));
    if (child.pid === undefined) return;
    this.#state = { kind: 'older', child, pid: child.pid };
    this.#events.log('info', `Started a new arbiter (pid:${child.pid}) on the same sockets`);
  }

  /** The other one, started here, has gone: this one goes on as if it had never been. */
  childGone(child: ChildProcess, how: string): void {
    if (this.#state.kind === 'older' && this.#state.child === child) this.#state = { kind: 'alone' };
    this.#events.log('warning', `The new arbiter (pid:${child.pid ?? '-'}) ${how}; this one goes on`);
  }

  /** Whether the arbiter that has started this one has gone since the last look. */
  isPromoted(): boolean {
    if (this.#state.kind !== 'newer' || process.ppid === this.#state.parent) return false;
    this.#state = { kind: 'alone' };
    return true;
  }
}
