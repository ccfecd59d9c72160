// Records the reports of a ChannelDecoder, in a form that does not depend on the chunks.

import { ChannelDecoder, type ChannelSink, type ResponseHead } from '../../../../src/runqueue/channel-decoder.ts';
import { ABORTED, CLOSING, END, FRAMED, TEXT } from '../../../../src/runqueue/channel-frame.ts';

export type Heard =
  | { readonly type: 'HELLO'; readonly slot: number; readonly pid: number; readonly generation: number }
  | { readonly type: 'ASK' | 'SKIP' | 'PROBED' | 'WATCH'; readonly id: number }
  | { readonly type: 'FAILED'; readonly id: number; readonly closing: boolean }
  | { readonly type: 'MESSAGE'; readonly id: number; readonly text: boolean; readonly bodyHex: string }
  | { readonly type: 'CLOSE'; readonly id: number; readonly code: number; readonly reason: string }
  | { readonly type: 'TRAILERS'; readonly id: number; readonly lines: string }
  | { readonly type: 'TUNNEL'; readonly id: number; readonly rawHex: string }
  | { readonly type: 'HINTS'; readonly id: number; readonly lines: string }
  | {
      readonly type: 'RESPONSE';
      readonly id: number;
      readonly status: number;
      readonly framed: boolean;
      readonly head: string;
      readonly end: 'none' | 'whole' | 'aborted';
      readonly bodyHex: string;
    };

interface Response {
  readonly id: number;
  readonly status: number;
  readonly framed: boolean;
  readonly head: string;
  readonly pieces: Buffer[];
  end: 'none' | 'whole' | 'aborted';
}

interface Tunnel {
  readonly id: number;
  readonly raw: Buffer[];
}

export class ChannelRecorder implements ChannelSink {
  readonly #heard: (Exclude<Heard, { type: 'RESPONSE' | 'TUNNEL' }> | Response | Tunnel)[] = [];
  #open: Response | null = null;
  /** The pieces of an incomplete message. */
  #message: Buffer[] = [];
  #tunnel: Tunnel | null = null;

  /** Everything so far; the pieces of each response's body put together. */
  get heard(): Heard[] {
    return this.#heard.map((one) => {
      if ('raw' in one) return { type: 'TUNNEL', id: one.id, rawHex: Buffer.concat(one.raw).toString('hex') };
      if ('type' in one) return one;
      const { pieces, ...rest } = one;
      return { type: 'RESPONSE', ...rest, bodyHex: Buffer.concat(pieces).toString('hex') };
    });
  }

  hello(slot: number, pid: number, generation: number): void {
    this.#hear({ type: 'HELLO', slot, pid, generation });
  }

  ask(id: number): void {
    this.#hear({ type: 'ASK', id });
  }

  skip(id: number): void {
    this.#hear({ type: 'SKIP', id });
  }

  probed(id: number): void {
    this.#hear({ type: 'PROBED', id });
  }

  hints(id: number, lines: string): void {
    this.#hear({ type: 'HINTS', id, lines });
  }

  head(id: number, { status, flags, lines }: ResponseHead, body: Buffer): void {
    if (this.#open !== null) throw new Error(`HEAD of ${id} inside the response to ${this.#open.id}`);
    this.#open = { id, status, framed: (flags & FRAMED) !== 0, head: lines, end: 'none', pieces: [] };
    this.#heard.push(this.#open);
    this.#take(flags, body);
  }

  failed(id: number, flags: number): void {
    this.#hear({ type: 'FAILED', id, closing: (flags & CLOSING) !== 0 });
  }

  body(id: number, flags: number, piece: Buffer): void {
    if (this.#open?.id !== id) throw new Error(`body of ${id} outside of its response`);
    this.#take(flags, piece);
  }

  watch(id: number): void {
    if (this.#open !== null && this.#open.id !== id)
      throw new Error(`WATCH of ${id} inside the response to ${this.#open.id}`);
    this.#heard.push({ type: 'WATCH', id });
  }

  message(id: number, flags: number, piece: Buffer, isLast: boolean): void {
    if (this.#open?.id !== id) throw new Error(`MESSAGE of ${id} outside of its WebSocket`);
    this.#message.push(Buffer.from(piece));
    if (!isLast) return;
    const bodyHex = Buffer.concat(this.#message).toString('hex');
    this.#message = [];
    this.#heard.push({ type: 'MESSAGE', id, text: (flags & TEXT) !== 0, bodyHex });
  }

  closes(id: number, code: number, reason: Buffer): void {
    this.#end(id);
    this.#heard.push({ type: 'CLOSE', id, code, reason: reason.toString() });
  }

  trailers(id: number, lines: string): void {
    this.#end(id);
    this.#heard.push({ type: 'TRAILERS', id, lines });
  }

  tunnel(id: number): void {
    if (this.#open !== null) throw new Error(`TUNNEL inside the response to ${this.#open.id}`);
    this.#tunnel = { id, raw: [] };
    this.#heard.push(this.#tunnel);
  }

  raw(bytes: Buffer): void {
    if (this.#tunnel === null) throw new Error('raw bytes outside of a tunnel');
    this.#tunnel.raw.push(Buffer.from(bytes));
  }

  #end(id: number): void {
    if (this.#open?.id !== id) throw new Error(`the end of ${id} outside of its response`);
    this.#open.end = 'whole';
    this.#open = null;
  }

  #hear(one: Exclude<Heard, { type: 'RESPONSE' | 'TUNNEL' }>): void {
    if (this.#open !== null) throw new Error(`${one.type} inside the response to ${this.#open.id}`);
    this.#heard.push(one);
  }

  #take(flags: number, piece: Buffer): void {
    // A copy: the decoder promises no more than a view into the chunk.
    this.#open?.pieces.push(Buffer.from(piece));
    if (this.#open === null || (flags & END) === 0) return;
    this.#open.end = (flags & ABORTED) === 0 ? 'whole' : 'aborted';
    this.#open = null;
  }
}

/** Pushes `bytes` in chunks of these sizes, then the rest; returns the reports, and why the channel was closed. */
export function listen(
  bytes: Buffer,
  cuts: Iterable<number>,
): { readonly heard: Heard[]; readonly wrong: string | null } {
  const recorder = new ChannelRecorder();
  const decoder = new ChannelDecoder(recorder);
  let at = 0;
  for (const size of cuts) {
    if (at >= bytes.length) break;
    // A separate buffer, wiped afterwards: the decoder must have copied everything that it needs later.
    const chunk = Buffer.from(bytes.subarray(at, at + size));
    const wrong = decoder.push(chunk);
    chunk.fill(0xaa);
    if (wrong !== null) return { heard: recorder.heard, wrong };
    at += size;
  }
  const wrong = at < bytes.length ? decoder.push(bytes.subarray(at)) : null;
  return { heard: recorder.heard, wrong };
}
