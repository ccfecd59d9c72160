// Where messages leave the process without it ever waiting for anybody: syslog's lines, statsd's metrics. Who makes one calls
// openOutlet() in open-outlet.ts.

export interface Outlet {
  /** Sends it, keeps it for a moment while the way there is not known yet, or drops and counts it. */
  send(message: string): void;
  /** Messages that certainly got nowhere; datagrams that were lost under way cannot be known. */
  readonly dropped: number;
  /** What has been kept is sent first, if that is possible at once. */
  close(): void;
}

/** Messages that may wait for a name to be resolved or a connection to be made. */
export const KEPT_MESSAGES = 1000;
/** Bytes that may wait for the receiver. */
export const KEPT_BYTES: number = 1024 * 1024;
/** Between attempts to reach a receiver that is not there. */
export const RETRY_MS = 1000;
