// What a client sends, up to a request: a PROXY header where one may come, the head, the body. The connection makes one and feeds it;
// it hands requests back, and refuses what is none.

import { type ProxyEndpoint, ProxyHeaderReader } from '../accept/proxy-protocol.ts';
import type { Awaited } from '../connection/connection-limits.ts';
import type { HttpSettings } from '../http-settings.ts';
import { toBodyReader } from '../http1/body/body-reader.ts';
import { HeadReader } from '../http1/head/head-reader.ts';
import { type HeadContext, newHeadContext, parseRequestHead, type RequestHead } from '../http1/head/request-head.ts';
import { Refusal } from '../http1/refusal.ts';
import type { UnservedRequest } from '../report/access-records.ts';
import { NO_BODY, type RequestBody, RequestFields } from '../ticket/request-fields.ts';
import { BodyStore } from './body-store.ts';
import { headRefusal } from './head-refusal.ts';
import { requestLineOf, unfinishedLineOf } from './rejected-request.ts';
import type { ReadingClient, ReadingOwner, ReadingStage } from './request-reading.ts';
import { StreamedBody } from './streamed-body.ts';

type BodyFraming = Exclude<RequestHead['framing'], { kind: 'none' }>;

const IDLE: ReadingStage = { kind: 'idle' };
const HEAD_METHOD = 'HEAD ';
const IN_HEAD: ReadingStage = { kind: 'head' };

export class RequestReader {
  /** What the tickets of the connection's requests say. */
  readonly fields: RequestFields;
  readonly #client: ReadingClient;
  readonly #owner: ReadingOwner;
  /** The other end of the socket, which decides on trust; null for a Unix socket. */
  readonly #peer: ProxyEndpoint | null;
  #http: HttpSettings;
  #context: HeadContext;
  #heads: HeadReader;
  #stage: ReadingStage;

  constructor(client: ReadingClient, peer: ProxyEndpoint | null, owner: ReadingOwner) {
    this.#client = client;
    this.#owner = owner;
    this.#peer = peer;
    this.#http = owner.http();
    this.#context = this.#newContext();
    this.#heads = new HeadReader(this.#http.rules);
    this.fields = new RequestFields(client.listener, peer, this.#http, this.#context.peerTrusted);
    this.#stage = this.#firstStage();
  }

  /** Those that the request under way is read by. */
  get http(): HttpSettings {
    return this.#http;
  }

  /** Whether a part of a request has come. */
  get isUnderWay(): boolean {
    return this.#stage.kind !== 'idle' && this.#stage.kind !== 'proxy-header';
  }

  /** The same, but for a streamed body, whose request is in service. */
  get hasBegun(): boolean {
    return this.#stage.kind === 'body' || this.#stage.kind === 'head';
  }

  /** Takes what has come: request after request, until one is in service. */
  read(chunk: Buffer, from: number): void {
    let at = from;
    while (at < chunk.length) {
      if (!this.#client.isReading) return this.#client.keepAhead(chunk.subarray(at));
      const stage = this.#stage;
      if (stage.kind === 'idle' || stage.kind === 'head') at = this.#readHead(chunk, at);
      else if (stage.kind === 'body') at = this.#readBody(stage, chunk, at);
      else if (stage.kind === 'streamed-body') at = this.#readStream(stage, chunk, at);
      else at = this.#readProxyHeader(stage, chunk, at);
    }
    // An ASGI application gets its request before the body is whole.
    const stage = this.#stage;
    if (stage.kind === 'streamed-body') this.#handOn(stage.head, { ...NO_BODY, stream: stage.stream });
  }

  // Each takes from `from` on, and returns where to go on: the end of the chunk if that is all.

  #readProxyHeader(stage: ReadingStage & { kind: 'proxy-header' }, chunk: Buffer, from: number): number {
    const progress = stage.reader.push(chunk, from);
    if (progress.kind === 'more') return chunk.length;
    if (progress.kind === 'refused') return this.#refuse(progress.refusal, chunk);
    // The time for the first head goes on: it counts from the connect.
    this.#stage = IDLE;
    if (progress.kind === 'header') {
      this.fields.speaksFor(progress.header);
      return progress.end;
    }
    if (progress.before.length === 0) return from;
    this.read(Buffer.concat([progress.before, chunk.subarray(from)]), 0);
    return chunk.length;
  }

  #readHead(chunk: Buffer, from: number): number {
    if (this.#stage.kind === 'idle') {
      // Settings that have changed while the connection was idle: a request has to be in the form that workers read now.
      this.followSettings();
      this.#stage = IN_HEAD;
      // On a new connection the time for the head runs from the connect.
      if (this.#client.served > 0) this.#client.progressed();
    }
    const text = this.#heads.push(chunk, from);
    if (text === null) {
      // A client that has sent an empty line behind a body owes nothing.
      if (!this.#heads.unfinished) this.#stage = IDLE;
      return chunk.length;
    }
    if (text instanceof Refusal) return this.#refuse(text, chunk);
    const { end } = this.#heads;
    const head = parseRequestHead(text, this.#context);
    if (head instanceof Refusal) this.#client.refuse(head, undefined, text);
    else this.#begin(head);
    return end;
  }

  /** The head is whole; without a body, so is the request. */
  #begin(head: RequestHead): void {
    const { framing } = head;
    const wrong = headRefusal(head, this.#http);
    if (wrong !== null) return this.#client.refuse(wrong, 'refused', head);
    if (framing.kind === 'none' || (framing.kind === 'length' && framing.bytes === 0)) this.#handOn(head, NO_BODY);
    else if (this.#http.dialect === 'asgi') this.#beginStream(head, framing);
    else this.#beginBody(head, framing);
  }

  #beginBody(head: RequestHead, framing: BodyFraming): void {
    const { limitRequestBodyBytes } = this.#http;
    if (head.expectContinue) this.#client.sendContinue();
    const store = new BodyStore(
      this.#owner.spoolDir,
      this.#http.requestBufferBytes,
      this.#owner.budget,
      this.#owner.spoolBudget,
    );
    // From within the reader, which may go on with what it has in hand; the client refuses once only.
    const reader = toBodyReader(framing, this.#http.rules, (chunk, start, end) => {
      const isKept = store.add(chunk, start, end);
      if (limitRequestBodyBytes > 0 && store.size > limitRequestBodyBytes) {
        this.#client.refuse(new Refusal('ContentTooLarge', `over ${limitRequestBodyBytes} bytes`), 'refused');
      } else if (!isKept) {
        const detail = `The request's body cannot be spooled to ${this.#owner.spoolDir}`;
        this.#client.refuse(new Refusal('ServiceUnavailable', detail), 'spool-failed');
      }
    });
    this.#stage = { kind: 'body', head, reader, store, sinceMs: performance.now() };
    this.#client.progressed();
  }

  #beginStream(head: RequestHead, framing: BodyFraming): void {
    const client = this.#client;
    const source = {
      framing,
      rules: this.#http.rules,
      limitBytes: this.#http.limitRequestBodyBytes,
      budget: this.#owner.budget,
      readAheadBytes: this.#http.requestBufferBytes,
      sendContinue: head.expectContinue ? (): void => client.sendContinue() : null,
      pause: (): void => client.pauseReading(),
      resume: (): void => client.resumeReading(),
    };
    this.#stage = { kind: 'streamed-body', head, stream: new StreamedBody(source, performance.now()) };
    this.#client.progressed();
  }

  #readBody(stage: ReadingStage & { kind: 'body' }, chunk: Buffer, from: number): number {
    this.#client.progressed();
    const progress = stage.reader.push(chunk, from);
    if (progress.kind === 'more') return chunk.length;
    if (progress.kind === 'refused') return this.#refuse(progress.refusal, chunk);
    this.#handOn(stage.head, { ...stage.store.take(), stream: null, size: stage.store.size });
    return progress.end;
  }

  #readStream({ head, stream }: ReadingStage & { kind: 'streamed-body' }, chunk: Buffer, from: number): number {
    const progress = stream.push(chunk, from);
    if (progress.kind === 'more') return chunk.length;
    if (progress.kind === 'refused') return this.#refuse(progress.refusal, chunk);
    const size = stream.receivedBytes;
    this.#handOn(head, { bytes: stream.takeWhole(), spoolPath: null, stream: null, size });
    return progress.end;
  }

  /** Before the client takes the request the next one may begin: it may be answered at once. */
  #handOn(head: RequestHead, body: RequestBody): void {
    this.#stage = IDLE;
    this.#client.serve(head, body);
  }

  /** Nothing behind it is read. */
  #refuse(refusal: Refusal, chunk: Buffer): number {
    this.#client.refuse(refusal);
    return chunk.length;
  }

  /** The client sends no more. Null if it has not stopped in the middle of a request. */
  cut(): Refusal | null {
    if (this.#stage.kind === 'head') return new Refusal('IncompleteRequest', 'head');
    return this.#stage.kind === 'body' ? (this.#stage.reader.cut() ?? new Refusal('IncompleteRequest', 'body')) : null;
  }

  /** No more requests: a body that does not become one leaves nothing on the disk. */
  stop(): void {
    if (this.#stage.kind === 'body') this.#stage.store.discard();
    if (this.#stage.kind === 'streamed-body') this.#stage.stream.discard();
    this.#stage = IDLE;
  }

  followSettings(): void {
    if (this.#http === this.#owner.http()) return;
    this.#http = this.#owner.http();
    this.#context = this.#newContext();
    this.#heads = new HeadReader(this.#http.rules);
    this.fields.configure(this.#http, this.#context.peerTrusted);
  }

  /** What the client is expected to send. */
  awaited(isFirst: boolean, hasUnsentOutput: boolean, nowMs: number): Awaited {
    const stage = this.#stage;
    switch (stage.kind) {
      case 'proxy-header':
        return { kind: 'proxy-header', hasBegun: stage.reader.unfinished };
      case 'idle':
        return { kind: 'request', isFirst, hasUnsentOutput };
      case 'head':
        return { kind: 'head' };
      case 'body':
        return { kind: 'body', elapsedMs: nowMs - stage.sinceMs, receivedBytes: stage.store.size };
      case 'streamed-body':
        return { kind: 'nothing' };
    }
  }

  /** Whether the answer to the request under way has no content, whatever else is wrong with it (RFC 9110 section 9.3.2). */
  isHead(known: RequestHead | string | null): boolean {
    if (typeof known === 'string') return known.startsWith(HEAD_METHOD);
    if (known !== null) return known.method === 'HEAD';
    const stage = this.#stage;
    if (stage.kind === 'body' || stage.kind === 'streamed-body') return stage.head.method === 'HEAD';
    return stage.kind === 'head' && this.#heads.beginsWith(HEAD_METHOD);
  }

  /** As much as is known of the request under way. `known` is its head, or the text of one that cannot be parsed. */
  soFar(
    known: RequestHead | string | null,
    sinceMs: number,
  ): Pick<UnservedRequest, 'head' | 'line' | 'fields' | 'requestBytes' | 'sinceMs'> {
    const stage = this.#stage;
    const { rules } = this.#http;
    const isHeadKnown = stage.kind === 'body' || stage.kind === 'streamed-body';
    const head = isHeadKnown ? stage.head : typeof known === 'string' ? null : known;
    const unfinished = stage.kind === 'head' ? unfinishedLineOf(this.#heads, rules) : null;
    return {
      head,
      line: typeof known === 'string' ? requestLineOf(known, rules) : unfinished,
      fields: () => (head === null ? '' : this.fields.environ(head)),
      requestBytes: stage.kind === 'body' ? stage.store.size : 0,
      sinceMs: stage.kind === 'body' ? stage.sinceMs : sinceMs,
    };
  }

  #firstStage(): ReadingStage {
    const { proxyProtocol, proxyPeers } = this.#http;
    if (proxyProtocol === 'off') return IDLE;
    const mayProxy = proxyPeers.trusts(this.#peer?.address ?? null);
    return {
      kind: 'proxy-header',
      reader: new ProxyHeaderReader(proxyProtocol, mayProxy ? null : this.fields.remoteAddress),
    };
  }

  #newContext(): HeadContext {
    const { rules } = this.#http;
    return newHeadContext(rules, rules.trustedPeers.trusts(this.#peer?.address ?? null), 'http');
  }
}
