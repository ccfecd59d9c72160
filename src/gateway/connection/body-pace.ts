// Whether a request's body comes too slowly: the settings body_timeout and body_min_rate. Pure.

export interface BodyPace {
  /** 0: a pause may be of any length. */
  readonly bodyTimeoutMs: number;
  /** Bytes a second, on average, after the first bodyTimeoutMs; 0: any. */
  readonly bodyMinRateBytes: number;
}

/** Where a pause may be of any length, the rate is asked for after this time. */
const GRACE_MS = 30_000;

/** `pauseMs` since the last byte, `elapsedMs` since the body began. */
export function isBodyLate(pace: BodyPace, pauseMs: number, elapsedMs: number, receivedBytes: number): boolean {
  if (pace.bodyTimeoutMs > 0 && pauseMs > pace.bodyTimeoutMs) return true;
  if (pace.bodyMinRateBytes === 0) return false;
  const graceMs = pace.bodyTimeoutMs > 0 ? pace.bodyTimeoutMs : GRACE_MS;
  return elapsedMs > graceMs + (receivedBytes * 1000) / pace.bodyMinRateBytes;
}
