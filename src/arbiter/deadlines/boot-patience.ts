// How long a worker may take to boot. Pure: durations in, a limit out.
//
// `timeout` is the limit, as in Gunicorn, until the generation shows that it boots. A machine under load makes the same boot many times
// slower: to kill it then, again and again, would keep the server from ever getting its workers back.

/** So many times as long as the longest boot so far is a slow boot still, not a hanging one. */
const SLOWDOWN = 20;
/** What an application that has booted before may take at least. */
const PROVEN_MS = 10_000;
/** Beyond this a limit is not doubled. */
const DOUBLED_AT_MOST_MS = 120_000;

export class BootPatience {
  #longestMs = 0;
  #tooSlow = 0;

  /** Milliseconds; `timeoutMs` is not 0. */
  limitMs(timeoutMs: number): number {
    const doubledMs = Math.min(timeoutMs * 2 ** this.#tooSlow, DOUBLED_AT_MOST_MS);
    const provenMs = this.#longestMs === 0 ? 0 : Math.max(PROVEN_MS, this.#longestMs * SLOWDOWN);
    return Math.max(timeoutMs, doubledMs, provenMs);
  }

  /** A worker has become ready. */
  booted(tookMs: number): void {
    this.#longestMs = Math.max(this.#longestMs, tookMs);
    this.#tooSlow = 0;
  }

  /** A worker has been given up at the limit: the next one gets twice the time. */
  tooSlow(): void {
    this.#tooSlow += 1;
  }
}
