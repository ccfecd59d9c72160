// When a worker that keeps dying may be forked again. Pure: a count and two times in, a time out.

/** A worker that has been ready this long has proved that the application works. */
export const PROVEN_AFTER_MS = 1000;

export interface Backoff {
  /** Crashes in a row. */
  readonly crashes: number;
  readonly notBeforeMs: number;
}

export const NO_BACKOFF: Backoff = { crashes: 0, notBeforeMs: 0 };

const FIRST_MS = 1000;
const LONGEST_MS = 30_000;

/** The next fork waits 1 s after the first crash in a row, then 2 s, 4 s … 30 s. */
export function afterCrash(backoff: Backoff, nowMs: number): Backoff {
  const crashes = backoff.crashes + 1;
  return { crashes, notBeforeMs: nowMs + backoffMs(crashes) };
}

export function backoffMs(crashes: number): number {
  return crashes <= 0 ? 0 : Math.min(LONGEST_MS, FIRST_MS * 2 ** (crashes - 1));
}
