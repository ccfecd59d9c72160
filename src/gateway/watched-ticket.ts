// A ticket whose worker has said WATCH: what the gateway may send of it on the worker's channel, until the worker's END. The channel
// makes it; the streamed body, the WebSocket and the exchange send through it.

import type { Socket } from 'node:net';
import { ABORTED, closeFrame, END, goneFrame, messageHeader, pieceHeader, TEXT } from '../runqueue/channel-frame.ts';

/** With more than this in the channel's socket, the client is not read any further. */
const CHANNEL_BUFFER_BYTES = 64 * 1024;

/** In this order; `gone`: nothing more can be said of the client. */
type State = 'open' | 'gone' | 'over';

export class WatchedTicket {
  /** Called when the channel has room again. */
  onRoom: () => void = () => {};
  readonly #socket: Pick<Socket, 'write' | 'cork' | 'uncork' | 'writableLength'>;
  readonly #id: number;
  #state: State = 'open';

  constructor(socket: Pick<Socket, 'write' | 'cork' | 'uncork' | 'writableLength'>, id: number) {
    this.#socket = socket;
    this.#id = id;
  }

  get isFull(): boolean {
    return this.#state === 'open' && this.#socket.writableLength > CHANNEL_BUFFER_BYTES;
  }

  /** A piece of the request's body. */
  piece(bytes: Buffer, place: 'middle' | 'last'): void {
    if (this.#state === 'open') this.#write(pieceHeader(this.#id, place === 'last' ? END : 0, bytes.length), bytes);
  }

  /** The body will not become whole, and nobody waits for the response. */
  aborted(): void {
    if (this.#state !== 'open') return;
    this.#state = 'gone';
    this.#socket.write(pieceHeader(this.#id, END | ABORTED, 0));
  }

  /** Nobody waits for the response. */
  gone(): void {
    if (this.#state !== 'open') return;
    this.#state = 'gone';
    this.#socket.write(goneFrame(this.#id));
  }

  message(bytes: Buffer, isText: boolean): void {
    if (this.#state === 'open') this.#write(messageHeader(this.#id, isText ? TEXT : 0, bytes.length), bytes);
  }

  closed(code: number, reason: Buffer): void {
    if (this.#state !== 'open') return;
    this.#state = 'gone';
    this.#socket.write(closeFrame(this.#id, code, reason));
  }

  /** The worker has said END: what is sent from now on would only be thrown away. */
  over(): void {
    this.#state = 'over';
    this.onRoom();
  }

  #write(header: Buffer, bytes: Buffer): void {
    if (bytes.length === 0) {
      this.#socket.write(header);
      return;
    }
    this.#socket.cork();
    this.#socket.write(header);
    this.#socket.write(bytes);
    this.#socket.uncork();
  }
}
