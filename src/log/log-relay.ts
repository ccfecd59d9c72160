// Passes log lines and access records to the process that writes them, and drops them when that has no room. The arbiter has one to
// its forkserver, a gateway one to the arbiter.

import { LOG_MESSAGES } from './catalog/logs.ts';
import type { LogLevel } from './log-line.ts';
import { entry, textOf } from './message.ts';
import type { RelayedAccess, RelayedLine } from './relayed-log.ts';

export interface LogRelayTarget {
  /** Whether another message may be sent now: the receiver is connected, and not too much is in flight. */
  readonly hasRoom: boolean;
  send(message: RelayedLine | RelayedAccess): void;
}

export class LogRelay {
  #target: LogRelayTarget | null = null;
  #dropped = 0;
  /** Of these, what has been reported. */
  #reported = 0;

  /** Null: each process writes its own lines. */
  set target(target: LogRelayTarget | null) {
    this.#target = target;
  }

  get isActive(): boolean {
    return this.#target !== null;
  }

  /** Number of access records lost so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Returns false if the caller has to write the line itself. */
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
    this.#reportDropped(target);
    target.send(record);
  }

  #reportDropped(target: LogRelayTarget): void {
    const count = this.#dropped - this.#reported;
    if (count === 0) return;
    const message = textOf(entry(LOG_MESSAGES.accessLinesDropped, { count }));
    this.#reported = this.#dropped;
    target.send({ type: 'log', level: LOG_MESSAGES.accessLinesDropped.level, message, pid: process.pid });
  }
}
