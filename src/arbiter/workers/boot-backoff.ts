// When a worker that keeps dying may be forked again. Pure: a count and two times in, a time out.

/** A worker that has been ready this long has proved that the application works. */
export const PROVEN_AFTER_MS = 1000;

export interface Backoff {
  /** Crashes in a row. */
  readonly crashes: number;
  readonly notBeforeMs: number;
  /** The age of the last worker that was forked before the crash: only a later one can prove that things are well again. */
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

/** Whether a worker that has been ready for so long ends the row of crashes. */
export function hasProved(backoff: Backoff, age: number, readyMs: number): boolean {
  return age > backoff.newestAge && readyMs > PROVEN_AFTER_MS;
}
