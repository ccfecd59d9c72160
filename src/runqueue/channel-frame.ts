// Frames on a channel, the Unix stream socket between a gateway and a worker. RUNQUEUE.md draws them.
// `ChannelDecoder` is the gateway's reading side; channel.py is the worker's.

import { latin1Text, writeLatin1 } from './latin1.ts';

export const FRAME_HEADER_BYTES = 16;

export const HELLO = 1;
export const ASK = 2;
export const HEAD = 3;
export const BODY = 4;
export const SKIP = 5;
export const PROBED = 6;
export const DATA = 7;
export const GONE = 8;
export const TAKEN = 9;

export const END = 1;
export const FRAMED = 2;
export const ABORTED = 4;

/** A head longer than this is a broken worker, not a response. */
export const HEAD_LIMIT_BYTES: number = 4 * 1024 * 1024;

/** After a response with more body bytes than this, the worker waits for TAKEN. */
export const UNACKNOWLEDGED_BYTES: number = 64 * 1024;

const TWO_TO_32 = 2 ** 32;
const NOTHING = Buffer.alloc(0);

/** What a decoder reports, in the order of the frames. Buffers are views into the chunk that was pushed. */
export interface ChannelSink {
  hello(slot: number, pid: number, generation: number): void;
  ask(id: number): void;
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
  /** Bytes of a frame that has not arrived far enough to be acted on. */
  #kept: Buffer = NOTHING;
  /** A frame whose beginning has been reported and whose rest is passed on as it comes. */
  #streaming: { readonly id: number; readonly flags: number; left: number } | null = null;
  #said: 'nothing' | 'hello' = 'nothing';
  /** Between the HEAD and the END of a response: its ticket. */
  #responding: number | null = null;

  constructor(sink: ChannelSink) {
    this.#sink = sink;
  }

  push(chunk: Buffer): string | null {
    let bytes = chunk;
    if (this.#kept.length > 0) {
      bytes = Buffer.concat([this.#kept, chunk]);
      this.#kept = NOTHING;
    }
    let at = 0;
    while (at < bytes.length) {
      if (this.#streaming !== null) {
        at += this.#pass(this.#streaming, bytes, at);
        continue;
      }
      if (bytes.length - at < FRAME_HEADER_BYTES) break;
      const length = bytes.readUInt32LE(at);
      if (length < FRAME_HEADER_BYTES) return `frame length ${length} is below ${FRAME_HEADER_BYTES}`;
      const taken = this.#frame(bytes, at, length);
      if (typeof taken === 'string') return taken;
      if (taken === 0) break;
      at += taken;
    }
    // A copy, so that a few left-over bytes do not keep a whole 64 KiB chunk alive.
    if (at < bytes.length) this.#kept = Buffer.from(bytes.subarray(at));
    return null;
  }

  /** Acts on the frame at `at`; returns the bytes taken, 0 for "not enough yet", or what is wrong. */
  #frame(bytes: Buffer, at: number, length: number): number | string {
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
    if (bytes.length - at < length && length <= 64) return 0;
    if (this.#responding !== null) return `frame type ${type} inside the response to ticket ${this.#responding}`;
    if (type === HELLO) {
      if (this.#said === 'hello' || length !== FRAME_HEADER_BYTES + 12) return 'HELLO is wrong or was said twice';
      this.#said = 'hello';
      this.#sink.hello(bytes.readUInt32LE(at + 16), bytes.readUInt32LE(at + 20), bytes.readUInt32LE(at + 24));
      return length;
    }
    if (this.#said === 'nothing') return `frame type ${type} before HELLO`;
    if (length !== FRAME_HEADER_BYTES)
      return `frame type ${type} has a payload of ${length - FRAME_HEADER_BYTES} bytes`;
    if (type === ASK) this.#sink.ask(id);
    else if (type === SKIP) this.#sink.skip(id);
    else if (type === PROBED) this.#sink.probed(id);
    else return `frame type ${type} is unknown`;
    return length;
  }

  #head(bytes: Buffer, at: number, length: number, flags: number, id: number): number | string {
    if (this.#said === 'nothing') return 'HEAD before HELLO';
    if (this.#responding !== null) return `HEAD inside the response to ticket ${this.#responding}`;
    if (length < FRAME_HEADER_BYTES + 4) return 'HEAD without a length of the head';
    if (bytes.length - at < FRAME_HEADER_BYTES + 4) return 0;
    const headBytes = bytes.readUInt32LE(at + 16);
    const bodyAt = at + FRAME_HEADER_BYTES + 4 + headBytes;
    if (headBytes > HEAD_LIMIT_BYTES || bodyAt > at + length) return `HEAD with a head of ${headBytes} bytes`;
    if (bytes.length < bodyAt) return 0;
    const status = bytes.readUInt16LE(at + 6);
    const head = latin1Text(bytes, at + FRAME_HEADER_BYTES + 4, bodyAt);
    const end = Math.min(at + length, bytes.length);
    const left = at + length - end;
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
