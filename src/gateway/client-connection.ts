// A client's connection: reads heads and bodies, hands whole requests on, writes responses, and closes well. One request is in
// service at a time; what a pipelining client has sent beyond it waits here.

import type { Socket } from 'node:net';
import type { RequestEnd } from '../log/access-record.ts';
import type { ListenerAddress } from '../messages/between-arbiter-and-gateway.ts';
import type { RecordedConnection, UnservedRequest } from './access-records.ts';
import { BodyStore, removeSpooled } from './body-store.ts';
import { ClientOutput } from './client-output.ts';
import { type Awaited, checkLimits } from './connection-limits.ts';
import type { ConnectionOwner, ConnectionState } from './connection-state.ts';
import type { Exchange, ExchangeClient, ExchangeEnd } from './exchange.ts';
import { toBodyReader } from './http/body-reader.ts';
import { checkHandshake } from './http/handshake.ts';
import { HeadReader } from './http/head-reader.ts';
import { type ProxyEndpoint, ProxyHeaderReader } from './http/proxy-protocol.ts';
import { Refusal, refusalResponse } from './http/refusal.ts';
import { type HeadContext, newHeadContext, parseRequestHead, type RequestHead } from './http/request-head.ts';
import type { HttpSettings } from './http-settings.ts';
import { NO_BODY, type RequestBody, RequestFields } from './request-fields.ts';
import { requestIdLine } from './request-id.ts';
import { responseHeadLines } from './response-head-lines.ts';
import { StreamedBody } from './streamed-body.ts';
import { Tunnel, tunnelClient } from './tunnel.ts';
import { endOfRefusal, requestLineOf, unfinishedLineOf } from './unserved-request.ts';
import type { WatchedTicket } from './watched-ticket.ts';
import { WebSocketConnection } from './web-socket-connection.ts';

const IDLE: ConnectionState = { kind: 'idle' };
const IN_HEAD: ConnectionState = { kind: 'head' };
const FLUSHING: ConnectionState = { kind: 'flushing' };
const LINGERING: ConnectionState = { kind: 'lingering' };
const CLOSED: ConnectionState = { kind: 'closed' };

/** How much a client may send ahead of the request in service before it is not read any more. */
const AHEAD_LIMIT_BYTES = 64 * 1024;
/**
 * A client that shuts down its sending side within this time of its request does so on purpose (`nc -N`) and waits for the answer. One that
 * does so later has closed its socket: TCP tells the two apart only when something is written to it.
 */
const HALF_CLOSE_MS = 50;
const NOTHING = Buffer.alloc(0);
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

let connections = 0;

export class ClientConnection implements ExchangeClient, RecordedConnection {
  /** Counts the connections of this process. */
  readonly number: number;
  readonly listener: ListenerAddress;
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  /** The other end of the socket, which decides on trust; null for a Unix socket. */
  readonly #peer: ProxyEndpoint | null;
  readonly #fields: RequestFields;
  readonly #output: ClientOutput;
  #http: HttpSettings;
  #context: HeadContext;
  #heads: HeadReader;
  #state: ConnectionState = IDLE;
  /** Bytes that came while a request was in service. */
  #ahead: Buffer | null = null;
  /** Nothing more: the client has shut down its sending side, and may still read. */
  #sends: 'more' | 'nothing-more' | 'has-left' = 'more';
  #served = 0;
  /** Why this side destroys the connection, if it does. */
  #destroyedFor: RequestEnd = 'client-gone';
  /** Kept, for a WebSocket takes the socket's events over. */
  readonly #onData = (chunk: Buffer): void => this.#read(chunk);
  readonly #onEnd = (): void => this.#readEnd();
  /** When the present state began, or last made progress. */
  #progressMs: number;

  constructor(socket: Socket, listener: ListenerAddress, owner: ConnectionOwner, nowMs: number) {
    connections += 1;
    this.number = connections;
    this.#socket = socket;
    this.listener = listener;
    this.#owner = owner;
    this.#http = owner.http();
    const isUnix = listener.kind === 'unix';
    this.#peer = isUnix ? null : { address: socket.remoteAddress ?? '', port: String(socket.remotePort ?? '') };
    this.#context = this.#newContext();
    this.#fields = new RequestFields(listener, this.#peer, this.#http, this.#context.peerTrusted);
    this.#heads = new HeadReader(this.#http.rules);
    this.#state = this.#firstState();
    this.#progressMs = nowMs;
    this.#output = new ClientOutput(socket, owner.spoolDir, owner.budget, nowMs);
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('drain', () => this.#drained());
    // A reset by the client is an ordinary end; `close` follows.
    socket.on('error', () => {});
    socket.on('close', () => this.#closed());
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get remoteAddress(): string {
    return this.#fields.remoteAddress;
  }

  /** Requests of this connection that have ended. */
  get served(): number {
    return this.#served;
  }

  /** Whether anything is owed to the client: a request is being read, run or answered. */
  get isBusy(): boolean {
    const { kind } = this.#state;
    return kind === 'head' || kind === 'body' || kind === 'in-service' || kind === 'taken-over';
  }

  /** Whether a request may be refused: nothing has been answered yet, and the connection is not being closed. */
  get isReading(): boolean {
    return (
      this.#state.kind === 'head' ||
      this.#state.kind === 'body' ||
      this.#state.kind === 'streamed-body' ||
      this.#state.kind === 'idle' ||
      this.#state.kind === 'proxy-header'
    );
  }

  // Reading

  #read(chunk: Buffer): void {
    const state = this.#state;
    if (state.kind === 'lingering' || state.kind === 'flushing' || state.kind === 'closed') return;
    if (state.kind === 'taken-over') return state.by.kind === 'tunnel' ? state.by.fromClient(chunk) : undefined;
    if (state.kind === 'in-service' && state.exchange.stream?.isOpen === true) {
      return this.#feed(state.exchange, state.exchange.stream, chunk);
    }
    const isFree = state.kind !== 'in-service' && this.#ahead === null && !this.#output.isSpooling;
    if (isFree) return this.#consume(chunk, 0);
    this.#keepAhead(this.#ahead === null ? chunk : Buffer.concat([this.#ahead, chunk]));
  }

  #consume(chunk: Buffer, from: number): void {
    let at = from;
    while (at < chunk.length) {
      const state = this.#state;
      if (state.kind === 'idle' || state.kind === 'head') {
        // Settings that have changed while the connection was idle: a request has to be in the form that workers read now.
        if (state.kind === 'idle' && this.#http !== this.#owner.http()) this.#applySettings();
        // On a new connection the time for the head runs from the connect.
        if (state.kind === 'idle' && this.#served === 0) this.#state = IN_HEAD;
        else if (state.kind === 'idle') this.#enter(IN_HEAD);
        const text = this.#heads.push(chunk, at);
        if (text === null) return;
        if (text instanceof Refusal) return this.#refuse(text);
        at = this.#heads.end;
        const head = parseRequestHead(text, this.#context);
        if (head instanceof Refusal) return this.#refuse(head, endOfRefusal(head), text);
        this.#begin(head);
      } else if (state.kind === 'proxy-header') {
        const progress = state.reader.push(chunk, at);
        if (progress.kind === 'more') return;
        if (progress.kind === 'refused') return this.#refuse(progress.refusal);
        // Not entered with #enter(): the time for the first head counts from the connect.
        this.#state = IDLE;
        if (progress.kind === 'header') {
          this.#fields.speaksFor(progress.header);
          at = progress.end;
        } else if (progress.before.length > 0) {
          return this.#consume(Buffer.concat([progress.before, chunk.subarray(at)]), 0);
        }
      } else if (state.kind === 'body') {
        this.#progressMs = performance.now();
        const progress = state.reader.push(chunk, at);
        if (progress.kind === 'more') return;
        if (progress.kind === 'refused') return this.#refuse(progress.refusal);
        at = progress.end;
        this.#serve(state.head, { ...state.store.take(), stream: null, size: state.store.size });
      } else if (state.kind === 'streamed-body') {
        const progress = state.stream.push(chunk, at);
        if (progress.kind === 'more') break;
        if (progress.kind === 'refused') return this.#refuse(progress.refusal);
        at = progress.end;
        const size = state.stream.receivedBytes;
        this.#serve(state.head, { bytes: state.stream.takeWhole(), spoolPath: null, stream: null, size });
      } else {
        if (state.kind === 'in-service') this.#keepAhead(chunk.subarray(at));
        return;
      }
    }
    this.#dispatchUnfinished();
  }

  /** An ASGI application gets its request before the body is whole. */
  #dispatchUnfinished(): void {
    const state = this.#state;
    if (state.kind !== 'streamed-body') return;
    this.#serve(state.head, { ...NO_BODY, stream: state.stream });
  }

  /** More of the body of the request in service. */
  #feed(exchange: Exchange, stream: StreamedBody, chunk: Buffer): void {
    this.#progressMs = performance.now();
    const progress = stream.push(chunk, 0);
    if (progress.kind === 'refused') this.#breakOff(exchange, stream, progress.refusal);
    else if (progress.kind === 'done' && progress.end < chunk.length) this.#keepAhead(chunk.subarray(progress.end));
  }

  /** The body of the request in service will not become whole. If the response has begun, it is cut off. */
  #breakOff(exchange: Exchange, stream: StreamedBody, refusal: Refusal, end: RequestEnd = endOfRefusal(refusal)): void {
    this.#owner.refused(refusal, this);
    stream.abort();
    this.#owner.abandoned(exchange);
    exchange.fail(refusal, end);
  }

  #firstState(): ConnectionState {
    const { proxyProtocol, proxyPeers } = this.#http;
    if (proxyProtocol === 'off') return IDLE;
    const mayProxy = proxyPeers.trusts(this.#peer?.address ?? null);
    return {
      kind: 'proxy-header',
      reader: new ProxyHeaderReader(proxyProtocol, mayProxy ? null : this.remoteAddress),
    };
  }

  #keepAhead(bytes: Buffer): void {
    this.#ahead = bytes;
    if (this.#ahead.length > AHEAD_LIMIT_BYTES) this.#socket.pause();
  }

  /** The head is whole; without a body, so is the request. */
  #begin(head: RequestHead): void {
    const wrong = head.isWebSocket && this.#http.dialect === 'asgi' ? checkHandshake(head.headerFields) : null;
    if (wrong !== null) return this.#refuse(wrong, 'refused', head);
    if (head.framing.kind === 'none' || (head.framing.kind === 'length' && head.framing.bytes === 0)) {
      return this.#serve(head, NO_BODY);
    }
    const { limitRequestBodyBytes } = this.#http;
    if (head.framing.kind === 'length' && limitRequestBodyBytes > 0 && head.framing.bytes > limitRequestBodyBytes) {
      const detail = `${head.framing.bytes} > ${limitRequestBodyBytes} bytes`;
      return this.#refuse(new Refusal('ContentTooLarge', detail), 'refused', head);
    }
    if (this.#http.dialect === 'asgi') return this.#beginStream(head, head.framing);
    if (head.expectContinue) this.#socket.write(CONTINUE, 'latin1');
    const store = new BodyStore(this.#owner.spoolDir, this.#http.requestBufferBytes, this.#owner.budget);
    const reader = toBodyReader(head.framing, this.#http.rules, (chunk, start, end) => {
      const isKept = store.add(chunk, start, end);
      if (limitRequestBodyBytes > 0 && store.size > limitRequestBodyBytes) {
        this.#refuseBody(new Refusal('ContentTooLarge', `over ${limitRequestBodyBytes} bytes`));
      } else if (!isKept) {
        this.#refuseBody(
          new Refusal('ServiceUnavailable', `The request's body cannot be spooled to ${this.#owner.spoolDir}`),
          'spool-failed',
        );
      }
    });
    this.#enter({ kind: 'body', head, reader, store, sinceMs: performance.now() });
  }

  #beginStream(head: RequestHead, framing: Exclude<RequestHead['framing'], { kind: 'none' }>): void {
    const source = {
      framing,
      rules: this.#http.rules,
      limitBytes: this.#http.limitRequestBodyBytes,
      budget: this.#owner.budget,
      sendContinue: head.expectContinue ? (): void => this.#sendContinue() : null,
      pause: (): void => void this.#socket.pause(),
      resume: (): void => {
        this.#progressMs = performance.now();
        if (this.#ahead === null || this.#ahead.length <= AHEAD_LIMIT_BYTES) this.#socket.resume();
      },
    };
    this.#enter({ kind: 'streamed-body', head, stream: new StreamedBody(source, performance.now()) });
  }

  /** Not into the middle of a response. */
  #sendContinue(): void {
    if (this.#state.kind === 'in-service' && this.#state.exchange.state === 'outstanding')
      this.#socket.write(CONTINUE, 'latin1');
  }

  /** From within the reader, which may go on with what it has in hand. */
  #refuseBody(refusal: Refusal, end: RequestEnd = 'refused'): void {
    if (this.#state.kind === 'body') this.#refuse(refusal, end);
  }

  #serve(head: RequestHead, body: RequestBody): void {
    const { kind } = this.#state;
    if (kind !== 'head' && kind !== 'body' && kind !== 'streamed-body') return;
    const exchange = this.#fields.exchange(this, head, body);
    this.#enter({ kind: 'in-service', exchange });
    this.#owner.admit(exchange);
  }

  #readEnd(): void {
    this.#sends = 'nothing-more';
    const { kind } = this.#state;
    // Most that stop in the middle have gone, but one that reads is told; one that has sent a whole request may well be reading.
    if (kind === 'head') this.#refuse(new Refusal('IncompleteRequest', 'head'));
    else if (this.#state.kind === 'body') {
      this.#refuse(this.#state.reader.cut() ?? new Refusal('IncompleteRequest', 'body'));
    } else if (kind === 'idle' || kind === 'proxy-header') this.#leave();
    if (this.#state.kind === 'taken-over' && this.#state.by.kind === 'tunnel') return this.#state.by.clientEnded();
    if (this.#state.kind !== 'in-service') return;
    const { exchange } = this.#state;
    if (exchange.stream?.isOpen === true) return this.#breakOff(exchange, exchange.stream, exchange.stream.cut());
    // A worker that watches has been told so far that its client is there.
    if (exchange.watched === null && performance.now() - exchange.arrivedMs < HALF_CLOSE_MS) return;
    this.#sends = 'has-left';
    this.#owner.left(exchange);
    exchange.left();
  }

  /** `known` is the head, or the text of one that cannot be parsed; without it, the state says what is known of the request. */
  #refuse(refusal: Refusal, end: RequestEnd = endOfRefusal(refusal), known: RequestHead | string | null = null): void {
    if (!this.isReading) return;
    this.#owner.refused(refusal, this);
    const requestId = this.#fields.newRequestId();
    const response = refusalResponse(refusal, responseHeadLines(false) + requestIdLine(requestId));
    const bodyBytes = response.length - response.indexOf('\r\n\r\n') - 4;
    this.#unserved(end, { status: refusal.status, bodyBytes }, requestId, known);
    this.#socket.write(response, 'latin1');
    this.#leave();
  }

  #unserved(
    end: RequestEnd,
    answer: UnservedRequest['answer'],
    requestId: string,
    known: RequestHead | string | null,
  ): void {
    const state = this.#state;
    const { rules } = this.#http;
    const head =
      state.kind === 'body' || state.kind === 'streamed-body' ? state.head : typeof known === 'string' ? null : known;
    const unfinished = state.kind === 'head' ? unfinishedLineOf(this.#heads, rules) : null;
    this.#owner.unserved({
      connection: this,
      requestOfConnection: this.#served + 1,
      head,
      line: typeof known === 'string' ? requestLineOf(known, rules) : unfinished,
      fields: () => (head === null ? '' : this.#fields.environ(head)),
      requestBytes: state.kind === 'body' ? state.store.size : 0,
      sinceMs: state.kind === 'body' ? state.sinceMs : this.#progressMs,
      requestId,
      answer,
      end,
    });
  }

  // Writing: ExchangeClient

  write(data: string | Buffer): void {
    this.#output.write(data, this.#http);
  }

  mayKeepAlive(): boolean {
    return this.#http.keepaliveMs > 0 && !this.#owner.isDraining() && this.#sends === 'more';
  }

  awaitsAnswer(): boolean {
    return this.#sends !== 'has-left' && this.#state.kind !== 'closed';
  }

  maySendMore(): boolean {
    return this.#sends === 'more';
  }

  exchangeEnded(exchange: Exchange, end: ExchangeEnd): void {
    this.#served += 1;
    if (exchange.spoolPath !== null) removeSpooled(exchange.spoolPath);
    if (exchange.body !== null) this.#owner.budget.add(-exchange.body.length);
    this.#owner.ended(exchange, this);
    if (end === 'client-gone' || end === 'closed' || this.#state.kind === 'closed') return;
    if (end === 'cut-off') {
      // Without the last chunk, or with fewer bytes than announced: the client sees that it has not got everything.
      this.#leave();
    } else if (exchange.keepAlive) {
      this.#next();
    } else {
      this.#leave();
    }
  }

  acceptWebSocket(exchange: Exchange, ticket: WatchedTicket, head: string): WebSocketConnection | null {
    this.#socket.off('data', this.#onData);
    this.#socket.off('end', this.#onEnd);
    const answer = head + requestIdLine(exchange.requestId, head);
    const by = WebSocketConnection.accept(this.#socket, exchange, ticket, answer, this.#takeAhead(), this.#http);
    if (by === null) this.#socket.destroy();
    else this.#takeOver(exchange, by);
    return by;
  }

  openTunnel(exchange: Exchange, channel: Socket): Tunnel {
    const by = new Tunnel(exchange, tunnelClient(this.#socket, this.#output), channel);
    this.#takeOver(exchange, by);
    by.fromClient(this.#takeAhead());
    if (this.#sends !== 'more') by.clientEnded();
    return by;
  }

  #takeOver(exchange: Exchange, by: WebSocketConnection | Tunnel): void {
    this.#enter({ kind: 'taken-over', exchange, by });
    this.#socket.resume();
    this.#owner.takenOver(exchange, by);
  }

  /** What has come behind the request that is in service. */
  #takeAhead(): Buffer {
    const ahead = this.#ahead ?? NOTHING;
    this.#ahead = null;
    return ahead;
  }

  /** What was HTTP goes on as this. */
  get takenOver(): WebSocketConnection | Tunnel | null {
    return this.#state.kind === 'taken-over' ? this.#state.by : null;
  }

  holdsBack(resume: () => void): boolean {
    if (this.#state.kind === 'taken-over') return this.#state.by.holdsBack(resume);
    return this.#output.holdsBack(this.#http, resume);
  }

  #drained(): void {
    this.#output.drained(this.#http, performance.now());
    if (this.#state.kind === 'taken-over') this.#state.by.drained();
    if (this.#state.kind === 'flushing' && !this.#output.isSpooling) this.#linger();
    // A pipelining client that reads slowly: its next request was not begun.
    else if (this.#state.kind === 'idle' && this.#ahead !== null) this.#next();
  }

  #next(): void {
    this.#enter(IDLE);
    if (this.#http !== this.#owner.http()) this.#applySettings();
    if (this.#ahead === null) {
      if (this.#sends !== 'more') this.#leave();
      return;
    }
    // A client that has not read what it asked for so far: the next request is begun when it has.
    if (this.#output.isBehind(this.#http)) return;
    // Not from inside the exchange that has just ended: a long pipeline would grow the stack.
    setImmediate(() => this.#readAhead());
  }

  #readAhead(): void {
    const ahead = this.#ahead;
    if (this.#state.kind !== 'idle' || ahead === null) return;
    this.#ahead = null;
    this.#socket.resume();
    this.#consume(ahead, 0);
    if (this.#sends !== 'more' && !this.#isInService()) this.#leave();
  }

  #isInService(): boolean {
    return this.#state.kind === 'in-service';
  }

  #applySettings(): void {
    this.#http = this.#owner.http();
    this.#context = this.#newContext();
    this.#heads = new HeadReader(this.#http.rules);
    this.#fields.configure(this.#http, this.#context.peerTrusted);
  }

  #newContext(): HeadContext {
    const { rules } = this.#http;
    return newHeadContext(rules, rules.trustedPeers.trusts(this.#peer?.address ?? null), 'http');
  }

  // Closing

  /** Shuts down the sending side, then reads until the client has closed too: closing at once would reset the connection and could
   * take the response away from the client. */
  #leave(): void {
    const { kind } = this.#state;
    if (kind === 'closed' || kind === 'lingering' || kind === 'flushing') return;
    this.#ahead = null;
    if (this.#output.isSpooling) this.#enter(FLUSHING);
    else this.#linger();
    this.#socket.resume();
  }

  #linger(): void {
    this.#enter(LINGERING);
    this.#socket.end();
  }

  /** Ends a connection on which nothing is owed. */
  closeIdle(): void {
    if (this.#state.kind === 'idle' || this.#state.kind === 'proxy-header') this.#leave();
  }

  /** The gateway drains since then: a client that stalls in the middle of sending a request is not waited for. */
  drainStalled(sinceMs: number, nowMs: number, limitMs: number): void {
    if (nowMs - Math.max(this.#progressMs, sinceMs) <= limitMs) return;
    const { kind } = this.#awaited(nowMs);
    if (kind === 'head' || kind === 'body')
      this.#refuseRequest(new Refusal('ServiceUnavailable', 'shutting down'), 'shutting-down');
  }

  destroy(why: RequestEnd): void {
    this.#destroyedFor = why;
    this.#socket.destroy();
  }

  #closed(): void {
    const state = this.#state;
    const why = this.#output.isBroken ? 'spool-failed' : this.#destroyedFor;
    const hasBegun = state.kind === 'body' || (state.kind === 'head' && this.#heads.unfinished);
    if (hasBegun) this.#unserved(why, null, this.#fields.newRequestId(), null);
    this.#enter(CLOSED);
    this.#output.close();
    if (state.kind === 'taken-over') state.by.closed();
    if (state.kind === 'in-service' && state.exchange.state !== 'finished') {
      this.#owner.abandoned(state.exchange);
      state.exchange.stream?.abort();
      state.exchange.abandon(why);
    }
    this.#owner.closed(this);
  }

  #enter(state: ConnectionState): void {
    // A body that does not become a request leaves nothing on the disk.
    if (this.#state.kind === 'body' && state.kind !== 'in-service') this.#state.store.discard();
    if (this.#state.kind === 'streamed-body' && state.kind !== 'in-service') this.#state.stream.discard();
    this.#state = state;
    this.#progressMs = performance.now();
  }

  /** Applies the time limits; called about once a second. */
  checkTime(nowMs: number): void {
    const verdict = checkLimits(this.#http, this.#awaited(nowMs), nowMs - this.#progressMs);
    if (verdict === 'leave') this.#leave();
    else if (verdict === 'destroy') this.#socket.destroy();
    else if (verdict !== 'in-time') this.#refuseRequest(verdict);
    if (this.#state.kind === 'taken-over') this.#state.by.checkTime(nowMs);
    if (this.#output.isStuck(this.#http.writeTimeoutMs, nowMs)) this.destroy('write-timeout');
  }

  /** The one that is being read, be it in service already. */
  #refuseRequest(refusal: Refusal, end: RequestEnd = endOfRefusal(refusal)): void {
    const state = this.#state;
    if (state.kind !== 'in-service') this.#refuse(refusal, end);
    else if (state.exchange.stream !== null) this.#breakOff(state.exchange, state.exchange.stream, refusal, end);
  }

  #awaited(nowMs: number): Awaited {
    const state = this.#state;
    const hasUnsentOutput = !this.#output.isEmpty;
    switch (state.kind) {
      case 'proxy-header':
        return { kind: 'proxy-header', hasBegun: state.reader.unfinished };
      case 'idle':
        return { kind: 'request', isFirst: this.#served === 0, hasUnsentOutput };
      case 'head':
        return { kind: 'head' };
      case 'body':
        return { kind: 'body', elapsedMs: nowMs - state.sinceMs, receivedBytes: state.store.size };
      case 'lingering':
        return { kind: 'close', hasUnsentOutput };
      case 'in-service':
        return state.exchange.stream?.awaited(nowMs) ?? { kind: 'nothing' };
      case 'streamed-body':
      case 'taken-over':
      case 'flushing':
      case 'closed':
        return { kind: 'nothing' };
    }
  }
}
