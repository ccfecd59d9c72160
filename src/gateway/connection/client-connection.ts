// A client's connection: requests are read (request-intake.ts), handed to the gateway and answered (exchange-side.ts), and the connection
// is closed properly (connection-end.ts). One request is in service at a time; pipelined requests wait in the reader.

import type { Socket } from 'node:net';
import type { RequestEnd } from '../../log/access-record.ts';
import type { Opening } from '../accept/arrivals.ts';
import { ClientSocket } from '../accept/client-socket.ts';
import type { Transport } from '../accept/transport.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { ExchangeEnd } from '../exchange/exchange-life.ts';
import { bodyOf } from '../exchange/request.ts';
import { removeSpooled } from '../request/body-store.ts';
import { RequestReader } from '../request/request-reader.ts';
import type { Tunnel } from '../upgraded/tunnel.ts';
import type { WebSocketConnection } from '../upgraded/web-socket-connection.ts';
import { ClientOutput } from './client-output.ts';
import { ConnectionEnd } from './connection-end.ts';
import type { ConnectionOwner } from './connection-owner.ts';
import type { ConnectionParts, EndingConnection, ExchangeConnection, IntakeConnection } from './connection-parts.ts';
import { type ConnectionState, mayFollow, maySendMore, READING, READING_THE_REST } from './connection-state.ts';
import { ExchangeSide } from './exchange-side.ts';
import { InputGate } from './input-gate.ts';
import { RequestIntake } from './request-intake.ts';

/**
 * A client that half-closes within this time of its request does so on purpose (`nc -N`) and waits for the answer. One that does so later
 * has closed its socket: TCP distinguishes the two only when something is written to it.
 */
export const HALF_CLOSE_MS = 50;

/** A reset by the client is a normal end; `close` follows. */
function ignoreReset(): void {}

export class ClientConnection implements IntakeConnection, ExchangeConnection, EndingConnection {
  /** Number of this connection within its gateway. */
  readonly number: number;
  readonly #parts: ConnectionParts;
  readonly #intake: RequestIntake;
  readonly #end: ConnectionEnd;
  #state: ConnectionState = READING;
  #served = 0;
  /** A field, because it is removed again when a WebSocket takes over the socket's events. */
  readonly #onData = (chunk: Buffer): void => this.#parts.input.takeTurn(chunk, this.#take);
  readonly #take = (chunk: Buffer): void => this.#received(chunk);
  readonly #onEnd = (): void => this.#ended();
  /** When the present state began, or last made progress; while a request is being read, its reader knows that. */
  #progressMs: number;

  constructor(socket: Socket, transport: Transport, owner: ConnectionOwner, number: number) {
    this.number = number;
    const { connectedMs } = transport;
    const parts: ConnectionParts = {
      socket,
      owner,
      reader: new RequestReader(transport, owner),
      input: new InputGate(socket),
      output: new ClientOutput(socket, owner, connectedMs),
    };
    this.#parts = parts;
    this.#intake = new RequestIntake(parts, transport, this, new ExchangeSide(parts, this));
    this.#end = new ConnectionEnd(parts, this.#intake, this);
    this.#progressMs = connectedMs;
    if (socket instanceof ClientSocket) socket.taker = (bytes) => this.#took(bytes);
    else socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('drain', () => this.#drained());
    socket.on('error', ignoreReset);
    socket.on('close', () => {
      this.#end.closed(parts.output.isBroken ? 'spool-failed' : 'client-gone');
      owner.connectionClosed(number);
    });
  }

  open(opening: Opening): void {
    switch (opening.kind) {
      case 'request':
        return opening.bytes.length > 0 ? this.#onData(opening.bytes) : undefined;
      case 'refusal':
        return this.#intake.refuse(opening.refusal);
      case 'goodbye':
        return this.leave();
    }
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get remoteAddress(): string {
    return this.#intake.remoteAddress;
  }

  /** Number of requests of this connection that have ended. */
  get served(): number {
    return this.#served;
  }

  /** Whether anything is owed to the client: a request is being read, run or answered. */
  get isBusy(): boolean {
    const { kind } = this.#state;
    const { reader } = this.#parts;
    if (kind === 'reading') return reader.isUnderWay || reader.keptBytes > 0;
    return kind === 'in-service' || kind === 'taken-over';
  }

  /** What the connection became when it left HTTP. */
  get takenOver(): WebSocketConnection | Tunnel | null {
    return this.#state.kind === 'taken-over' ? this.#state.by : null;
  }

  // The client

  /** Bytes that are overwritten afterwards. */
  #took(bytes: Buffer): void {
    if (!this.#intake.repeated(bytes)) this.#onData(Buffer.from(bytes));
  }

  #received(chunk: Buffer): void {
    const state = this.#state;
    if (state.kind === 'lingering') this.progressed();
    else if (state.kind === 'taken-over') {
      if (state.by.kind === 'tunnel') state.by.fromClient(chunk);
    } else this.#intake.received(chunk);
  }

  /** The client's half-close. */
  #ended(): void {
    if (this.#intake.cutOff()) return;
    const state = this.#state;
    if (state.kind === 'taken-over') {
      this.enter({ ...state, client: 'ended' });
      if (state.by.kind === 'tunnel') state.by.clientEnded();
      return;
    }
    if (state.kind !== 'in-service') return;
    const { exchange } = state;
    // The worker of a watched request has not been notified that its client may have left.
    const isOnPurpose = exchange.watched === null && performance.now() - exchange.request.arrivedMs < HALF_CLOSE_MS;
    this.enter({ kind: 'in-service', exchange, client: isOnPurpose ? 'ended' : 'gone' });
    if (!isOnPurpose) this.#parts.owner.clientLeft(exchange);
  }

  #drained(): void {
    const { output, reader } = this.#parts;
    output.drained(reader.http, performance.now());
    if (this.#state.kind === 'taken-over') this.#state.by.clientHasRoom();
    if (this.#state.kind === 'flushing' && !output.isSpooling) this.#end.linger();
    // A pipelining client that reads slowly: its next request has not been started.
    else this.#readKeptSoon();
  }

  // Requests and exchanges

  beginService(exchange: Exchange): void {
    if (this.#state.kind !== 'reading') return;
    this.enter({ kind: 'in-service', exchange, client: this.#state.client }, exchange.request.arrivedMs);
  }

  letGo(): void {
    const { socket } = this.#parts;
    if (socket instanceof ClientSocket) socket.taker = null;
    else socket.off('data', this.#onData);
    socket.off('end', this.#onEnd);
  }

  takeOver(exchange: Exchange, by: WebSocketConnection | Tunnel): void {
    const client = this.#state.kind === 'in-service' ? this.#state.client : 'sending';
    this.enter({ kind: 'taken-over', exchange, by, client });
    // A WebSocket applies its own backpressure.
    this.#parts.input.open();
    this.#parts.owner.takenOver(exchange, by);
  }

  exchangeEnded(exchange: Exchange, end: ExchangeEnd, isReusable: boolean): void {
    this.#served += 1;
    const { owner } = this.#parts;
    const { request } = exchange;
    if (request.spoolPath !== null) {
      removeSpooled(request.spoolPath);
      owner.spoolBudget.addBody(-request.bodyBytes);
    }
    const body = bodyOf(request);
    if (body !== null) owner.budget.add(-body.length);
    owner.ended(exchange, this);
    if (end === 'client-gone' || end === 'closed' || this.#state.kind === 'closed') return;
    // A response that was cut off lacks its last chunk, or bytes of its announced length: so the client notices.
    if (end === 'answered' && isReusable) this.#next();
    else if (end === 'answered' && request.head.isLast) this.#end.finish();
    else this.leave();
  }

  #next(): void {
    const { reader } = this.#parts;
    const mayCome = maySendMore(this.#state);
    this.enter(mayCome ? READING : READING_THE_REST);
    reader.restart(this.#progressMs);
    if (!mayCome && reader.keptBytes === 0) this.leave();
    else this.#readKeptSoon();
  }

  /** The next request of a pipelining client, if it has arrived; but not before the client has read the responses so far. */
  #readKeptSoon(): void {
    const { output, reader } = this.#parts;
    if (!this.#hasKeptRequest || output.isBehind(reader.http)) return;
    // Not from inside the exchange that has just ended: a long pipeline would grow the stack.
    setImmediate(() => this.#readKept());
  }

  #readKept(): void {
    if (!this.#hasKeptRequest) return;
    const isLast = !maySendMore(this.#state);
    this.#intake.readKept();
    if (isLast) this.#intake.cutOff();
  }

  /** Between requests, with bytes of the next one already here. */
  get #hasKeptRequest(): boolean {
    const { reader } = this.#parts;
    return this.#state.kind === 'reading' && !reader.isUnderWay && reader.keptBytes > 0;
  }

  // Its end

  leave(): void {
    this.#end.leave();
  }

  destroy(why: RequestEnd): void {
    this.#end.destroy(why);
  }

  /** Called about once a second. */
  checkTime(nowMs: number): void {
    this.#end.checkTime(nowMs);
    if (this.#state.kind === 'taken-over') this.#state.by.checkTime(nowMs);
  }

  drainIdle(sinceMs: number, nowMs: number, limitMs: number): void {
    this.#end.drainIdle(sinceMs, nowMs, limitMs);
  }

  drainStalled(sinceMs: number, nowMs: number, limitMs: number): void {
    this.#end.drainStalled(sinceMs, nowMs, limitMs);
  }

  // Its state

  progressed(): void {
    this.#progressMs = performance.now();
  }

  get waitingSinceMs(): number {
    return this.#state.kind === 'reading' ? this.#parts.reader.progressMs : this.#progressMs;
  }

  enter(state: ConnectionState, nowMs: number = performance.now()): void {
    if (!mayFollow(this.#state, state)) {
      this.#parts.owner.illegalMove(`connection ${this.number}: '${state.kind}' behind '${this.#state.kind}'`);
      return;
    }
    this.#state = state;
    this.#progressMs = nowMs;
  }
}
