// Sends messages, such as syslog lines and StatsD metrics, without ever blocking on the receiver.

export interface Outlet {
  /** Sends the message, keeps it until the receiver's address is known, or drops and counts it. */
  send(message: string): void;
  /** Messages known to be lost. Datagrams lost in the network are not counted. */
  readonly dropped: number;
  /** Sends kept messages first, if that is possible immediately. */
  close(): void;
}

/** Messages that may wait until a name is resolved or a connection is open. */
export const KEPT_MESSAGES = 1000;
/** Bytes that may wait for the receiver. */
export const KEPT_BYTES: number = 1024 * 1024;
/** Delay between attempts to reach an unavailable receiver. */
export const RETRY_MS = 1000;
