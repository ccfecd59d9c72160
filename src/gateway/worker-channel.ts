// One channel: the stream socket on which a worker answers tickets, one at a time. Frames come in here and go to the exchange that
// they belong to.

import type { Socket } from 'node:net';
import { ChannelDecoder, type ChannelSink } from '../runqueue/channel-decoder.ts';
import { dataFrame, END, goneFrame, takenFrame, UNACKNOWLEDGED_BYTES } from '../runqueue/channel-frame.ts';
import type { Exchange } from './exchange.ts';

const NOTHING = Buffer.alloc(0);

/** What a channel needs of the gateway. */
export interface ChannelOwner {
  find(ticket: number): Exchange | undefined;
  /** The response is complete, or the ticket was skipped. */
  settled(exchange: Exchange): void;
  skipped(exchange: Exchange): void;
  probed(ticket: number): void;
  /** Whether the client's buffer is full; `resume` is called when it is not any more. */
  holdsBack(exchange: Exchange, resume: () => void): boolean;
  closed(channel: WorkerChannel, why: string | null): void;
}

export class WorkerChannel implements ChannelSink {
  /** Known from HELLO on. */
  worker: { readonly slot: number; readonly pid: number; readonly generation: number } | null = null;
  readonly #socket: Socket;
  readonly #owner: ChannelOwner;
  readonly #decoder: ChannelDecoder;
  /** Bytes of the current response, hints and body, that have come through here. */
  #passedBytes = 0;
  #broken: string | null = null;

  constructor(socket: Socket, owner: ChannelOwner) {
    this.#socket = socket;
    this.#owner = owner;
    this.#decoder = new ChannelDecoder(this);
    socket.on('data', (chunk: Buffer) => {
      this.#broken ??= this.#decoder.push(chunk);
      if (this.#broken !== null) socket.destroy();
    });
    // A worker that dies resets the channel; `close` follows.
    socket.on('error', () => {});
    socket.on('close', () => owner.closed(this, this.#broken));
  }

  hello(slot: number, pid: number, generation: number): void {
    this.worker = { slot, pid, generation };
  }

  ask(id: number): void {
    const exchange = this.#owner.find(id);
    if (exchange === undefined || exchange.state !== 'outstanding') this.#socket.write(goneFrame(id));
    else this.#socket.write(dataFrame(id, exchange.fields, exchange.body));
  }

  hints(id: number, lines: string): void {
    this.#passedBytes += lines.length;
    const exchange = this.#owner.find(id);
    exchange?.hint(lines);
    this.#holdBack(exchange);
  }

  head(id: number, status: number, flags: number, head: string, body: Buffer): void {
    this.#passedBytes += body.length;
    const exchange = this.#owner.find(id);
    if (exchange !== undefined) {
      exchange.workerPid = this.worker?.pid ?? 0;
      if (exchange.state === 'outstanding') exchange.respond(status, flags, head, body);
    }
    this.#after(id, flags, exchange);
  }

  body(id: number, flags: number, piece: Buffer): void {
    this.#passedBytes += piece.length;
    const exchange = this.#owner.find(id);
    if (exchange?.state === 'responding') exchange.continue(flags, piece);
    this.#after(id, flags, exchange);
  }

  trailers(id: number): void {
    this.body(id, END, NOTHING);
  }

  watch(): void {}

  message(): void {}

  closes(id: number): void {
    this.body(id, END, NOTHING);
  }

  tunnel(): void {}

  raw(): void {}

  skip(id: number): void {
    const exchange = this.#owner.find(id);
    if (exchange !== undefined) this.#owner.skipped(exchange);
  }

  probed(id: number): void {
    this.#owner.probed(id);
  }

  close(): void {
    this.#socket.destroy();
  }

  #after(id: number, flags: number, exchange: Exchange | undefined): void {
    if ((flags & END) !== 0) {
      // A worker that has sent much waits for this before it takes another ticket: what a slow client leaves unread in the channel
      // must never stand in front of somebody else's response.
      if (this.#passedBytes > UNACKNOWLEDGED_BYTES) this.#socket.write(takenFrame(id));
      this.#passedBytes = 0;
      if (exchange !== undefined) this.#owner.settled(exchange);
    } else {
      this.#holdBack(exchange);
    }
  }

  #holdBack(exchange: Exchange | undefined): void {
    if (exchange === undefined || exchange.state === 'finished' || this.#passedBytes <= UNACKNOWLEDGED_BYTES) return;
    if (this.#owner.holdsBack(exchange, () => this.#socket.resume())) this.#socket.pause();
  }
}
