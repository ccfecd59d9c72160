// What a watched file looked like, and whether it has changed since. Pure.

import type { ChangeKind } from './change-burst.ts';

/** `missing`: there is no such file, or it cannot be seen. */
export type Signature = { readonly mtimeMs: number; readonly size: number } | 'missing';

export function changeOf(before: Signature, after: Signature): ChangeKind | null {
  if (before === 'missing') return after === 'missing' ? null : 'created';
  if (after === 'missing') return 'deleted';
  return before.mtimeMs === after.mtimeMs && before.size === after.size ? null : 'modified';
}

/**
 * Whether a file seen for the first time may be newer than what a generation born at `bornMs` loaded of it. A time in the future does not
 * mean a change: it comes from the clock of another machine.
 */
export function isNewerThan(bornMs: number, signature: Signature, nowMs: number): boolean {
  // Unlike the time of a file, Date.now() has no microseconds.
  return signature !== 'missing' && signature.mtimeMs > bornMs && signature.mtimeMs < nowMs + 1;
}
