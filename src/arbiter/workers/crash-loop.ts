// Workers of one generation that keep dying before they have served: how they are told from others, and when the next may be forked.

import os from 'node:os';
import { afterCrash, type Backoff, hasProved, NO_BACKOFF, PROVEN_AFTER_MS } from './boot-backoff.ts';
import type { ProcessEnd, WorkerState } from './worker-life.ts';

/** Whether the end says that the application does not boot. One that has taken a ticket has booted, whatever became of it. */
export function isBootCrash(was: WorkerState, end: ProcessEnd, ticketsTaken: number, nowMs: number): boolean {
  if (was.kind === 'booting') return true;
  const readySinceMs = was.kind === 'ready' ? was.sinceMs : was.kind === 'exiting' ? was.readySinceMs : null;
  if (readySinceMs === null || nowMs - readySinceMs > PROVEN_AFTER_MS || ticketsTaken > 0) return false;
  return end.code === null ? end.signal !== os.constants.signals.SIGKILL : end.code !== 0;
}

export class CrashLoop {
  #backoff: Backoff = NO_BACKOFF;
  #newestAge = 0;

  /** Of `missing` workers, how many may be forked now; `coming` have been already. */
  allows(missing: number, coming: number, nowMs: number): number {
    if (nowMs < this.#backoff.notBeforeMs) return 0;
    if (this.#backoff.crashes === 0) return missing;
    // One at a time: the next one shows whether it was the last.
    return coming > 0 ? 0 : Math.min(missing, 1);
  }

  forked(age: number): void {
    this.#newestAge = age;
  }

  /** A worker has been ready for so long. */
  isReady(age: number, readyMs: number): void {
    if (hasProved(this.#backoff, age, readyMs)) this.#backoff = NO_BACKOFF;
  }

  /** Returns what to say of it. */
  crashed(nowMs: number): string {
    this.#backoff = afterCrash(this.#backoff, nowMs, this.#newestAge);
    const { crashes, notBeforeMs } = this.#backoff;
    const what = crashes === 1 ? 'A worker has failed to boot' : `Workers keep failing to boot (${crashes} in a row)`;
    return `${what}: the next one is forked in ${Math.round((notBeforeMs - nowMs) / 1000)} s.`;
  }
}
