// Frames on a channel, the Unix stream socket between a gateway and a worker. RUNQUEUE.md draws them.
// `ChannelDecoder` is the gateway's reading side; channel.py is the worker's.

import { latin1Text, writeLatin1 } from './latin1.ts';

export const FRAME_HEADER_BYTES = 16;
const HELLO_BYTES: number = FRAME_HEADER_BYTES + 12;

export const HELLO = 1;
export const ASK = 2;
export const HEAD = 3;
export const BODY = 4;
export const SKIP = 5;
export const PROBED = 6;
export const DATA = 7;
export const GONE = 8;
export const TAKEN = 9;
export const HINTS = 10;

export const END = 1;
export const FRAMED = 2;
export const ABORTED = 4;

/** A head, or hints, longer than this: a broken worker, not a response. */
export const HEAD_LIMIT_BYTES: number = 4 * 1024 * 1024;

/** After a response with more bytes of hints and body than this, the worker waits for TAKEN. */
export const UNACKNOWLEDGED_BYTES: number = 64 * 1024;

const TWO_TO_32 = 2 ** 32;
const NOTHING = Buffer.alloc(0);

/** What a decoder reports, in the order of the frames. Buffers are views into the chunk that was pushed. */
export interface ChannelSink {
  hello(slot: number, pid: number, generation: number): void;
  ask(id: number): void;
  /** Header lines for an interim response, before the response to this ticket begins. */
  hints(id: number, lines: string): void;
  /** A response begins. `flags` has END only when the body that is passed here is the whole of it. */
  head(id: number, status: number, flags: number, head: string, body: Buffer): void;
  /** A piece of the body; `flags` has END (and perhaps ABORTED) with the last one. */
  body(id: number, flags: number, piece: Buffer): void;
  skip(id: number): void;
  probed(id: number): void;
}

/** Turns the bytes of one channel into calls of its sink; a returned string says why the channel must be closed. */
export class ChannelDecoder {
  readonly #sink: ChannelSink;
  /** The beginning of a frame that cannot be acted on yet, in a buffer with room for all that is wanted of it. */
  #kept: Buffer = NOTHING;
  #keptBytes = 0;
  /** How many bytes of the frame it takes to get on. */
  #wantedBytes = 0;
  /** A frame whose beginning has been reported and whose rest is passed on as it comes. */
  #streaming: { readonly id: number; readonly flags: number; left: number } | null = null;
  #said: 'nothing' | 'hello' = 'nothing';
  /** Between the HEAD and the END of a response: its ticket. */
  #responding: number | null = null;
  /** Between the first HINTS and the HEAD of a response: its ticket. */
  #hinted: number | null = null;

  constructor(sink: ChannelSink) {
    this.#sink = sink;
  }

  push(chunk: Buffer): string | null {
    let at = 0;
    while (at < chunk.length) {
      if (this.#streaming !== null) {
        at += this.#pass(this.#streaming, chunk, at);
        continue;
      }
      if (this.#keptBytes > 0) {
        at += this.#keep(chunk, at, this.#wantedBytes - this.#keptBytes);
        if (this.#keptBytes < this.#wantedBytes) break;
        const taken = this.#frame(this.#kept.subarray(0, this.#keptBytes), 0);
        if (typeof taken === 'string') return taken;
        // Never less than everything: no more was kept than what the frame has asked for.
        if (taken > 0) {
          this.#kept = NOTHING;
          this.#keptBytes = 0;
        }
        continue;
      }
      const taken = this.#frame(chunk, at);
      if (typeof taken === 'string') return taken;
      if (taken === 0) this.#keep(chunk, at, chunk.length - at);
      at = taken === 0 ? chunk.length : at + taken;
    }
    return null;
  }

  /** Copies, so that the beginning of a frame does not keep a whole 64 KiB chunk alive, and each byte once, however it comes. */
  #keep(chunk: Buffer, at: number, limitBytes: number): number {
    if (this.#kept.length < this.#wantedBytes) {
      const larger = Buffer.allocUnsafe(this.#wantedBytes);
      this.#kept.copy(larger, 0, 0, this.#keptBytes);
      this.#kept = larger;
    }
    const bytes = chunk.copy(this.#kept, this.#keptBytes, at, Math.min(at + limitBytes, chunk.length));
    this.#keptBytes += bytes;
    return bytes;
  }

  #awaits(bytes: number): 0 {
    this.#wantedBytes = bytes;
    return 0;
  }

  /** Acts on the frame at `at`; returns the bytes taken, 0 when there are fewer than `#wantedBytes`, or what is wrong. */
  #frame(bytes: Buffer, at: number): number | string {
    if (bytes.length - at < FRAME_HEADER_BYTES) return this.#awaits(FRAME_HEADER_BYTES);
    const length = bytes.readUInt32LE(at);
    if (length < FRAME_HEADER_BYTES) return `frame length ${length} is below ${FRAME_HEADER_BYTES}`;
    const type = bytes[at + 4] ?? 0;
    const flags = bytes[at + 5] ?? 0;
    const id = bytes.readUInt32LE(at + 12) * TWO_TO_32 + bytes.readUInt32LE(at + 8);
    if (type === HEAD) return this.#head(bytes, at, length, flags, id);
    if (type === BODY) {
      if (this.#responding !== id) return `BODY of ticket ${id} outside of its response`;
      this.#streaming = { id, flags, left: length - FRAME_HEADER_BYTES };
      if (this.#streaming.left === 0) this.#pass(this.#streaming, NOTHING, 0);
      return FRAME_HEADER_BYTES;
    }
    if (this.#responding !== null) return `frame type ${type} inside the response to ticket ${this.#responding}`;
    if (type === HINTS) return this.#hints(bytes, at, length, id);
    if (this.#hinted !== null) return `frame type ${type} between the hints and the response to ticket ${this.#hinted}`;
    if (type === HELLO) return this.#hello(bytes, at, length);
    if (this.#said === 'nothing') return `frame type ${type} before HELLO`;
    if (length !== FRAME_HEADER_BYTES)
      return `frame type ${type} has a payload of ${length - FRAME_HEADER_BYTES} bytes`;
    if (type === ASK) this.#sink.ask(id);
    else if (type === SKIP) this.#sink.skip(id);
    else if (type === PROBED) this.#sink.probed(id);
    else return `frame type ${type} is unknown`;
    return length;
  }

  #hello(bytes: Buffer, at: number, length: number): number | string {
    if (this.#said === 'hello' || length !== HELLO_BYTES) return 'HELLO is wrong or was said twice';
    if (bytes.length - at < HELLO_BYTES) return this.#awaits(HELLO_BYTES);
    this.#said = 'hello';
    this.#sink.hello(bytes.readUInt32LE(at + 16), bytes.readUInt32LE(at + 20), bytes.readUInt32LE(at + 24));
    return HELLO_BYTES;
  }

  #hints(bytes: Buffer, at: number, length: number, id: number): number | string {
    if (this.#said === 'nothing') return 'HINTS before HELLO';
    if (this.#hinted !== null && this.#hinted !== id)
      return `HINTS of ticket ${id} after those of ticket ${this.#hinted}`;
    if (length > FRAME_HEADER_BYTES + HEAD_LIMIT_BYTES) return `HINTS of ${length - FRAME_HEADER_BYTES} bytes`;
    if (bytes.length - at < length) return this.#awaits(length);
    this.#hinted = id;
    this.#sink.hints(id, latin1Text(bytes, at + FRAME_HEADER_BYTES, at + length));
    return length;
  }

  #head(bytes: Buffer, at: number, length: number, flags: number, id: number): number | string {
    if (this.#said === 'nothing') return 'HEAD before HELLO';
    if (this.#responding !== null) return `HEAD inside the response to ticket ${this.#responding}`;
    if (this.#hinted !== null && this.#hinted !== id)
      return `HEAD of ticket ${id} after HINTS of ticket ${this.#hinted}`;
    if (length < FRAME_HEADER_BYTES + 4) return 'HEAD without a length of the head';
    if (bytes.length - at < FRAME_HEADER_BYTES + 4) return this.#awaits(FRAME_HEADER_BYTES + 4);
    const headBytes = bytes.readUInt32LE(at + 16);
    const bodyAt = at + FRAME_HEADER_BYTES + 4 + headBytes;
    if (headBytes > HEAD_LIMIT_BYTES || bodyAt > at + length) return `HEAD with a head of ${headBytes} bytes`;
    if (bytes.length < bodyAt) return this.#awaits(bodyAt - at);
    const status = bytes.readUInt16LE(at + 6);
    const head = latin1Text(bytes, at + FRAME_HEADER_BYTES + 4, bodyAt);
    const end = Math.min(at + length, bytes.length);
    const left = at + length - end;
    this.#hinted = null;
    if (left > 0) {
      this.#responding = id;
      this.#streaming = { id, flags, left };
      this.#sink.head(id, status, flags & ~(END | ABORTED), head, bytes.subarray(bodyAt, end));
    } else {
      this.#responding = (flags & END) === 0 ? id : null;
      this.#sink.head(id, status, flags, head, bytes.subarray(bodyAt, end));
    }
    return end - at;
  }

  #pass(frame: { readonly id: number; readonly flags: number; left: number }, bytes: Buffer, at: number): number {
    const end = Math.min(at + frame.left, bytes.length);
    frame.left -= end - at;
    if (frame.left > 0) {
      this.#sink.body(frame.id, 0, bytes.subarray(at, end));
      return end - at;
    }
    this.#streaming = null;
    if ((frame.flags & END) !== 0) this.#responding = null;
    this.#sink.body(frame.id, frame.flags, bytes.subarray(at, end));
    return end - at;
  }
}

/** The gateway's answer to ASK: fields and body of the ticket. */
export function dataFrame(id: number, fields: string, body: Buffer | null): Buffer {
  const bodyBytes = body === null ? 0 : body.length;
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + fields.length + bodyBytes);
  writeFrameHeader(frame, frame.length, DATA, id);
  writeLatin1(frame, fields, FRAME_HEADER_BYTES);
  if (body !== null) body.copy(frame, FRAME_HEADER_BYTES + fields.length);
  return frame;
}

/** The gateway's other answer to ASK: nobody waits for this ticket any more. */
export function goneFrame(id: number): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES);
  writeFrameHeader(frame, FRAME_HEADER_BYTES, GONE, id);
  return frame;
}

/** Says that a long response has been read to its end. */
export function takenFrame(id: number): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES);
  writeFrameHeader(frame, FRAME_HEADER_BYTES, TAKEN, id);
  return frame;
}

function writeFrameHeader(frame: Buffer, length: number, type: number, id: number): void {
  frame.writeUInt32LE(length, 0);
  frame.writeUInt32LE(type, 4);
  frame.writeUInt32LE(id % TWO_TO_32, 8);
  frame.writeUInt32LE(Math.floor(id / TWO_TO_32), 12);
}
