// When a WebSocket's client is sent a ping, and when it is given up: the settings websocket_ping_interval and websocket_ping_timeout. Pure.

export interface PingSettings {
  /** 0: no pings. */
  readonly webSocketPingIntervalMs: number;
  /** 0: an answer may take any time. */
  readonly webSocketPingTimeoutMs: number;
}

export type PingState =
  /** The client has shown that it is there. */
  | { readonly kind: 'heard'; readonly sinceMs: number }
  /** It was asked, and nothing has come from it since. */
  | { readonly kind: 'asked'; readonly sinceMs: number };

/** A client that has gone answers a ping with a reset, which the next thing that is sent to it runs into. */
const PROBE_MS = 1000;

/**
 * `isHeld`: the client is not read, because the worker does not take what it sends. Then its answer is not heard, and it is not given up;
 * that it has gone is found by sending.
 */
export function nextPing(
  settings: PingSettings,
  state: PingState,
  nowMs: number,
  isHeld: boolean,
): 'wait' | 'ping' | 'probe' | 'give-up' {
  const { webSocketPingIntervalMs: intervalMs, webSocketPingTimeoutMs: timeoutMs } = settings;
  if (intervalMs === 0) return 'wait';
  const elapsedMs = nowMs - state.sinceMs;
  if (state.kind === 'heard') return elapsedMs >= intervalMs ? 'ping' : 'wait';
  if (isHeld) return elapsedMs >= PROBE_MS ? 'probe' : 'wait';
  return timeoutMs > 0 && elapsedMs >= timeoutMs ? 'give-up' : 'wait';
}
