// The gateway's reading side of its answer pipe: whole answers of at most 4096 bytes from all workers, in any order.

import type { ResponseHead } from './channel-decoder.ts';
import { ABORTED, END, FAILED, FRAME_HEADER_BYTES, HEAD, PROBED, SKIP } from './channel-frame.ts';
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

/** The longest answer: PIPE_BUF on Linux, so that each is written in one piece. */
export const ANSWER_BYTES = 4096;
/** The worker's pid comes before the frame. */
const PID_BYTES = 4;
const SHORTEST_BYTES: number = PID_BYTES + FRAME_HEADER_BYTES;

/** Receives the answers. Buffers are valid only during the call. */
export interface AnswerSink {
  /** A whole response: the flags of its head have END. */
  answered(id: number, pid: number, head: ResponseHead, body: Buffer): void;
  failed(id: number, pid: number, flags: number): void;
  skip(id: number): void;
  probed(id: number): void;
  /** A frame that is not an answer; the next one can be read. */
  malformed(id: number, pid: number, fault: string): void;
}

export class AnswerDecoder {
  readonly #sink: AnswerSink;
  /** The beginning of an answer that a read has cut. */
  readonly #kept: Buffer = Buffer.alloc(ANSWER_BYTES);
  #keptBytes = 0;

  constructor(sink: AnswerSink) {
    this.#sink = sink;
  }

  /** Reads the first `end` bytes. A returned string says why the beginning of the next answer is unknown. */
  push(bytes: Buffer, end: number): string | null {
    let at = 0;
    if (this.#keptBytes > 0) {
      const before = this.#keptBytes;
      this.#keep(bytes, 0, Math.min(end, ANSWER_BYTES - before));
      const used = this.#answer(this.#kept, 0, this.#keptBytes);
      if (typeof used === 'string') return used;
      // Not even the longest answer is longer than what is kept, so all of `bytes` is.
      if (used === 0) return null;
      at = used - before;
      this.#keptBytes = 0;
    }
    while (at < end) {
      const used = this.#answer(bytes, at, end);
      if (typeof used === 'string') return used;
      if (used === 0) {
        this.#keep(bytes, at, end);
        break;
      }
      at += used;
    }
    return null;
  }

  /** The next byte begins an answer. */
  reset(): void {
    this.#keptBytes = 0;
  }

  #keep(bytes: Buffer, at: number, end: number): void {
    this.#keptBytes += bytes.copy(this.#kept, this.#keptBytes, at, end);
  }

  /** Processes the answer at `at`; returns its size, 0 if it is incomplete, or the error. */
  #answer(bytes: Buffer, at: number, end: number): number | string {
    if (end - at < SHORTEST_BYTES) return 0;
    const frame = at + PID_BYTES;
    const length = bytes.readUInt32LE(frame);
    if (length < FRAME_HEADER_BYTES || length > ANSWER_BYTES - PID_BYTES)
      return `frame length ${length} is not in ${FRAME_HEADER_BYTES} to ${ANSWER_BYTES - PID_BYTES}`;
    const size = PID_BYTES + length;
    if (end - at < size) return 0;
    const pid = bytes.readUInt32LE(at);
    const id = ticketOf(bytes, frame);
    const fault = this.#frame(bytes, frame, length, id, pid);
    if (fault !== null) this.#sink.malformed(id, pid, fault);
    return size;
  }

  #frame(bytes: Buffer, at: number, length: number, id: number, pid: number): string | null {
    const type = typeOf(bytes, at);
    const flags = flagsOf(bytes, at);
    if (type === HEAD) return this.#head(bytes, at, length, id, pid);
    if (type === FAILED) {
      const fault = faultOfFailed(length, flags, id);
      if (fault === null) this.#sink.failed(id, pid, flags);
      return fault;
    }
    if (type !== SKIP && type !== PROBED) return `frame type ${type} in the answer pipe`;
    const fault = faultOfBare(`frame type ${type}`, length);
    if (fault !== null) return fault;
    if (type === SKIP) this.#sink.skip(id);
    else this.#sink.probed(id);
    return null;
  }

  #head(bytes: Buffer, at: number, length: number, id: number, pid: number): string | null {
    const flags = flagsOf(bytes, at);
    if ((flags & (END | ABORTED)) !== END) return `HEAD of ticket ${id} is not a whole response`;
    if (length < LINES_AT) return 'HEAD without the length of the head';
    const offset = bodyOffset(bytes, at, length);
    if (typeof offset === 'string') return offset;
    const lines = latin1Text(bytes, at + LINES_AT, at + offset);
    const head: ResponseHead = { status: statusOf(bytes, at), flags, lines };
    this.#sink.answered(id, pid, head, bytes.subarray(at + offset, at + length));
    return null;
  }
}
