// Which time limit a connection has passed, if any. Pure: the connection asks about once a second and does what the answer says.

import { type BodyPace, isBodyLate } from './body-pace.ts';
import { Refusal } from './http/refusal.ts';

export interface ConnectionLimits extends BodyPace {
  /** 0: no limit; so for the next. */
  readonly headTimeoutMs: number;
  readonly keepaliveMs: number;
}

/** What the connection waits for. `waitedMs` is the time since that began, or last made progress. */
export type Awaited =
  | { readonly kind: 'proxy-header'; readonly hasBegun: boolean }
  | { readonly kind: 'request'; readonly isFirst: boolean; readonly hasUnsentOutput: boolean }
  | { readonly kind: 'head' }
  | { readonly kind: 'body'; readonly elapsedMs: number; readonly receivedBytes: number }
  | { readonly kind: 'close'; readonly hasUnsentOutput: boolean }
  /** The application, or nothing: no limit of the connection's. */
  | { readonly kind: 'nothing' };

/** Leave: nothing is owed, close in good order. Destroy: it has had its time for that. */
export type Verdict = 'in-time' | 'leave' | 'destroy' | Refusal;

const LINGER_MS = 2000;

export function checkLimits(limits: ConnectionLimits, awaited: Awaited, waitedMs: number): Verdict {
  switch (awaited.kind) {
    case 'proxy-header':
      if (!isPast(limits.headTimeoutMs, waitedMs)) return 'in-time';
      return awaited.hasBegun ? new Refusal('RequestTimeout', 'PROXY header') : 'leave';
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
      return isPast(LINGER_MS, waitedMs) && !awaited.hasUnsentOutput ? 'destroy' : 'in-time';
    case 'nothing':
      return 'in-time';
  }
}

function isPast(limitMs: number, waitedMs: number): boolean {
  return limitMs > 0 && waitedMs > limitMs;
}
