// When the WebSockets of a generation that drains are closed: not all at once, so that their clients do not all come back at once. Pure.

const LONGEST_MS = 5000;

/** `limitMs` until everything has to be over; `chance` from 0 to 1. */
export function retireDelayMs(limitMs: number, chance: number): number {
  return chance * Math.min(limitMs / 2, LONGEST_MS);
}
