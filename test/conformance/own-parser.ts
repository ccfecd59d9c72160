// Feeds a client's bytes to the gateway's parsers alone, in any chunks, and records all parts of the requests.

import type { BodyReader } from '../../src/gateway/http1/body/body-progress.ts';
import { toBodyReader } from '../../src/gateway/http1/body/body-reader.ts';
import type { Trailers } from '../../src/gateway/http1/body/trailers.ts';
import { HeadReader } from '../../src/gateway/http1/head/head-reader.ts';
import type { HeadRules } from '../../src/gateway/http1/head/head-rules.ts';
import { newHeadContext, parseRequestHead, type RequestHead } from '../../src/gateway/http1/head/request-head.ts';
import { Refusal } from '../../src/gateway/http1/refusal.ts';

export interface OwnRequest {
  readonly head: RequestHead;
  /** The head as received, without the final CRLF CRLF. */
  readonly text: string;
  /** The offset of the request's first byte, or of the empty line before it. */
  readonly start: number;
  readonly body: string;
  readonly trailers: Trailers;
}

type OwnEnd =
  /** Between requests, or before the first byte. */
  | { readonly kind: 'open' }
  /** After a request that closes the connection. */
  | { readonly kind: 'closed' }
  | { readonly kind: 'unfinished'; readonly start: number }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly start: number };

export interface OwnOutcome {
  readonly requests: readonly OwnRequest[];
  readonly end: OwnEnd;
}

type Reading =
  | { readonly kind: 'head' }
  | { readonly kind: 'body'; readonly text: string; readonly head: RequestHead; readonly reader: BodyReader }
  | { readonly kind: 'closed' }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export interface OwnParserOptions {
  readonly rules: HeadRules;
  readonly peerTrusted: boolean;
}

/** One connection: `push` each chunk, then read the `outcome`. */
class OwnParser {
  readonly #rules: HeadRules;
  readonly #context: ReturnType<typeof newHeadContext>;
  readonly #heads: HeadReader;
  readonly #requests: OwnRequest[] = [];
  #reading: Reading = { kind: 'head' };
  #body = '';
  #start = 0;
  #before = 0;

  constructor({ rules, peerTrusted }: OwnParserOptions) {
    this.#rules = rules;
    this.#context = newHeadContext(rules, peerTrusted, 'http');
    this.#heads = new HeadReader(rules);
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      const { kind } = this.#reading;
      if (kind === 'closed' || kind === 'refused') break;
      const before = this.#requests.length;
      at = kind === 'head' ? this.#pushHead(chunk, at) : this.#pushBody(chunk, at);
      if (this.#requests.length > before) this.#start = this.#before + at;
    }
    this.#before += chunk.length;
  }

  outcome(): OwnOutcome {
    return { requests: this.#requests, end: this.#end() };
  }

  #end(): OwnEnd {
    const reading = this.#reading;
    const start = this.#start;
    if (reading.kind === 'refused') return { kind: 'refused', refusal: reading.refusal, start };
    if (reading.kind === 'closed') return { kind: 'closed' };
    return reading.kind === 'body' || this.#heads.unfinished ? { kind: 'unfinished', start } : { kind: 'open' };
  }

  #pushHead(chunk: Buffer, at: number): number {
    const text = this.#heads.push(chunk, at);
    if (text === null) return chunk.length;
    if (text instanceof Refusal) return this.#refuse(text, chunk);
    const head = parseRequestHead(text, this.#context);
    if (head instanceof Refusal) return this.#refuse(head, chunk);
    if (head.framing.kind === 'none') this.#finish(text, head, []);
    else {
      const reader = toBodyReader(head.framing, this.#rules, (piece, from, to) => {
        this.#body += piece.toString('latin1', from, to);
      });
      this.#reading = { kind: 'body', text, head, reader };
    }
    return this.#heads.end;
  }

  #pushBody(chunk: Buffer, at: number): number {
    if (this.#reading.kind !== 'body') return at;
    const { text, head, reader } = this.#reading;
    const progress = reader.push(chunk, at);
    if (progress.kind === 'more') return chunk.length;
    if (progress.kind === 'refused') return this.#refuse(progress.refusal, chunk);
    this.#finish(text, head, progress.trailers);
    return progress.end;
  }

  #refuse(refusal: Refusal, chunk: Buffer): number {
    this.#reading = { kind: 'refused', refusal };
    return chunk.length;
  }

  #finish(text: string, head: RequestHead, trailers: Trailers): void {
    this.#requests.push({ head, text, start: this.#start, body: this.#body, trailers });
    this.#body = '';
    // No request follows the handshake of a WebSocket, accepted or not.
    this.#reading = head.keepAlive && !head.isWebSocket ? { kind: 'head' } : { kind: 'closed' };
  }
}

/** `cuts` are the sizes of the chunks; the rest is one last chunk. */
export function parseInPieces(options: OwnParserOptions, bytes: Buffer, cuts: Iterable<number>): OwnOutcome {
  const parser = new OwnParser(options);
  let start = 0;
  for (const size of cuts) {
    if (start >= bytes.length) break;
    parser.push(bytes.subarray(start, start + size));
    start += size;
  }
  if (start < bytes.length) parser.push(bytes.subarray(start));
  return parser.outcome();
}

/** An endless sequence of one-byte chunks. */
export function* byteByByte(): Generator<number> {
  while (true) yield 1;
}
