// What a connection becomes when it leaves HTTP: a WebSocket or a tunnel, as its connection, its exchange and its channel see it.

export interface Upgraded {
  /** The generation of its worker. */
  readonly generation: number;
  /** Bytes of messages, or of the tunnel, from the client and to it. */
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** Whether the worker must wait; `resume` is called when it need not any more. */
  holdsBack(resume: () => void): boolean;
  /** The client's socket has sent everything that it was given. */
  clientHasRoom(): void;
  /** Its worker, or the gateway, is about to end: it is closed after the delay, each kind in its own way, and is over by the limit. */
  closeWithin(delayMs: number, limitMs: number): void;
  /** The worker is gone. */
  workerLost(): void;
  /** Called about once a second. */
  checkTime(nowMs: number): void;
  /** The client's socket is closed. */
  closed(): void;
}

export interface UpgradedWebSocket extends Upgraded {
  readonly kind: 'websocket';
  /** A piece of a message from the worker. */
  send(piece: Buffer, isText: boolean, isLast: boolean): void;
  /** The worker closes it. */
  close(code: number, reason: Buffer): void;
}

export interface UpgradedTunnel extends Upgraded {
  readonly kind: 'tunnel';
  fromWorker(bytes: Buffer): void;
  /** The worker shuts down its sending side, or is gone. */
  workerEnded(): void;
  /** The channel has sent everything that it was given. */
  channelHasRoom(): void;
  channelClosed(): void;
}
