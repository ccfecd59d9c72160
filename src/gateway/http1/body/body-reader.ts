// Reads the body of one request from the bytes of a connection, by its framing.

import type { HeadRules } from '../head/head-rules.ts';
import { type BodyProgress, type BodyReader, type BodySink, MORE } from './body-progress.ts';
import { ChunkedBodyReader } from './chunked-body-reader.ts';
import type { Framing } from './framing.ts';

/** For a framing of kind `none` there is nothing to read. */
export function toBodyReader(
  framing: Exclude<Framing, { kind: 'none' }>,
  rules: HeadRules,
  sink: BodySink,
): BodyReader {
  return framing.kind === 'length' ? new LengthBodyReader(framing.bytes, sink) : new ChunkedBodyReader(rules, sink);
}

class LengthBodyReader implements BodyReader {
  #remaining: number;
  readonly #sink: BodySink;

  constructor(bytes: number, sink: BodySink) {
    this.#remaining = bytes;
    this.#sink = sink;
  }

  push(chunk: Buffer, start: number): BodyProgress {
    const end = Math.min(chunk.length, start + this.#remaining);
    if (end > start) this.#sink(chunk, start, end);
    this.#remaining -= end - start;
    return this.#remaining === 0 ? { kind: 'done', end, trailers: [] } : MORE;
  }

  cut(): null {
    return null;
  }
}
