// When to try again to replace a generation whose forkserver has died, after an attempt that has failed. Used by generations.ts.

import { afterCrash, type Backoff, NO_BACKOFF } from '../workers/crash-loop.ts';

export class Revival {
  #backoff: Backoff = NO_BACKOFF;
  #atMs: number | null = null;

  /** An attempt has failed. */
  putOff(nowMs: number): void {
    this.#backoff = afterCrash(this.#backoff, nowMs);
    this.#atMs = this.#backoff.notBeforeMs;
  }

  /** Somebody makes a new generation, or nobody wants one any more. */
  cancel(): void {
    this.#atMs = null;
  }

  succeeded(): void {
    this.#backoff = NO_BACKOFF;
  }

  isDue(nowMs: number): boolean {
    return this.#atMs !== null && nowMs >= this.#atMs;
  }
}
