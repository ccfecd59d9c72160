// Which time limit a connection has exceeded, if any. Pure; evaluated about once a second.

import { Refusal } from '../http1/refusal.ts';

export interface ConnectionLimits {
  /** 0: no limit. The same holds for the next one. */
  readonly headTimeoutMs: number;
  readonly keepaliveMs: number;
  /** 0: pauses may have any length. */
  readonly bodyTimeoutMs: number;
  /** Average bytes per second after the first bodyTimeoutMs; 0: any. */
  readonly bodyMinRateBytes: number;
}

/** What the connection waits for. `waitedMs` counts from its beginning or its last progress. */
export type Awaited =
  | { readonly kind: 'request'; readonly isFirst: boolean; readonly hasUnsentOutput: boolean }
  | { readonly kind: 'head' }
  | { readonly kind: 'body'; readonly elapsedMs: number; readonly receivedBytes: number }
  /** `elapsedMs`: since this side was shut down; any byte from the client is progress. */
  | { readonly kind: 'close'; readonly hasUnsentOutput: boolean; readonly elapsedMs: number }
  /** The application, or nothing: the connection has no limit for that. */
  | { readonly kind: 'nothing' };

/** Leave: nothing is owed, close gracefully. Destroy: its time for that is over. */
export type Verdict = 'in-time' | 'leave' | 'destroy' | Refusal;

/** A client that is refused while it sends a body must be able to finish, or to read the answer: closing would reset the connection. */
const LINGER_SILENCE_MS = 2000;
const LINGER_LIMIT_MS = 30_000;
/** Where a body may pause for any time, its rate is checked from this time on. */
const RATE_GRACE_MS = 30_000;

export function checkLimits(limits: ConnectionLimits, awaited: Awaited, waitedMs: number): Verdict {
  switch (awaited.kind) {
    case 'request': {
      const limitMs = awaited.isFirst ? limits.headTimeoutMs : limits.keepaliveMs;
      return isPast(limitMs, waitedMs) && !awaited.hasUnsentOutput ? 'leave' : 'in-time';
    }
    case 'head':
      return isPast(limits.headTimeoutMs, waitedMs)
        ? new Refusal('RequestTimeout', 'head', null, 'head_timeout')
        : 'in-time';
    case 'body': {
      const limit = exceededByBody(limits, waitedMs, awaited.elapsedMs, awaited.receivedBytes);
      return limit === null ? 'in-time' : new Refusal('RequestTimeout', 'body', null, limit);
    }
    case 'close':
      if (awaited.hasUnsentOutput) return 'in-time';
      return waitedMs > LINGER_SILENCE_MS || awaited.elapsedMs > LINGER_LIMIT_MS ? 'destroy' : 'in-time';
    case 'nothing':
      return 'in-time';
  }
}

function isPast(limitMs: number, waitedMs: number): boolean {
  return limitMs > 0 && waitedMs > limitMs;
}

/** `waitedMs` since the last byte, `elapsedMs` since the body began. */
function exceededByBody(
  limits: ConnectionLimits,
  waitedMs: number,
  elapsedMs: number,
  receivedBytes: number,
): 'body_timeout' | 'body_min_rate' | null {
  if (limits.bodyTimeoutMs > 0 && waitedMs > limits.bodyTimeoutMs) return 'body_timeout';
  if (limits.bodyMinRateBytes === 0) return null;
  const graceMs = limits.bodyTimeoutMs > 0 ? limits.bodyTimeoutMs : RATE_GRACE_MS;
  return elapsedMs > graceMs + (receivedBytes * 1000) / limits.bodyMinRateBytes ? 'body_min_rate' : null;
}
