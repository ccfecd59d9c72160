// Crash loops of processes that die before they have served: which ends count as a crash, and when the next process may start.

import os from 'node:os';
import { WORKER_MESSAGES } from '../../log/catalog/workers.ts';
import { type Entry, entry } from '../../log/message.ts';
import type { ProcessEnd, WorkerState } from './worker-life.ts';

/** A worker that has been ready this long has proved that the application works. */
export const PROVEN_AFTER_MS = 1000;

export interface Backoff {
  /** Crashes in a row. */
  readonly crashes: number;
  readonly notBeforeMs: number;
  /** The age of the newest worker at the crash: only a younger one can prove that the application works again. */
  readonly newestAge: number;
}

export const NO_BACKOFF: Backoff = { crashes: 0, notBeforeMs: 0, newestAge: 0 };

const FIRST_MS = 1000;
const LONGEST_MS = 30_000;

/** The next fork waits 1 s after the first crash in a row, then 2 s, 4 s … 30 s. */
export function afterCrash(backoff: Backoff, nowMs: number, newestAge: number = 0): Backoff {
  const crashes = backoff.crashes + 1;
  return { crashes, notBeforeMs: nowMs + backoffMs(crashes), newestAge };
}

export function backoffMs(crashes: number): number {
  return crashes <= 0 ? 0 : Math.min(LONGEST_MS, FIRST_MS * 2 ** (crashes - 1));
}

/** Whether a worker that has been ready for `readyMs` ends the row of crashes. */
export function hasProved(backoff: Backoff, age: number, readyMs: number): boolean {
  return age > backoff.newestAge && readyMs > PROVEN_AFTER_MS;
}

/** Whether the end means that the application does not boot. A worker that has taken a ticket has booted, however it ended. */
export function isBootCrash(was: WorkerState, end: ProcessEnd, ticketsTaken: number, nowMs: number): boolean {
  if (was.kind === 'booting') return true;
  const readySinceMs = was.kind === 'ready' ? was.sinceMs : was.kind === 'exiting' ? was.readySinceMs : null;
  if (readySinceMs === null || nowMs - readySinceMs > PROVEN_AFTER_MS || ticketsTaken > 0) return false;
  return end.code === null ? end.signal !== os.constants.signals.SIGKILL : end.code !== 0;
}

export class CrashLoop {
  #backoff: Backoff = NO_BACKOFF;
  #newestAge = 0;

  /** How many of `missing` workers may be forked now; `coming` are forked already and not ready yet. */
  allows(missing: number, coming: number, nowMs: number): number {
    if (nowMs < this.#backoff.notBeforeMs) return 0;
    if (this.#backoff.crashes === 0) return missing;
    // One at a time, until one of them proves that the application works.
    return coming > 0 ? 0 : Math.min(missing, 1);
  }

  forked(age: number): void {
    this.#newestAge = age;
  }

  /** A worker has been ready for `readyMs`. */
  isReady(age: number, readyMs: number): void {
    if (hasProved(this.#backoff, age, readyMs)) this.#backoff = NO_BACKOFF;
  }

  /** Returns the log message. */
  crashed(nowMs: number): Entry {
    this.#backoff = afterCrash(this.#backoff, nowMs, this.#newestAge);
    const { crashes, notBeforeMs } = this.#backoff;
    const seconds = Math.round((notBeforeMs - nowMs) / 1000);
    if (crashes === 1) return entry(WORKER_MESSAGES.bootFailed, { seconds });
    return entry(WORKER_MESSAGES.bootsFail, { crashes, seconds });
  }
}
