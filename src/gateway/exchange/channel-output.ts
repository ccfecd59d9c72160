// What the gateway sends to a worker on its channel. Small frames written in the same turn of the event loop go out together, so that
// each costs its bytes rather than a buffer and a write of its own; bytes that the worker has not read are charged to gateway_memory.

import type { Socket } from 'node:net';
import type { MemoryBudget } from '../connection/memory-budget.ts';

/** With more than this unsent in the channel's socket, the client is not read any further. */
const LIMIT_BYTES = 64 * 1024;
/** Frames with a payload up to this size are gathered. */
const SMALL_BYTES = 2048;
const GATHERED_BYTES = 16 * 1024;
const NOTHING = Buffer.alloc(0);

export type ChannelSocket = Pick<Socket, 'write' | 'cork' | 'uncork' | 'writableLength'>;

export class ChannelOutput {
  /** Called when everything has been sent. */
  onRoom: () => void = () => {};
  readonly #socket: ChannelSocket;
  readonly #budget: MemoryBudget;
  #gathered: Buffer = NOTHING;
  #gatheredBytes = 0;
  #accountedBytes = 0;
  readonly #flush = (): void => this.flush();
  readonly #sent = (): void => this.#haveGone();

  constructor(socket: ChannelSocket, budget: MemoryBudget) {
    this.#socket = socket;
    this.#budget = budget;
  }

  /** Whether reading the client should pause; `onRoom` is called when it may resume. */
  get isFull(): boolean {
    const { writableLength } = this.#socket;
    return writableLength > LIMIT_BYTES || (writableLength > 0 && this.#budget.isSpent);
  }

  write(bytes: Buffer): void {
    this.flush();
    this.#socket.write(bytes, this.#sent);
    this.#account();
  }

  frame(header: Buffer, payload: Buffer): void {
    if (payload.length > SMALL_BYTES) {
      this.flush();
      this.#socket.cork();
      this.#socket.write(header);
      this.#socket.write(payload, this.#sent);
      this.#socket.uncork();
      return this.#account();
    }
    const bytes = header.length + payload.length;
    if (this.#gatheredBytes + bytes > this.#gathered.length) {
      // The first frame of a turn is mostly the only one.
      const isFirst = this.#gatheredBytes === 0;
      this.flush();
      this.#gathered = Buffer.allocUnsafe(isFirst ? bytes : GATHERED_BYTES);
    }
    if (this.#gatheredBytes === 0) queueMicrotask(this.#flush);
    header.copy(this.#gathered, this.#gatheredBytes);
    payload.copy(this.#gathered, this.#gatheredBytes + header.length);
    this.#gatheredBytes += bytes;
  }

  flush(): void {
    if (this.#gatheredBytes === 0) return;
    const bytes = this.#gathered.subarray(0, this.#gatheredBytes);
    this.#gathered = NOTHING;
    this.#gatheredBytes = 0;
    this.#socket.write(bytes, this.#sent);
    this.#account();
  }

  /** The channel is closed. */
  close(): void {
    this.#gatheredBytes = 0;
    this.#budget.add(-this.#accountedBytes);
    this.#accountedBytes = 0;
  }

  #haveGone(): void {
    this.#account();
    if (this.#socket.writableLength === 0) this.onRoom();
  }

  #account(): void {
    const { writableLength } = this.#socket;
    this.#budget.add(writableLength - this.#accountedBytes);
    this.#accountedBytes = writableLength;
  }
}
