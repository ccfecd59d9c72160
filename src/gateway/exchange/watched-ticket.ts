// A ticket whose worker has said WATCH: what the gateway may send of it on the worker's channel, until the worker's END. The channel
// makes it; the streamed body, the WebSocket and the exchange send through it.

import { ABORTED, closeFrame, END, goneFrame, messageHeader, pieceHeader, TEXT } from '../../runqueue/channel-frame.ts';
import type { ChannelOutput } from './channel-output.ts';

const NOTHING = Buffer.alloc(0);

/** `gone`: nothing more can be said of the client. Then it is over, with or without that having been said. */
type State = 'open' | 'gone' | 'over' | 'over-when-gone';

export class WatchedTicket {
  /** Called when the channel has room again. */
  onRoom: () => void = () => {};
  readonly #output: ChannelOutput;
  readonly #id: number;
  #state: State = 'open';

  constructor(output: ChannelOutput, id: number) {
    this.#output = output;
    this.#id = id;
  }

  get isFull(): boolean {
    return this.#state === 'open' && this.#output.isFull;
  }

  /** Whether the worker knows, or may know, that the client has left. */
  get saysGone(): boolean {
    return this.#state === 'gone' || this.#state === 'over-when-gone';
  }

  /** A piece of the request's body. */
  piece(bytes: Buffer): void {
    if (this.#state === 'open') this.#output.frame(pieceHeader(this.#id, 0, bytes.length), bytes);
  }

  /** The request's body is whole. */
  bodyEnd(): void {
    if (this.#state === 'open') this.#output.frame(pieceHeader(this.#id, END, 0), NOTHING);
  }

  /** The body will not become whole, and the client does not wait for the response. */
  aborted(): void {
    if (this.#state !== 'open') return;
    this.#state = 'gone';
    this.#output.write(pieceHeader(this.#id, END | ABORTED, 0));
  }

  /** The client does not wait for the response any more. */
  gone(): void {
    if (this.#state !== 'open') return;
    this.#state = 'gone';
    this.#output.write(goneFrame(this.#id));
  }

  message(bytes: Buffer, isText: boolean): void {
    if (this.#state === 'open') this.#output.frame(messageHeader(this.#id, isText ? TEXT : 0, bytes.length), bytes);
  }

  closed(code: number, reason: Buffer): void {
    if (this.#state !== 'open') return;
    this.#state = 'gone';
    this.#output.write(closeFrame(this.#id, code, reason));
  }

  /** The worker has said END: what is sent from now on would only be thrown away. */
  over(): void {
    this.#state = this.saysGone ? 'over-when-gone' : 'over';
    this.onRoom();
  }
}
