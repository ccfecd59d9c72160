// The gateway's reading side of a channel: turns a worker's bytes into calls, in the order of RUNQUEUE.md, and reports violations of that
// order. python/tunicorn/channels/channel_frame.py reads the other direction.

import {
  ABORTED,
  ASK,
  BODY,
  CLOSE,
  END,
  FAILED,
  FRAME_HEADER_BYTES,
  HEAD,
  HEAD_LIMIT_BYTES,
  HELLO,
  HINTS,
  MESSAGE,
  PROBED,
  SKIP,
  TRAILERS,
  TUNNEL,
  WATCH,
} from './channel-frame.ts';
import {
  bodyOffset,
  faultOfBare,
  faultOfFailed,
  flagsOf,
  LINES_AT,
  statusOf,
  ticketOf,
  typeOf,
} from './frame-header.ts';
import { latin1Text } from './latin1.ts';

const HELLO_BYTES: number = FRAME_HEADER_BYTES + 12;
/** RFC 6455 section 5.5: a close frame has at most 125 bytes, two of them the code. */
const REASON_LIMIT_BYTES = 123;
/** Messages up to this size are passed on whole; longer ones are passed on in pieces, so that no more than one read is buffered. */
const WHOLE_MESSAGE_BYTES: number = 1024 * 1024;

const SWITCHING_PROTOCOLS = 101;
const NOTHING = Buffer.alloc(0);

/** The head of a response, as the worker sends it. */
export interface ResponseHead {
  readonly status: number;
  /** The flags of the HEAD frame; END only if it includes the whole body. */
  readonly flags: number;
  /** The status line without its version, then the fields. */
  readonly lines: string;
}

/** Receives the frames, in their order. Buffers are views into the pushed chunk. */
export interface ChannelSink {
  hello(slot: number, pid: number, generation: number): void;
  ask(id: number): void;
  /** Header lines for an interim response, before the response to this ticket begins. */
  hints(id: number, lines: string): void;
  /** A response begins. */
  head(id: number, head: ResponseHead, body: Buffer): void;
  /** The application failed before the response began: the gateway answers in its place. `flags` has END, and perhaps CLOSING. */
  failed(id: number, flags: number): void;
  /** A piece of the body; on the last one `flags` has END (and perhaps ABORTED). */
  body(id: number, flags: number, piece: Buffer): void;
  /** Header lines after the last chunk: the end of the response. */
  trailers(id: number, lines: string): void;
  /** From now on frames for this ticket may be sent to the worker. */
  watch(id: number): void;
  /** A piece of a WebSocket message, mostly all of it; `flags` has TEXT in each. */
  message(id: number, flags: number, piece: Buffer, isLast: boolean): void;
  /** The end of a WebSocket. */
  closes(id: number, code: number, reason: Buffer): void;
  /** The rest of the channel is raw bytes, which go to `raw`. */
  tunnel(id: number): void;
  raw(bytes: Buffer): void;
  skip(id: number): void;
  probed(id: number): void;
}

interface Streaming {
  readonly type: typeof BODY | typeof MESSAGE;
  readonly id: number;
  readonly flags: number;
  left: number;
}

/** Turns the bytes of one channel into calls of its sink; a returned string says why the channel must be closed. */
export class ChannelDecoder {
  readonly #sink: ChannelSink;
  /** The beginning of an incomplete frame, in a buffer with room for all bytes that are wanted of it. */
  #kept: Buffer = NOTHING;
  #keptBytes = 0;
  /** How many bytes of the frame are needed to continue. */
  #wantedBytes = 0;
  /** A frame whose beginning has been reported and whose rest is passed on as it arrives. */
  #streaming: Streaming | null = null;
  #said: 'nothing' | 'hello' | 'tunnel' = 'nothing';
  /** The ticket of the current response, between HEAD and END. */
  #responding: number | null = null;
  /** Whether that HEAD accepted a WebSocket. */
  #form: 'body' | 'messages' = 'body';
  /** The ticket of the last WATCH, unless an ASK came later. */
  #watched: number | null = null;
  /** The ticket of the current hints, between the first HINTS and HEAD. */
  #hinted: number | null = null;

  constructor(sink: ChannelSink) {
    this.#sink = sink;
  }

  push(chunk: Buffer): string | null {
    let at = 0;
    while (at < chunk.length) {
      if (this.#said === 'tunnel') {
        this.#sink.raw(at === 0 ? chunk : chunk.subarray(at));
        return null;
      }
      if (this.#streaming !== null) {
        at += this.#pass(this.#streaming, chunk, at);
        continue;
      }
      if (this.#keptBytes > 0) {
        at += this.#keep(chunk, at, this.#wantedBytes - this.#keptBytes);
        if (this.#keptBytes < this.#wantedBytes) break;
        const taken = this.#frame(this.#kept.subarray(0, this.#keptBytes), 0);
        if (typeof taken === 'string') return taken;
        // If any bytes were used, then all: no more were kept than the frame wanted.
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

  /** Copies, so that the beginning of a frame does not keep a 64 KiB chunk alive; each byte is copied once, however it arrives. */
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

  /** Processes the frame at `at`; returns the bytes used, 0 if there are fewer than `#wantedBytes`, or the error. */
  #frame(bytes: Buffer, at: number): number | string {
    if (bytes.length - at < FRAME_HEADER_BYTES) return this.#awaits(FRAME_HEADER_BYTES);
    const length = bytes.readUInt32LE(at);
    if (length < FRAME_HEADER_BYTES) return `frame length ${length} is below ${FRAME_HEADER_BYTES}`;
    const type = typeOf(bytes, at);
    const flags = flagsOf(bytes, at);
    const id = ticketOf(bytes, at);
    if (type === HEAD) return this.#head(bytes, at, length, id);
    if (type === BODY) {
      if (this.#responding !== id) return `BODY of ticket ${id} outside of its response`;
      this.#streaming = { type, id, flags, left: length - FRAME_HEADER_BYTES };
      if (this.#streaming.left === 0) this.#pass(this.#streaming, NOTHING, 0);
      return FRAME_HEADER_BYTES;
    }
    if (type === MESSAGE) return this.#message(bytes, at, length, id);
    if (type === CLOSE) return this.#close(bytes, at, length, id);
    if (type === TRAILERS) return this.#trailers(bytes, at, length, id);
    if (type === WATCH) return this.#watch(length, id);
    if (this.#responding !== null) return `frame type ${type} inside the response to ticket ${this.#responding}`;
    if (type === HINTS) return this.#hints(bytes, at, length, id);
    if (type === FAILED) return this.#failed(length, flags, id);
    if (this.#hinted !== null) return `frame type ${type} between the hints and the response to ticket ${this.#hinted}`;
    if (type === HELLO) return this.#hello(bytes, at, length);
    if (this.#said === 'nothing') return `frame type ${type} before HELLO`;
    const fault = faultOfBare(`frame type ${type}`, length);
    if (fault !== null) return fault;
    if (type === ASK && this.#watched === id) return `ASK of ticket ${id} after its WATCH`;
    // Frames that the gateway may already have sent would be mistaken for the client's bytes.
    if (type === TUNNEL && this.#watched !== null) return 'TUNNEL on a channel that has sent WATCH';
    if (type === ASK) {
      // The worker reads up to the answer, which follows all of those frames.
      this.#watched = null;
      this.#sink.ask(id);
      return length;
    }
    if (type === SKIP) this.#sink.skip(id);
    else if (type === PROBED) this.#sink.probed(id);
    else if (type === TUNNEL) {
      this.#said = 'tunnel';
      this.#sink.tunnel(id);
    } else return `frame type ${type} is unknown`;
    return length;
  }

  #hello(bytes: Buffer, at: number, length: number): number | string {
    if (this.#said === 'hello' || length !== HELLO_BYTES) return 'HELLO is malformed or was sent twice';
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

  #failed(length: number, flags: number, id: number): number | string {
    if (this.#said === 'nothing') return 'FAILED before HELLO';
    if (this.#hinted !== null && this.#hinted !== id)
      return `FAILED of ticket ${id} after HINTS of ticket ${this.#hinted}`;
    const fault = faultOfFailed(length, flags, id);
    if (fault !== null) return fault;
    this.#hinted = null;
    this.#sink.failed(id, flags);
    return length;
  }

  /** Before the response, or in the middle of it or of a WebSocket: whenever the application asks for input. */
  #watch(length: number, id: number): number | string {
    if (this.#said === 'nothing') return 'WATCH before HELLO';
    const fault = faultOfBare('WATCH', length);
    if (fault !== null) return fault;
    const present = this.#responding ?? this.#hinted ?? id;
    if (present !== id) return `WATCH of ticket ${id} inside the response to ticket ${present}`;
    if (this.#watched === id) return `WATCH of ticket ${id} was sent twice`;
    this.#watched = id;
    this.#sink.watch(id);
    return length;
  }

  #message(bytes: Buffer, at: number, length: number, id: number): number | string {
    const flags = flagsOf(bytes, at);
    if (this.#responding !== id || this.#form !== 'messages') return `MESSAGE of ticket ${id} outside of its WebSocket`;
    if (length > FRAME_HEADER_BYTES + WHOLE_MESSAGE_BYTES) {
      this.#streaming = { type: MESSAGE, id, flags, left: length - FRAME_HEADER_BYTES };
      return FRAME_HEADER_BYTES;
    }
    if (bytes.length - at < length) return this.#awaits(length);
    this.#sink.message(id, flags, bytes.subarray(at + FRAME_HEADER_BYTES, at + length), true);
    return length;
  }

  #close(bytes: Buffer, at: number, length: number, id: number): number | string {
    if (this.#responding !== id || this.#form !== 'messages') return `CLOSE of ticket ${id} outside of its WebSocket`;
    if ((flagsOf(bytes, at) & END) === 0) return `CLOSE of ticket ${id} without END`;
    if (length > FRAME_HEADER_BYTES + REASON_LIMIT_BYTES)
      return `CLOSE with a reason of ${length - FRAME_HEADER_BYTES} bytes`;
    if (bytes.length - at < length) return this.#awaits(length);
    this.#responding = null;
    this.#sink.closes(id, statusOf(bytes, at), bytes.subarray(at + FRAME_HEADER_BYTES, at + length));
    return length;
  }

  #trailers(bytes: Buffer, at: number, length: number, id: number): number | string {
    if (this.#responding !== id || this.#form !== 'body') return `TRAILERS of ticket ${id} outside of its response`;
    if ((flagsOf(bytes, at) & END) === 0) return `TRAILERS of ticket ${id} without END`;
    if (length > FRAME_HEADER_BYTES + HEAD_LIMIT_BYTES) return `TRAILERS of ${length - FRAME_HEADER_BYTES} bytes`;
    if (bytes.length - at < length) return this.#awaits(length);
    this.#responding = null;
    this.#sink.trailers(id, latin1Text(bytes, at + FRAME_HEADER_BYTES, at + length));
    return length;
  }

  #head(bytes: Buffer, at: number, length: number, id: number): number | string {
    const flags = flagsOf(bytes, at);
    if (this.#said === 'nothing') return 'HEAD before HELLO';
    if (this.#responding !== null) return `HEAD inside the response to ticket ${this.#responding}`;
    if (this.#hinted !== null && this.#hinted !== id)
      return `HEAD of ticket ${id} after HINTS of ticket ${this.#hinted}`;
    if (length < LINES_AT) return 'HEAD without the length of the head';
    if (bytes.length - at < LINES_AT) return this.#awaits(LINES_AT);
    const offset = bodyOffset(bytes, at, length);
    if (typeof offset === 'string') return offset;
    if (bytes.length - at < offset) return this.#awaits(offset);
    const bodyAt = at + offset;
    const status = statusOf(bytes, at);
    const lines = latin1Text(bytes, at + LINES_AT, bodyAt);
    const end = Math.min(at + length, bytes.length);
    const left = at + length - end;
    this.#hinted = null;
    this.#form = status === SWITCHING_PROTOCOLS ? 'messages' : 'body';
    if (left > 0) {
      this.#responding = id;
      this.#streaming = { type: BODY, id, flags, left };
      this.#sink.head(id, { status, flags: flags & ~(END | ABORTED), lines }, bytes.subarray(bodyAt, end));
    } else {
      this.#responding = (flags & END) === 0 ? id : null;
      this.#sink.head(id, { status, flags, lines }, bytes.subarray(bodyAt, end));
    }
    return end - at;
  }

  #pass(frame: Streaming, bytes: Buffer, at: number): number {
    const end = Math.min(at + frame.left, bytes.length);
    frame.left -= end - at;
    if (frame.type === MESSAGE) {
      if (frame.left === 0) this.#streaming = null;
      this.#sink.message(frame.id, frame.flags, bytes.subarray(at, end), frame.left === 0);
      return end - at;
    }
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
