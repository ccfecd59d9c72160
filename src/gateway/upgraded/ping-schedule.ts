// When to ping a WebSocket's client, and when to give it up: the settings websocket_ping_interval and websocket_ping_timeout. Pure.

export interface PingSettings {
  /** 0: no pings. */
  readonly webSocketPingIntervalMs: number;
  /** 0: the answer may take any time. */
  readonly webSocketPingTimeoutMs: number;
}

export type PingState =
  /** The client has shown that it is alive. */
  | { readonly kind: 'heard'; readonly sinceMs: number }
  /** A ping was sent, and nothing has arrived since. */
  | { readonly kind: 'asked'; readonly sinceMs: number };

/** A client that has gone answers a ping with a reset, which the next write then runs into. */
const PROBE_MS = 1000;

/**
 * `isHeld`: the client is not being read, because the worker does not read its messages. Its answer would go unseen, so it is not given
 * up; only by writing to it can one notice that it has gone.
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
