// How long a worker may take to boot. Pure: durations in, a limit out.
//
// `timeout` is the limit, as in Gunicorn, until a worker of the generation has booted. On a machine under load the same boot takes many
// times longer: if workers were killed for that again and again, the server would never get them back. After a reload the previous
// generation's boots count, too: an application that needs longer than `timeout` could otherwise start, but never be reloaded.

/** A boot of up to this many times the longest one so far is slow, but does not hang. */
const SLOWDOWN = 20;
/** The least time for an application that has booted before. */
const PROVEN_MS = 10_000;
/** The same for the first boots after a reload: the new code may differ, and the previous generation is still serving. */
const RELOAD_SLOWDOWN = 3;
/** Doubling stops here. */
const DOUBLED_AT_MOST_MS = 120_000;

export class BootPatience {
  #longestMs = 0;
  #previousMs = 0;
  #tooSlow = 0;

  /** Milliseconds; `timeoutMs` is not 0. */
  limitMs(timeoutMs: number): number {
    const doubledMs = Math.min(timeoutMs * 2 ** this.#tooSlow, DOUBLED_AT_MOST_MS);
    const provenMs = this.#longestMs === 0 ? 0 : Math.max(PROVEN_MS, this.#longestMs * SLOWDOWN);
    return Math.max(timeoutMs, doubledMs, provenMs, this.#previousMs * RELOAD_SLOWDOWN);
  }

  /** The longest boot so far; 0 before the first. */
  get longestMs(): number {
    return this.#longestMs;
  }

  /** `longestMs`: of the generation that serves while this one boots. */
  follow(longestMs: number): void {
    this.#previousMs = longestMs;
  }

  /** A worker has become ready. */
  booted(tookMs: number): void {
    this.#longestMs = Math.max(this.#longestMs, tookMs);
    this.#tooSlow = 0;
  }

  /** A worker was killed at the limit: the next one gets twice the time. */
  tooSlow(): void {
    this.#tooSlow += 1;
  }
}
