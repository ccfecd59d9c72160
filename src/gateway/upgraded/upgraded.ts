// What a connection becomes when it leaves HTTP: a WebSocket or a tunnel, as seen by its connection, its exchange and its channel.

export interface Upgraded {
  /** The generation of its worker. */
  readonly generation: number;
  /** Bytes of messages, or of the tunnel, from and to the client. */
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** Whether the worker must wait; if so, `resume` is called when it may go on. */
  holdsBack(resume: () => void): boolean;
  /** The client's socket has sent all its bytes. */
  clientHasRoom(): void;
  /** Its worker or the gateway is about to end: closes after the delay, each kind in its own way, and is over by the limit. */
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
  /** The worker's half-close, or its end. */
  workerEnded(): void;
  /** The channel has sent all its bytes. */
  channelHasRoom(): void;
  channelClosed(): void;
}
