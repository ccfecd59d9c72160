// Feeds a client's bytes to the parsers, in any chunks, and records the results.

import { ProxyHeaderReader, type ProxyProtocolMode } from '../../../../src/gateway/accept/proxy-protocol.ts';
import type { BodyProgress } from '../../../../src/gateway/http1/body/body-progress.ts';
import { toBodyReader } from '../../../../src/gateway/http1/body/body-reader.ts';
import { HeadReader } from '../../../../src/gateway/http1/head/head-reader.ts';
import { newHeadContext, parseRequestHead, type RequestHead } from '../../../../src/gateway/http1/head/request-head.ts';
import { Refusal } from '../../../../src/gateway/http1/refusal.ts';
import { type FileValues, headRules } from '../../../harness/gateway-settings.ts';
import { type Fields, keptFields } from '../../../harness/kept-fields.ts';

export interface Exchange {
  readonly method: string;
  readonly target: string;
  readonly path: string;
  readonly query: string;
  readonly version: readonly [number, number];
  readonly headers: Fields;
  readonly body: string;
  readonly trailers: readonly (readonly [string, string])[];
}

export interface Outcome {
  readonly requests: readonly Exchange[];
  /** A refusal's code; NoMoreData: the client left in the middle of a message; null: everything was in order. */
  readonly error: string | null;
}

export type ConversationSettings = FileValues & { readonly proxy_protocol?: ProxyProtocolMode };

type Reading =
  | { kind: 'proxy-header'; reader: ProxyHeaderReader }
  | { kind: 'head' }
  | { kind: 'body'; text: string; head: RequestHead; reader: ReturnType<typeof toBodyReader> }
  | { kind: 'over' };

/** `cuts` are the sizes of the chunks; the rest is one last chunk. */
export function converse(bytes: Buffer, cuts: Iterable<number>, settings: ConversationSettings): Outcome {
  const rules = headRules(settings);
  const context = newHeadContext(rules, true, 'http');
  const heads = new HeadReader(rules);
  const requests: Exchange[] = [];
  let pieces: Buffer[] = [];
  const mode = settings.proxy_protocol;
  let reading: Reading =
    mode === undefined ? { kind: 'head' } : { kind: 'proxy-header', reader: new ProxyHeaderReader(mode, null) };
  let error: string | null = null;

  function refuse(code: string): void {
    error = code;
    reading = { kind: 'over' };
  }

  function finish(text: string, head: RequestHead, trailers: Exchange['trailers']): void {
    requests.push({
      method: head.method,
      target: head.target,
      path: head.path,
      query: head.query,
      version: head.version,
      headers: keptFields(text, rules, true),
      body: Buffer.concat(pieces).toString('base64'),
      trailers,
    });
    pieces = [];
    reading = head.keepAlive ? { kind: 'head' } : { kind: 'over' };
  }

  function take(chunk: Buffer, start: number): number {
    if (reading.kind === 'body') {
      const progress: BodyProgress = reading.reader.push(chunk, start);
      if (progress.kind === 'more') return chunk.length;
      if (progress.kind === 'done') finish(reading.text, reading.head, progress.trailers);
      else refuse(progress.refusal.code);
      return progress.kind === 'done' ? progress.end : chunk.length;
    }
    if (reading.kind === 'proxy-header') return takeProxyHeader(reading.reader, chunk, start);
    const text = heads.push(chunk, start);
    if (text === null) return chunk.length;
    if (text instanceof Refusal) {
      refuse(text.code);
      return chunk.length;
    }
    const head = parseRequestHead(text, context);
    if (head instanceof Refusal) {
      refuse(head.code);
      return chunk.length;
    }
    if (head.framing.kind === 'none') finish(text, head, []);
    else {
      const reader = toBodyReader(head.framing, rules, (piece, from, to) => {
        pieces.push(Buffer.from(piece.subarray(from, to)));
      });
      reading = { kind: 'body', text, head, reader };
    }
    return heads.end;
  }

  function takeProxyHeader(reader: ProxyHeaderReader, chunk: Buffer, start: number): number {
    const progress = reader.push(chunk, start);
    if (progress.kind === 'more') return chunk.length;
    if (progress.kind === 'refused') {
      refuse(progress.refusal.code);
      return chunk.length;
    }
    reading = { kind: 'head' };
    if (progress.kind === 'header') return progress.end;
    for (let at = 0; at < progress.before.length; ) at = take(progress.before, at);
    return start;
  }

  for (const chunk of chunksOf(bytes, cuts)) {
    let start = 0;
    while (start < chunk.length && now().kind !== 'over') start = take(chunk, start);
    if (now().kind === 'over') break;
  }

  // Through a function: the compiler does not see that `take` moves it on.
  function now(): Reading {
    return reading;
  }

  const unfinished = now();
  if (unfinished.kind === 'body') refuse(unfinished.reader.cut()?.code ?? 'NoMoreData');
  else if (unfinished.kind === 'head' && heads.unfinished) refuse('NoMoreData');
  else if (unfinished.kind === 'proxy-header' && unfinished.reader.unfinished) refuse('NoMoreData');
  return { requests, error };
}

function* chunksOf(bytes: Buffer, cuts: Iterable<number>): Generator<Buffer> {
  let start = 0;
  for (const size of cuts) {
    if (start >= bytes.length) return;
    yield bytes.subarray(start, start + size);
    start += size;
  }
  if (start < bytes.length) yield bytes.subarray(start);
}

/** Chunks of one byte, without end. */
export function* byteByByte(): Generator<number> {
  while (true) yield 1;
}

/** A generator of the same numbers for the same seed (mulberry32), each at least 0 and below `limit`. */
export function seededRandom(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}
