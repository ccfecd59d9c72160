// Writes down what a ChannelDecoder reports, in a form that does not depend on how the bytes were cut into chunks.

import { ABORTED, ChannelDecoder, type ChannelSink, END, FRAMED } from '../../src/runqueue/channel-frame.ts';

export type Heard =
  | { readonly type: 'HELLO'; readonly slot: number; readonly pid: number; readonly generation: number }
  | { readonly type: 'ASK' | 'SKIP' | 'PROBED'; readonly id: number }
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

export class ChannelRecorder implements ChannelSink {
  readonly #heard: (Exclude<Heard, { type: 'RESPONSE' }> | Response)[] = [];
  #open: Response | null = null;

  /** Everything so far; the pieces of each response's body put together. */
  get heard(): Heard[] {
    return this.#heard.map((one) => {
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

  head(id: number, status: number, flags: number, head: string, body: Buffer): void {
    if (this.#open !== null) throw new Error(`HEAD of ${id} inside the response to ${this.#open.id}`);
    this.#open = { id, status, framed: (flags & FRAMED) !== 0, head, end: 'none', pieces: [] };
    this.#heard.push(this.#open);
    this.#take(flags, body);
  }

  body(id: number, flags: number, piece: Buffer): void {
    if (this.#open?.id !== id) throw new Error(`body of ${id} outside of its response`);
    this.#take(flags, piece);
  }

  #hear(one: Exclude<Heard, { type: 'RESPONSE' }>): void {
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

/** Pushes `bytes` in chunks of these sizes, then the rest; returns what was heard, and why the channel was closed. */
export function listen(
  bytes: Buffer,
  cuts: Iterable<number>,
): { readonly heard: Heard[]; readonly wrong: string | null } {
  const recorder = new ChannelRecorder();
  const decoder = new ChannelDecoder(recorder);
  let at = 0;
  for (const size of cuts) {
    if (at >= bytes.length) break;
    // A buffer of its own, wiped afterwards: whatever the decoder needs later, it must have copied.
    const chunk = Buffer.from(bytes.subarray(at, at + size));
    const wrong = decoder.push(chunk);
    chunk.fill(0xaa);
    if (wrong !== null) return { heard: recorder.heard, wrong };
    at += size;
  }
  const wrong = at < bytes.length ? decoder.push(bytes.subarray(at)) : null;
  return { heard: recorder.heard, wrong };
}
