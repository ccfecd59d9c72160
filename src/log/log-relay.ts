// Hands log lines and access records on to the process that writes them, as many as it takes: what is too much is not kept.
// The arbiter makes one towards its forkserver, a gateway one towards the arbiter. Pure but for what it is given.

import type { LogLevel } from './log-line.ts';
import type { RelayedAccess, RelayedLine } from './relayed-log.ts';

export interface LogRelayTarget {
  /** Whether one more message may be sent now: somebody is there, and not too much is on its way. */
  readonly hasRoom: boolean;
  send(message: RelayedLine | RelayedAccess): void;
}

export class LogRelay {
  #target: LogRelayTarget | null = null;
  #dropped = 0;

  /** Null: everybody writes for himself. */
  set target(target: LogRelayTarget | null) {
    this.#target = target;
  }

  get isActive(): boolean {
    return this.#target !== null;
  }

  /** Access records that were lost. */
  get dropped(): number {
    return this.#dropped;
  }

  /** False: the caller has to write the line itself. */
  line(level: LogLevel, message: string, pid: number): boolean {
    if (this.#target?.hasRoom !== true) return false;
    this.#target.send({ type: 'log', level, message, pid });
    return true;
  }

  access(record: RelayedAccess): void {
    const target = this.#target;
    if (target?.hasRoom !== true) {
      this.#dropped += 1;
      return;
    }
    this.#tellDropped(target);
    target.send(record);
  }

  #tellDropped(target: LogRelayTarget): void {
    if (this.#dropped === 0) return;
    const message = `Lines of the access log were dropped, too many waited to be written: ${this.#dropped}`;
    this.#dropped = 0;
    target.send({ type: 'log', level: 'error', message, pid: process.pid });
  }
}
