// A ticket whose worker has sent WATCH: what the gateway may send about it on the worker's channel, until the worker's END.

import { ABORTED, closeFrame, END, goneFrame, messageHeader, pieceHeader, TEXT } from '../../runqueue/channel-frame.ts';
import type { ChannelOutput } from './channel-output.ts';

const NOTHING = Buffer.alloc(0);

/** `gone`: the last news about the client has been sent. After END it is over, with or without that news. */
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

  /** Whether the worker has been notified that the client has left. */
  get saysGone(): boolean {
    return this.#state === 'gone' || this.#state === 'over-when-gone';
  }

  /** A piece of the request's body. */
  piece(bytes: Buffer): void {
    if (this.#state === 'open') this.#output.frame(pieceHeader(this.#id, 0, bytes.length), bytes);
  }

  /** The request's body is complete. */
  bodyEnd(): void {
    if (this.#state === 'open') this.#output.frame(pieceHeader(this.#id, END, 0), NOTHING);
  }

  /** The body will stay incomplete, and the client does not wait for the response. */
  aborted(): void {
    if (this.#state !== 'open') return;
    this.#state = 'gone';
    this.#output.write(pieceHeader(this.#id, END | ABORTED, 0));
  }

  /** The client no longer waits for the response. */
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

  /** The worker sent END, and would discard anything sent from now on. */
  over(): void {
    this.#state = this.saysGone ? 'over-when-gone' : 'over';
    this.onRoom();
  }
}
