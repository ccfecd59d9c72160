// Reads a client's bytes up to a request, head and body. Returns requests and refusals as values, and keeps the bytes that came after a
// request.

import type { RequestEnd } from '../../log/access-record.ts';
import { latin1Text } from '../../runqueue/latin1.ts';
import { isPeerTrusted, type Transport } from '../accept/transport.ts';
import type { Awaited } from '../connection/connection-limits.ts';
import type { MemoryBudget } from '../connection/memory-budget.ts';
import type { SpoolBudget } from '../connection/spool-budget.ts';
import type { HttpSettings } from '../http-settings.ts';
import { HeadReader } from '../http1/head/head-reader.ts';
import { type HeadContext, parseRequestHead, type RequestHead } from '../http1/head/request-head.ts';
import { Refusal } from '../http1/refusal.ts';
import { PacketReader } from '../uwsgi/packet-reader.ts';
import { requestLineIn, uwsgiHead } from '../uwsgi/uwsgi-head.ts';
import { parseVariables } from '../uwsgi/variables.ts';
import { BodyStore } from './body-store.ts';
import { BufferedBody } from './buffered-body.ts';
import { headRefusal } from './head-refusal.ts';
import type { ReadingStage } from './reading-stage.ts';
import { endOfRefusal, type RejectedRequest, rejectedRequest } from './rejected-request.ts';
import { NO_BODY, type RequestBody } from './request-body.ts';
import { StreamedBody } from './streamed-body.ts';

type BodyFraming = Exclude<RequestHead['framing'], { kind: 'none' }>;

/** The outcome of reading. */
export type Read =
  | { readonly kind: 'need-more' }
  /** The client waits for `100 Continue`; after that, more may be readable. */
  | { readonly kind: 'continue' }
  | { readonly kind: 'request'; readonly head: RequestHead; readonly body: RequestBody }
  | {
      readonly kind: 'refused';
      readonly refusal: Refusal;
      readonly end: RequestEnd;
      readonly rejected: RejectedRequest;
    };

/** The gateway's shared resources. */
export interface ReadingResources {
  http(): HttpSettings;
  readonly spoolDir: string;
  readonly budget: MemoryBudget;
  readonly spoolBudget: SpoolBudget;
}

const IDLE: ReadingStage = { kind: 'idle' };
const IN_HEAD: ReadingStage = { kind: 'head' };
const NEED_MORE: Read = { kind: 'need-more' };
const CONTINUE: Read = { kind: 'continue' };
const NOTHING = Buffer.alloc(0);
/** An idle connection should not hold much memory. */
const REMEMBERED_BYTES = 4096;

export class RequestReader {
  readonly #transport: Transport;
  readonly #resources: ReadingResources;
  #http: HttpSettings;
  #context: HeadContext;
  #heads: HeadReader;
  /** Null: the connection speaks HTTP. A reload does not change that. */
  readonly #packets: PacketReader | null;
  #stage: ReadingStage = IDLE;
  /** How far the current chunk has been read. */
  #at = 0;
  /** Bytes after the request that was passed on. */
  #kept: Buffer | null = null;
  /** Number of requests passed on. */
  #requests = 0;
  /** A client that repeats its request causes no new value. */
  #last: (Read & { readonly kind: 'request' }) | null = null;
  /** The chunk that was exactly `#last`, as text, once the client has repeated it. */
  #lastChunk: string | null = null;
  /** Since when the client has been expected to continue. */
  #progressMs: number;

  constructor(transport: Transport, resources: ReadingResources) {
    this.#transport = transport;
    this.#resources = resources;
    this.#http = resources.http();
    this.#context = this.#newContext();
    this.#heads = new HeadReader(this.#http.rules);
    this.#packets = this.#http.protocol === 'uwsgi' ? new PacketReader() : null;
    this.#progressMs = transport.connectedMs;
  }

  /** The settings by which the current request is read. */
  get http(): HttpSettings {
    return this.#http;
  }

  get progressMs(): number {
    return this.#progressMs;
  }

  /** Whether part of a request has arrived. */
  get isUnderWay(): boolean {
    return this.#stage.kind !== 'idle';
  }

  /** The same, except for a streamed body, whose request is in service. */
  get hasBegun(): boolean {
    return this.#stage.kind === 'body' || this.#stage.kind === 'head';
  }

  // Bytes after a request

  get keptBytes(): number {
    return this.#kept?.length ?? 0;
  }

  /**
   * Whether the connection may stay open after a response. A uwsgi proxy waits for its end, unless it has already sent the next request.
   */
  get mayGoOn(): boolean {
    return this.#packets === null || this.#kept !== null;
  }

  keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#resources.budget.add(bytes.length);
    this.#kept = this.#kept === null ? bytes : Buffer.concat([this.#kept, bytes]);
  }

  takeKept(): Buffer {
    const kept = this.#kept ?? NOTHING;
    this.#resources.budget.add(-kept.length);
    this.#kept = null;
    return kept;
  }

  // Reading

  /** The last request, if `chunk` is exactly that request again. Keeps no part of the chunk. */
  readRepeated(chunk: Buffer): (Read & { readonly kind: 'request' }) | null {
    const last = this.#last;
    if (last === null || !this.#isLastChunk(chunk)) return null;
    this.#requests += 1;
    return last;
  }

  /** Reads up to the end of a request: in `next`, or in the kept bytes. */
  read(next: Buffer | null): Read {
    const chunk = next ?? this.takeKept();
    const repeated = this.readRepeated(chunk);
    if (repeated !== null) return repeated;
    const last = this.#last;
    const isBetween = this.#stage.kind === 'idle' && this.#heads.isAtStart;
    this.#lastChunk = null;
    this.#at = 0;
    while (this.#at < chunk.length) {
      const read = this.#readStage(chunk);
      if (read === NEED_MORE) continue;
      if (this.#at < chunk.length && read.kind !== 'refused') this.keep(chunk.subarray(this.#at));
      else if (read === last && isBetween) this.#remember(chunk);
      return read;
    }
    // An ASGI application gets its request before the body is complete.
    const stage = this.#stage;
    return stage.kind === 'streamed-body' ? this.#handOn(stage.head, { ...NO_BODY, stream: stage.body }) : NEED_MORE;
  }

  /**
   * A kept connection often sends the same request in the same chunk, again and again: then one comparison finds it. Whatever else arrives in
   * between, such as the beginning of an empty line, makes the reader forget the chunk.
   */
  #isLastChunk(chunk: Buffer): boolean {
    const { length } = chunk;
    if (this.#lastChunk?.length !== length || this.#http !== this.#resources.http()) return false;
    return latin1Text(chunk, 0, length) === this.#lastChunk;
  }

  #remember(chunk: Buffer): void {
    if (chunk.length <= REMEMBERED_BYTES) this.#lastChunk = latin1Text(chunk, 0, chunk.length);
  }

  /** Reads one part of the request, and moves `#at` past it. */
  #readStage(chunk: Buffer): Read {
    const stage = this.#stage;
    switch (stage.kind) {
      case 'idle':
      case 'head':
        return this.#readHead(chunk);
      case 'body':
        return this.#readBody(stage, chunk);
      case 'streamed-body':
        return this.#readStream(stage, chunk);
    }
  }

  #readHead(chunk: Buffer): Read {
    if (this.#stage.kind === 'idle') {
      // The settings may have changed while the connection was idle: a request must have the form that workers read now.
      this.followSettings();
      this.#stage = IN_HEAD;
      // On a new connection the time limit of the head runs from the connect.
      if (this.#requests > 0) this.#progressMs = performance.now();
    }
    if (this.#packets !== null) return this.#readPacket(this.#packets, chunk);
    const text = this.#heads.push(chunk, this.#at);
    if (text === null) {
      // A client that sends an empty line after a body owes nothing.
      if (!this.#heads.unfinished) this.#stage = IDLE;
      this.#at = chunk.length;
      return NEED_MORE;
    }
    if (text instanceof Refusal) return this.#refuse(text);
    this.#at = this.#heads.end;
    const head = parseRequestHead(text, this.#context);
    return head instanceof Refusal ? this.#refuse(head, text) : this.#begin(head);
  }

  #readPacket(packets: PacketReader, chunk: Buffer): Read {
    const { rules, uwsgiPeers } = this.#http;
    if (!isPeerTrusted(this.#transport, uwsgiPeers)) {
      return this.#refuse(new Refusal('ForbiddenUwsgiRequest', this.#transport.peer?.address ?? ''));
    }
    const packet = packets.push(chunk, this.#at);
    if (packet === null) {
      this.#at = chunk.length;
      return NEED_MORE;
    }
    if (packet instanceof Refusal) return this.#refuse(packet);
    this.#at = packets.end;
    const variables = parseVariables(packet);
    if (variables instanceof Refusal) return this.#refuse(variables);
    const head = uwsgiHead(variables, rules, this.#transport.scheme);
    return head instanceof Refusal ? this.#refuse(head, requestLineIn(variables)) : this.#begin(head);
  }

  /** The head is complete; without a body, so is the request. */
  #begin(head: RequestHead): Read {
    const { framing } = head;
    const wrong = headRefusal(head, this.#http);
    if (wrong !== null) return this.#refuse(wrong, head);
    if (framing.kind === 'none' || (framing.kind === 'length' && framing.bytes === 0))
      return this.#handOn(head, NO_BODY);
    if (this.#http.dialect === 'asgi') return this.#beginStream(head, framing);
    return this.#beginBody(head, framing);
  }

  #beginBody(head: RequestHead, framing: BodyFraming): Read {
    const { rules, limitRequestBodyBytes, requestBufferBytes } = this.#http;
    const { spoolDir, budget, spoolBudget } = this.#resources;
    const store = new BodyStore(spoolDir, requestBufferBytes, budget, spoolBudget);
    const body = new BufferedBody({ framing, rules, limitBytes: limitRequestBodyBytes, store });
    this.#progressMs = performance.now();
    this.#stage = { kind: 'body', head, body, sinceMs: this.#progressMs };
    return head.expectContinue ? CONTINUE : NEED_MORE;
  }

  #beginStream(head: RequestHead, framing: BodyFraming): Read {
    const { rules, limitRequestBodyBytes, requestBufferBytes } = this.#http;
    this.#progressMs = performance.now();
    const source = {
      framing,
      rules,
      limitBytes: limitRequestBodyBytes,
      budget: this.#resources.budget,
      readAheadBytes: requestBufferBytes,
      awaitsContinue: head.expectContinue,
    };
    this.#stage = { kind: 'streamed-body', head, body: new StreamedBody(source, this.#progressMs) };
    return NEED_MORE;
  }

  #readBody({ head, body }: ReadingStage & { kind: 'body' }, chunk: Buffer): Read {
    this.#progressMs = performance.now();
    const progress = body.push(chunk, this.#at);
    switch (progress.kind) {
      case 'more':
        this.#at = chunk.length;
        return NEED_MORE;
      case 'refused':
        return this.#refuse(progress.refusal, null, 'end' in progress ? progress.end : undefined);
      case 'done':
        this.#at = progress.end;
        return this.#handOn(head, body.take());
    }
  }

  #readStream({ head, body }: ReadingStage & { kind: 'streamed-body' }, chunk: Buffer): Read {
    const progress = body.push(chunk, this.#at);
    switch (progress.kind) {
      case 'more':
        this.#at = chunk.length;
        return NEED_MORE;
      case 'refused':
        return this.#refuse(progress.refusal);
      case 'done': {
        this.#at = progress.end;
        const size = body.receivedBytes;
        return this.#handOn(head, { bytes: body.takeWhole(), spoolPath: null, stream: null, size });
      }
    }
  }

  #handOn(head: RequestHead, body: RequestBody): Read {
    this.#stage = IDLE;
    this.#requests += 1;
    if (this.#last?.head === head && this.#last.body === body) return this.#last;
    const read: Read & { kind: 'request' } = { kind: 'request', head, body };
    // A body is not repeated, and must not be kept alive.
    this.#last = body === NO_BODY ? read : null;
    return read;
  }

  /** `known` is the head, or the text of one that cannot be parsed; without it, the stage says what is known. */
  #refuse(refusal: Refusal, known: RequestHead | string | null = null, end: RequestEnd = endOfRefusal(refusal)): Read {
    return { kind: 'refused', refusal, end, rejected: this.rejected(known) };
  }

  /** The known parts of the current request. */
  rejected(known: RequestHead | string | null = null): RejectedRequest {
    return rejectedRequest(this.#stage, known, {
      heads: this.#heads,
      rules: this.#http.rules,
      sinceMs: this.#progressMs,
    });
  }

  /** The client stopped sending. Null if that was not in the middle of a request. */
  cut(): Refusal | null {
    if (this.#stage.kind === 'head') return new Refusal('IncompleteRequest', 'head');
    return this.#stage.kind === 'body' ? this.#stage.body.cut() : null;
  }

  /** Reads no more requests. A body that stays incomplete leaves nothing on the disk. */
  stop(): void {
    if (this.#stage.kind === 'body' || this.#stage.kind === 'streamed-body') this.#stage.body.discard();
    this.#stage = IDLE;
    this.takeKept();
  }

  /** Waits for the next request; the client has just received its last answer. */
  restart(nowMs: number): void {
    this.#progressMs = nowMs;
    this.followSettings();
  }

  followSettings(): void {
    const http = this.#resources.http();
    if (this.#http === http) return;
    this.#http = http;
    this.#context = this.#newContext();
    this.#heads = new HeadReader(http.rules);
  }

  /** What the client is expected to send. */
  awaited(hasUnsentOutput: boolean, nowMs: number): Awaited {
    const stage = this.#stage;
    switch (stage.kind) {
      case 'idle':
        return { kind: 'request', isFirst: this.#requests === 0, hasUnsentOutput };
      case 'head':
        return { kind: 'head' };
      case 'body':
        return { kind: 'body', elapsedMs: nowMs - stage.sinceMs, receivedBytes: stage.body.receivedBytes };
      case 'streamed-body':
        return { kind: 'nothing' };
    }
  }

  #newContext(): HeadContext {
    const { rules, headContexts } = this.#http;
    return headContexts.next(isPeerTrusted(this.#transport, rules.trustedPeers), this.#transport.scheme);
  }
}
