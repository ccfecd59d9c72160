// Which time limit a connection has passed, if any. Pure: the connection asks about once a second and does what the answer says.

import { Refusal } from '../http1/refusal.ts';

export interface ConnectionLimits {
  /** 0: no limit; so for the next. */
  readonly headTimeoutMs: number;
  readonly keepaliveMs: number;
  /** 0: a pause may be of any length. */
  readonly bodyTimeoutMs: number;
  /** Bytes a second, on average, after the first bodyTimeoutMs; 0: any. */
  readonly bodyMinRateBytes: number;
}

/** What the connection waits for. `waitedMs` is the time since that began, or last made progress. */
export type Awaited =
  | { readonly kind: 'request'; readonly isFirst: boolean; readonly hasUnsentOutput: boolean }
  | { readonly kind: 'head' }
  | { readonly kind: 'body'; readonly elapsedMs: number; readonly receivedBytes: number }
  /** `elapsedMs`: since this side was shut down; progress is what the client still sends. */
  | { readonly kind: 'close'; readonly hasUnsentOutput: boolean; readonly elapsedMs: number }
  /** The application, or nothing: no limit of the connection's. */
  | { readonly kind: 'nothing' };

/** Leave: nothing is owed, close in good order. Destroy: it has had its time for that. */
export type Verdict = 'in-time' | 'leave' | 'destroy' | Refusal;

/** A client that is sending a body when it is refused has to come to its end, or to the answer: closing would reset the connection. */
const LINGER_SILENCE_MS = 2000;
const LINGER_LIMIT_MS = 30_000;
/** Where a body may pause for any time, its rate is asked for after this time. */
const RATE_GRACE_MS = 30_000;

export function checkLimits(limits: ConnectionLimits, awaited: Awaited, waitedMs: number): Verdict {
  switch (awaited.kind) {
    case 'request': {
      const limitMs = awaited.isFirst ? limits.headTimeoutMs : limits.keepaliveMs;
      return isPast(limitMs, waitedMs) && !awaited.hasUnsentOutput ? 'leave' : 'in-time';
    }
    case 'head':
      return isPast(limits.headTimeoutMs, waitedMs) ? new Refusal('RequestTimeout', 'head') : 'in-time';
    case 'body': {
      const isLate = isBodyLate(limits, waitedMs, awaited.elapsedMs, awaited.receivedBytes);
      return isLate ? new Refusal('RequestTimeout', 'body') : 'in-time';
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
function isBodyLate(limits: ConnectionLimits, waitedMs: number, elapsedMs: number, receivedBytes: number): boolean {
  if (limits.bodyTimeoutMs > 0 && waitedMs > limits.bodyTimeoutMs) return true;
  if (limits.bodyMinRateBytes === 0) return false;
  const graceMs = limits.bodyTimeoutMs > 0 ? limits.bodyTimeoutMs : RATE_GRACE_MS;
  return elapsedMs > graceMs + (receivedBytes * 1000) / limits.bodyMinRateBytes;
}
