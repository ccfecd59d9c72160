// What a connection becomes when it leaves HTTP: a WebSocket or a tunnel, as its connection and its exchange see it.

export interface TakenOver {
  readonly kind: 'websocket' | 'tunnel';
  /** Of its worker. */
  readonly generation: number;
  /** Whether the worker must wait; `resume` is called when it need not any more. */
  holdsBack(resume: () => void): boolean;
  /** The socket's buffer has run empty. */
  drained(): void;
  /** The generation of its worker, or the gateway, is about to end: so is this, after a delay and in its own manner. */
  retire(delayMs: number, limitMs: number): void;
  /** Called about once a second. */
  checkTime(nowMs: number): void;
  /** The client's socket is closed. */
  closed(): void;
}
