// When to retry replacing a generation whose forkserver died, after a failed attempt.

import { afterCrash, type Backoff, NO_BACKOFF } from '../workers/crash-loop.ts';

export class GenerationRetry {
  #backoff: Backoff = NO_BACKOFF;
  #atMs: number | null = null;

  /** An attempt has failed. */
  putOff(nowMs: number): void {
    this.#backoff = afterCrash(this.#backoff, nowMs);
    this.#atMs = this.#backoff.notBeforeMs;
  }

  /** A new generation is starting, or none is wanted any more. */
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
