// A client's connection: requests are read (request-reader.ts), handed to the gateway, answered, and the connection is closed well. One
// request is in service at a time; what a pipelining client has sent beyond it waits here.

import type { Socket } from 'node:net';
import type { RequestEnd } from '../../log/access-record.ts';
import type { ListenerAddress } from '../../messages/between-arbiter-and-gateway.ts';
import type { ChannelOutput } from '../exchange/channel-output.ts';
import { Exchange, type ExchangeClient } from '../exchange/exchange.ts';
import type { ExchangeEnd } from '../exchange/exchange-life.ts';
import { bodyOf } from '../exchange/request.ts';
import type { WatchedTicket } from '../exchange/watched-ticket.ts';
import type { RequestHead } from '../http1/head/request-head.ts';
import { Refusal } from '../http1/refusal.ts';
import { type Http1Output, Http1Response } from '../http1/response/http1-response.ts';
import { ownAnswer, withoutContent } from '../http1/response/own-answer.ts';
import type { ResponseHeadLines } from '../http1/response/response-head-lines.ts';
import type { RecordedConnection, UnservedRequest } from '../report/access-records.ts';
import { removeSpooled } from '../request/body-store.ts';
import { endOfRefusal } from '../request/rejected-request.ts';
import { RequestReader } from '../request/request-reader.ts';
import type { ReadingClient } from '../request/request-reading.ts';
import type { StreamedBody } from '../request/streamed-body.ts';
import type { RequestBody } from '../ticket/request-fields.ts';
import { requestIdLine } from '../ticket/request-id.ts';
import { Tunnel, tunnelClient } from '../upgraded/tunnel.ts';
import { WebSocketConnection } from '../upgraded/web-socket-connection.ts';
import { ClientOutput } from './client-output.ts';
import { type Awaited, checkLimits } from './connection-limits.ts';
import type { ConnectionOwner, ConnectionState } from './connection-state.ts';
import { InputGate } from './input-gate.ts';

const READING: ConnectionState = { kind: 'reading' };
const FLUSHING: ConnectionState = { kind: 'flushing' };
const CLOSED: ConnectionState = { kind: 'closed' };

/** How much a client may send ahead of the request in service before it is not read any more. */
const AHEAD_LIMIT_BYTES = 64 * 1024;
/**
 * A client that shuts down its sending side within this time of its request does so on purpose (`nc -N`) and waits for the answer. One that
 * does so later has closed its socket: TCP tells the two apart only when something is written to it.
 */
export const HALF_CLOSE_MS = 50;
const NOTHING = Buffer.alloc(0);
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

let connections = 0;

export class ClientConnection implements ExchangeClient, Http1Output, ReadingClient, RecordedConnection {
  /** Counts the connections of this process. */
  readonly number: number;
  readonly listener: ListenerAddress;
  readonly response: Http1Response = new Http1Response(this);
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #reader: RequestReader;
  readonly #input: InputGate;
  readonly #output: ClientOutput;
  #state: ConnectionState = READING;
  /** Bytes that came while a request was in service. */
  #ahead: Buffer | null = null;
  /** Nothing more: the client has shut down its sending side, and may still read. */
  #sends: 'more' | 'nothing-more' | 'has-left' = 'more';
  #served = 0;
  /** Why this side destroys the connection, if it does. */
  #destroyedFor: RequestEnd = 'client-gone';
  /** Kept, for a WebSocket takes the socket's events over. */
  readonly #onData = (chunk: Buffer): void => this.#input.takeTurn(chunk, this.#take);
  readonly #take = (chunk: Buffer): void => this.#received(chunk);
  readonly #onEnd = (): void => this.#ended();
  /** When the present state began, or last made progress. */
  #progressMs: number;

  constructor(socket: Socket, listener: ListenerAddress, owner: ConnectionOwner, nowMs: number) {
    connections += 1;
    this.number = connections;
    this.#socket = socket;
    this.#input = new InputGate(socket);
    this.listener = listener;
    this.#owner = owner;
    const isUnix = listener.kind === 'unix';
    const peer = isUnix ? null : { address: socket.remoteAddress ?? '', port: String(socket.remotePort ?? '') };
    this.#reader = new RequestReader(this, peer, owner);
    this.#progressMs = nowMs;
    this.#output = new ClientOutput(socket, owner.spoolDir, owner.budget, owner.spoolBudget, nowMs);
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
    return this.#reader.fields.remoteAddress;
  }

  /** Requests of this connection that have ended. */
  get served(): number {
    return this.#served;
  }

  /** Whether anything is owed to the client: a request is being read, run or answered. */
  get isBusy(): boolean {
    const { kind } = this.#state;
    if (kind === 'reading') return this.#reader.isUnderWay || this.#ahead !== null;
    return kind === 'in-service' || kind === 'taken-over';
  }

  /** Whether a request may come, or be refused: none is in service, and the connection is not being closed. */
  get isReading(): boolean {
    return this.#state.kind === 'reading';
  }

  // Reading

  #received(chunk: Buffer): void {
    const state = this.#state;
    if (state.kind === 'lingering') return this.progressed();
    if (state.kind === 'flushing' || state.kind === 'closed') return;
    if (state.kind === 'taken-over') return state.by.kind === 'tunnel' ? state.by.fromClient(chunk) : undefined;
    if (state.kind === 'in-service' && state.exchange.request.stream?.isOpen === true) {
      return this.#feed(state.exchange, state.exchange.request.stream, chunk);
    }
    const isFree = state.kind === 'reading' && this.#ahead === null && !this.#output.isSpooling;
    if (isFree) this.#reader.read(chunk, 0);
    else this.#letWait(this.#ahead === null ? chunk : Buffer.concat([this.#ahead, chunk]));
  }

  /** More of the body of the request in service. */
  #feed(exchange: Exchange, stream: StreamedBody, chunk: Buffer): void {
    this.progressed();
    const progress = stream.push(chunk, 0);
    if (progress.kind === 'refused') this.#breakOff(exchange, stream, progress.refusal);
    else if (progress.kind === 'done' && progress.end < chunk.length) this.#letWait(chunk.subarray(progress.end));
  }

  /** The body of the request in service will not become whole. If the response has begun, it is cut off. */
  #breakOff(exchange: Exchange, stream: StreamedBody, refusal: Refusal, end: RequestEnd = endOfRefusal(refusal)): void {
    this.#owner.refused(refusal, this);
    stream.abort();
    this.#owner.abandoned(exchange);
    exchange.fail(refusal, end);
  }

  #letWait(bytes: Buffer): void {
    const { budget } = this.#owner;
    budget.add(bytes.length - (this.#ahead?.length ?? 0));
    this.#ahead = bytes;
    if (bytes.length > AHEAD_LIMIT_BYTES || budget.isSpent) this.#input.hold('ahead');
  }

  // ReadingClient

  progressed(): void {
    this.#progressMs = performance.now();
  }

  keepAhead(bytes: Buffer): void {
    if (this.#state.kind === 'in-service') this.#letWait(bytes);
  }

  /** Not into the middle of a response. */
  sendContinue(): void {
    const state = this.#state;
    const mayCome =
      state.kind === 'reading' || (state.kind === 'in-service' && state.exchange.state.kind === 'outstanding');
    if (mayCome) this.#socket.write(CONTINUE, 'latin1');
  }

  pauseReading(): void {
    this.#input.hold('body');
  }

  resumeReading(): void {
    this.progressed();
    this.#input.release('body');
  }

  serve(head: RequestHead, body: RequestBody): void {
    if (this.#state.kind !== 'reading') return;
    const exchange = new Exchange(this.#reader.fields.request(head, body), this);
    this.#enter({ kind: 'in-service', exchange });
    this.#owner.admit(exchange);
  }

  /** Without `known` the reader says what is known of the request. */
  refuse(refusal: Refusal, end: RequestEnd = endOfRefusal(refusal), known: RequestHead | string | null = null): void {
    if (this.#state.kind !== 'reading') return;
    this.#owner.refused(refusal, this);
    const requestId = this.#reader.fields.newRequestId();
    const whole = ownAnswer(refusal, requestId, this.headLines);
    const { text, bodyBytes } = this.#reader.isHead(known) ? withoutContent(whole) : whole;
    this.#unserved(end, { status: refusal.status, bodyBytes }, requestId, known);
    this.#socket.write(text, 'latin1');
    this.#leave();
  }

  #unserved(
    end: RequestEnd,
    answer: UnservedRequest['answer'],
    requestId: string,
    known: RequestHead | string | null,
  ): void {
    this.#owner.unserved({
      connection: this,
      requestOfConnection: this.#served + 1,
      ...this.#reader.soFar(known, this.#progressMs),
      requestId,
      answer,
      end,
    });
  }

  /** The client has shut down its sending side. */
  #ended(): void {
    this.#sends = 'nothing-more';
    const state = this.#state;
    if (this.#cutOff()) return;
    if (state.kind === 'taken-over' && state.by.kind === 'tunnel') return state.by.clientEnded();
    if (state.kind !== 'in-service') return;
    const { exchange } = state;
    // A worker that watches has been told so far that its client is there.
    if (exchange.watched === null && performance.now() - exchange.request.arrivedMs < HALF_CLOSE_MS) return;
    this.#sends = 'has-left';
    this.#owner.clientLeft(exchange);
  }

  /** No more bytes will come. Whether that ends the request that is being read, or the wait for one. */
  #cutOff(): boolean {
    const state = this.#state;
    if (state.kind === 'in-service' && state.exchange.request.stream?.isOpen === true) {
      this.#breakOff(state.exchange, state.exchange.request.stream, state.exchange.request.stream.cut());
      return true;
    }
    if (state.kind !== 'reading') return false;
    // Most that stop in the middle have gone, but one that reads is told; one that has sent a whole request may well be reading.
    const refusal = this.#reader.cut();
    if (refusal === null) this.#leave();
    else this.refuse(refusal);
    return true;
  }

  // Writing: Http1Output and ExchangeClient

  get headLines(): ResponseHeadLines {
    return this.#owner.http().headLines;
  }

  write(data: string | Buffer): void {
    this.#output.write(data, this.#reader.http);
  }

  mayKeepAlive(): boolean {
    return this.#reader.http.keepaliveMs > 0 && !this.#owner.isDraining() && this.#mayAsk;
  }

  /** Another request may come, or has come: one that was sent before the client stopped sending is as good as any. */
  get #mayAsk(): boolean {
    return this.#sends === 'more' || (this.#sends === 'nothing-more' && this.#ahead !== null);
  }

  awaitsAnswer(): boolean {
    return this.#sends !== 'has-left' && this.#state.kind !== 'closed';
  }

  maySendMore(): boolean {
    return this.#sends === 'more';
  }

  exchangeEnded(exchange: Exchange, end: ExchangeEnd): void {
    this.#served += 1;
    const { request } = exchange;
    if (request.spoolPath !== null) {
      removeSpooled(request.spoolPath);
      this.#owner.spoolBudget.addBody(-request.bodyBytes);
    }
    const body = bodyOf(request);
    if (body !== null) this.#owner.budget.add(-body.length);
    this.#owner.ended(exchange, this);
    if (end === 'client-gone' || end === 'closed' || this.#state.kind === 'closed') return;
    if (end === 'cut-off') {
      // Without the last chunk, or with fewer bytes than announced: the client sees that it has not got everything.
      this.#leave();
    } else if (this.response.keepsAlive) {
      this.#next();
    } else {
      this.#leave();
    }
  }

  acceptWebSocket(exchange: Exchange, ticket: WatchedTicket, head: string): WebSocketConnection | null {
    this.#socket.off('data', this.#onData);
    this.#socket.off('end', this.#onEnd);
    const by = WebSocketConnection.accept({
      socket: this.#socket,
      exchange,
      ticket,
      lines: head + requestIdLine(exchange.request.requestId ?? '', head),
      early: this.#takeAhead(),
      limits: this.#reader.http,
      budget: this.#owner.budget,
    });
    if (by === null) this.#socket.destroy();
    else this.#takeOver(exchange, by);
    return by;
  }

  openTunnel(exchange: Exchange, channel: Socket, toWorker: ChannelOutput): Tunnel {
    const client = tunnelClient(this.#socket, this.#input, this.#output);
    const by = new Tunnel({ exchange, client, channel, toWorker, pings: this.#reader.http });
    this.#takeOver(exchange, by);
    by.fromClient(this.#takeAhead());
    if (this.#sends !== 'more') by.clientEnded();
    return by;
  }

  #takeOver(exchange: Exchange, by: WebSocketConnection | Tunnel): void {
    this.#enter({ kind: 'taken-over', exchange, by });
    // A WebSocket holds its client back by itself.
    this.#input.open();
    this.#owner.takenOver(exchange, by);
  }

  /** What has come behind the request that is in service. */
  #takeAhead(): Buffer {
    const ahead = this.#ahead ?? NOTHING;
    this.#owner.budget.add(-ahead.length);
    this.#ahead = null;
    return ahead;
  }

  illegalMove(what: string): void {
    this.#owner.illegalMove(what);
  }

  /** What was HTTP goes on as this. */
  get takenOver(): WebSocketConnection | Tunnel | null {
    return this.#state.kind === 'taken-over' ? this.#state.by : null;
  }

  holdsBack(resume: () => void): boolean {
    if (this.#state.kind === 'taken-over') return this.#state.by.holdsBack(resume);
    return this.#output.holdsBack(this.#reader.http, resume);
  }

  #drained(): void {
    this.#output.drained(this.#reader.http, performance.now());
    if (this.#state.kind === 'taken-over') this.#state.by.clientHasRoom();
    if (this.#state.kind === 'flushing' && !this.#output.isSpooling) this.#linger();
    // A pipelining client that reads slowly: its next request was not begun.
    else if (this.#mayBegin && this.#ahead !== null) this.#next();
  }

  #next(): void {
    this.#enter(READING);
    this.#reader.followSettings();
    if (this.#ahead === null) {
      if (this.#sends !== 'more') this.#leave();
      return;
    }
    // A client that has not read what it asked for so far: the next request is begun when it has.
    if (this.#output.isBehind(this.#reader.http)) return;
    // Not from inside the exchange that has just ended: a long pipeline would grow the stack.
    setImmediate(() => this.#readAhead());
  }

  #readAhead(): void {
    if (!this.#mayBegin || this.#ahead === null) return;
    const ahead = this.#takeAhead();
    this.#input.release('ahead');
    this.#reader.read(ahead, 0);
    if (this.#sends !== 'more') this.#cutOff();
  }

  /** Between requests. */
  get #mayBegin(): boolean {
    return this.#state.kind === 'reading' && !this.#reader.isUnderWay;
  }

  // Closing

  /** Shuts down the sending side, then reads until the client has closed too: closing at once would reset the connection and could
   * take the response away from the client. */
  #leave(): void {
    const { kind } = this.#state;
    if (kind === 'closed' || kind === 'lingering' || kind === 'flushing') return;
    this.#takeAhead();
    if (this.#output.isSpooling) this.#enter(FLUSHING);
    else this.#linger();
    this.#input.open();
  }

  #linger(): void {
    this.#enter({ kind: 'lingering', sinceMs: performance.now() });
    this.#socket.end();
  }

  /** The gateway drains since then: a connection on which nothing is owed has so long for one more request. */
  drainIdle(sinceMs: number, nowMs: number, limitMs: number): void {
    const isIdle = this.isReading && !this.isBusy;
    if (isIdle && nowMs - Math.max(this.#progressMs, sinceMs) >= limitMs) this.#leave();
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
    if (this.#reader.hasBegun) this.#unserved(why, null, this.#reader.fields.newRequestId(), null);
    this.#enter(CLOSED);
    this.#takeAhead();
    this.#output.close();
    if (state.kind === 'taken-over') {
      // What the worker would be told is behind what it does not read.
      if (state.exchange.watched?.isFull === true) this.#owner.abandoned(state.exchange);
      state.by.closed();
    }
    if (state.kind === 'in-service' && state.exchange.state.kind !== 'finished') {
      this.#owner.abandoned(state.exchange);
      state.exchange.request.stream?.abort();
      state.exchange.abandon(why);
    }
    this.#owner.connectionClosed(this);
  }

  #enter(state: ConnectionState): void {
    if (this.#state.kind === 'reading' && state.kind !== 'in-service') this.#reader.stop();
    this.#state = state;
    this.progressed();
  }

  /** Applies the time limits; called about once a second. */
  checkTime(nowMs: number): void {
    const verdict = checkLimits(this.#reader.http, this.#awaited(nowMs), nowMs - this.#progressMs);
    if (verdict === 'leave') this.#leave();
    else if (verdict === 'destroy') this.#socket.destroy();
    else if (verdict !== 'in-time') this.#refuseRequest(verdict);
    if (this.#state.kind === 'taken-over') this.#state.by.checkTime(nowMs);
    if (this.#output.isStuck(this.#reader.http.writeTimeoutMs, nowMs)) this.destroy('write-timeout');
  }

  /** The one that is being read, be it in service already. */
  #refuseRequest(refusal: Refusal, end: RequestEnd = endOfRefusal(refusal)): void {
    const state = this.#state;
    if (state.kind !== 'in-service') this.refuse(refusal, end);
    else if (state.exchange.request.stream !== null)
      this.#breakOff(state.exchange, state.exchange.request.stream, refusal, end);
  }

  #awaited(nowMs: number): Awaited {
    const state = this.#state;
    const hasUnsentOutput = !this.#output.isEmpty;
    switch (state.kind) {
      case 'reading':
        return this.#reader.awaited(this.#served === 0, hasUnsentOutput, nowMs);
      case 'lingering':
        return { kind: 'close', hasUnsentOutput, elapsedMs: nowMs - state.sinceMs };
      case 'in-service':
        return state.exchange.request.stream?.awaited(nowMs) ?? { kind: 'nothing' };
      case 'taken-over':
      case 'flushing':
      case 'closed':
        return { kind: 'nothing' };
    }
  }
}
