// A request and its response, from the admission of the request until the last byte of the response is on its way.

import type { Socket } from 'node:net';
import type { RequestEnd } from '../../log/access-record.ts';
import type { ResponseHead } from '../../runqueue/channel-decoder.ts';
import { ABORTED, END } from '../../runqueue/channel-frame.ts';
import type { Refusal } from '../http1/refusal.ts';
import type { UpgradedTunnel, UpgradedWebSocket } from '../upgraded/upgraded.ts';
import type { ChannelOutput } from './channel-output.ts';
import {
  type Ended,
  type ExchangeEnd,
  type ExchangeEvent,
  type ExchangeState,
  type IssuedTicket,
  moveExchange,
  type Responded,
  type Upgrade,
  WAITING,
} from './exchange-life.ts';
import { bodyOf, type Request } from './request.ts';
import type { ResponseWriter } from './response-writer.ts';
import type { WatchedTicket } from './watched-ticket.ts';

/** What an exchange needs from the client's connection. */
export interface ExchangeClient {
  readonly response: ResponseWriter;
  /** Whether the client still waits for the answer, as far as one can tell. */
  awaitsAnswer(): boolean;
  /** Whether the client has not half-closed. */
  maySendMore(): boolean;
  /** Whether the client's buffer is full; if so, `resume` is called when there is room again. */
  holdsBack(resume: () => void): boolean;
  /** The same for a file, which is never kept twice: only the socket's own buffer counts. */
  isSocketFull(resume: () => void): boolean;
  /** Whether the kernel has everything that was written: its buffers may be used again. */
  hasSentAll(): boolean;
  /** The application accepts the WebSocket, with these header lines. Null when the client has just left. */
  acceptWebSocket(exchange: Exchange, ticket: WatchedTicket, lines: string): UpgradedWebSocket | null;
  /** The connection becomes a tunnel to this channel. */
  openTunnel(exchange: Exchange, channel: Socket, toWorker: ChannelOutput): UpgradedTunnel | null;
  /** Whether the head names a file that the gateway sends in the place of the worker's body. */
  sendsFile(exchange: Exchange, head: ResponseHead, workerPid: number): boolean;
  exchangeEnded(exchange: Exchange, end: ExchangeEnd): void;
  /** The exchange's state has no transition for an event. */
  illegalMove(what: string): void;
}

/** A tunnel has this in place of a worker's head: the application itself answers the client. */
const TUNNEL_HEAD: ResponseHead = { status: 101, flags: 0, lines: '' };

const ANSWERED: Ended = { type: 'ended', end: 'answered', why: 'answered', ownStatus: null, workerPid: null };

export class Exchange {
  readonly request: Request;
  readonly client: ExchangeClient;
  #state: ExchangeState = WAITING;
  #bodyBytes = 0;

  constructor(request: Request, client: ExchangeClient) {
    this.request = request;
    this.client = client;
  }

  get state(): ExchangeState {
    return this.#state;
  }

  /** Its ticket, answered or not; null while it waits for one, and if it never needs one. */
  get ticket(): IssuedTicket | null {
    const state = lastOf(this.#state);
    return state.kind === 'waiting' ? null : state.ticket;
  }

  get webSocket(): UpgradedWebSocket | null {
    const state = this.#state;
    return state.kind === 'taken-over' && state.upgrade.by?.kind === 'websocket' ? state.upgrade.by : null;
  }

  /** Set by the worker's WATCH. */
  get watched(): WatchedTicket | null {
    const state = lastOf(this.#state);
    return state.kind === 'waiting' ? null : state.watched;
  }

  /** An event stream lasts as long as the client listens. */
  get isEventStream(): boolean {
    return this.#state.kind === 'responding' && this.#state.response.isEventStream;
  }

  /** The gateway responded with a file: no worker was waited for. */
  get isServedHere(): boolean {
    const last = lastOf(this.#state);
    return last.kind === 'responding' && last.ticket === null;
  }

  /** A WebSocket, a tunnel or an event stream: its time says how long the client listened. */
  get isLasting(): boolean {
    const last = lastOf(this.#state);
    return last.kind === 'taken-over' || (last.kind === 'responding' && last.response.isEventStream);
  }

  // For the access log

  /** Null if there was no answer. */
  get status(): number | null {
    return (
      (this.#state.kind === 'finished' ? this.#state.ended.ownStatus : null) ?? this.#workerAnswer?.head.status ?? null
    );
  }

  /** The fields of the worker's response; empty without one. */
  get responseLines(): string {
    return this.#workerAnswer?.head.lines ?? '';
  }

  /** Null if unknown, or if no worker had the request. */
  get workerPid(): number | null {
    const answer = this.#workerAnswer;
    if (answer !== null) return answer.workerPid;
    return this.#state.kind === 'finished' ? this.#state.ended.workerPid : null;
  }

  /** Why it ended; `answered` until it has. */
  get why(): RequestEnd {
    return this.#state.kind === 'finished' ? this.#state.ended.why : 'answered';
  }

  /** Until its ticket was written, including the time in proxies. */
  get queuedMs(): number {
    return this.ticket?.waitedMs ?? 0;
  }

  /** Bytes of the response's body, without framing; of messages; of a tunnel. */
  get sentBytes(): number {
    const last = lastOf(this.#state);
    return last.kind === 'taken-over' ? (last.upgrade.by?.sentBytes ?? 0) : this.#bodyBytes;
  }

  /** Bytes of the request's body, wherever it is stored; of messages and of a tunnel, too. */
  get receivedBytes(): number {
    const last = lastOf(this.#state);
    const { stream, bodyBytes } = this.request;
    const ofBody = stream === null ? bodyBytes : stream.receivedBytes;
    return last.kind === 'taken-over' ? ofBody + (last.upgrade.by?.receivedBytes ?? 0) : ofBody;
  }

  // Events

  /** Its ticket is being written. */
  dispatched(ticket: IssuedTicket): void {
    this.#move(ticket);
  }

  /** Its ticket came back without having been run: it waits for another one. */
  returned(): void {
    this.#move({ type: 'returned' });
  }

  /** The worker sent WATCH. */
  watch(watched: WatchedTicket): void {
    if (this.#state.kind === 'finished') return watched.gone();
    if (!this.#move({ type: 'watched', watched })) return;
    const { stream } = this.request;
    if (stream !== null && bodyOf(this.request) === null) stream.flowTo(watched, performance.now());
    // The worker is notified that the client has left even if it may only have half-closed (RUNQUEUE.md, "Watching").
    const hasLeft = !this.client.awaitsAnswer() || (stream === null && !this.client.maySendMore());
    if (hasLeft) watched.gone();
  }

  /** Header lines for an interim response. */
  hint(lines: string): void {
    if (this.#state.kind === 'outstanding') this.client.response.hint(this.request, lines);
  }

  /** The application accepts the WebSocket. */
  accept(watched: WatchedTicket, head: ResponseHead, workerPid: number): void {
    const by = this.client.acceptWebSocket(this, watched, head.lines);
    this.#move({ type: 'upgraded', by, head, workerPid, watched });
  }

  /** The application takes over the raw connection. Null if the client does not expect that. */
  openTunnel(channel: Socket, toWorker: ChannelOutput, workerPid: number): UpgradedTunnel | null {
    if (this.#state.kind !== 'outstanding' || !this.request.head.isWebSocket) return null;
    const by = this.client.openTunnel(this, channel, toWorker);
    this.#move({ type: 'upgraded', by, head: TUNNEL_HEAD, workerPid, watched: null });
    return by;
  }

  /** The worker's HEAD frame, with the first bytes of the body. */
  respond(head: ResponseHead, body: Buffer, workerPid: number): void {
    const { flags } = head;
    // The worker's reaction to a client that has left is not the application's response.
    if ((flags & ABORTED) !== 0 && this.#clientHasLeft) return this.#cutOff();
    if (this.client.sendsFile(this, head, workerPid)) return;
    const isEventStream = (flags & END) === 0 && saysEventStream(head.lines);
    if (!this.#move({ type: 'responded', head, workerPid, isEventStream, by: 'worker' })) return;
    this.#bodyBytes = this.client.response.respond(this.request, head, body);
    if ((flags & END) !== 0) this.#endOf(flags);
  }

  /** The worker's head names a file; the worker's body is discarded. */
  delegate(workerPid: number): void {
    this.#move({ type: 'delegated', workerPid });
  }

  /** Whether a file can still be its response. */
  get mayServe(): boolean {
    return this.#state.kind === 'waiting' || this.#state.kind === 'delegated';
  }

  /** The gateway responds with a file, with all of it if the flags of the head say END. */
  serve(head: ResponseHead, body: Buffer): void {
    const workerPid = this.#state.kind === 'delegated' ? this.#state.workerPid : null;
    const response: Responded = { type: 'responded', head, workerPid, isEventStream: false, by: 'gateway' };
    if (!this.#move({ type: 'served', response })) return;
    this.#bodyBytes = this.client.response.respond(this.request, head, body);
    if ((head.flags & END) !== 0) this.#finish(ANSWERED);
  }

  /** Another piece of the file. */
  sendPiece(piece: Buffer, isLast: boolean): void {
    this.#bodyBytes += this.client.response.body(piece);
    if (isLast) this.#finish(ANSWERED);
  }

  /** Another piece of the body. */
  continue(flags: number, piece: Buffer): void {
    if (this.#isFile) return;
    const { response } = this.client;
    this.#bodyBytes += response.body(piece);
    if ((flags & END) === 0) return;
    if ((flags & ABORTED) === 0) response.end();
    this.#endOf(flags);
  }

  /** The end of the response. */
  trail(lines: string): void {
    if (this.#isFile) return;
    this.client.response.trailers(lines);
    this.#finish(ANSWERED);
  }

  /**
   * The gateway answers in the worker's place, if the head of a response has not been sent yet; otherwise the response is cut off.
   * `workerPid` is the worker that had the request, if known.
   */
  fail(refusal: Refusal, why: RequestEnd, workerPid: number | null = null): void {
    const state = this.#state;
    switch (state.kind) {
      case 'finished':
        return;
      case 'taken-over':
        this.closing(why);
        return state.upgrade.by?.workerLost();
      case 'responding':
        return this.#finish({ type: 'ended', end: 'cut-off', why, ownStatus: null, workerPid });
      case 'waiting':
      case 'outstanding':
      case 'delegated':
        this.#bodyBytes = this.client.response.answer(this.request, refusal);
        this.#finish({ type: 'ended', end: 'answered', why, ownStatus: refusal.status, workerPid });
    }
  }

  /** The client's connection is closed; the rest of the worker's response is discarded. */
  abandon(why: RequestEnd = 'client-gone'): void {
    if (this.#state.kind === 'finished') return;
    this.#finish({ type: 'ended', end: 'client-gone', why, ownStatus: null, workerPid: null });
  }

  /** The gateway closes the WebSocket or the tunnel. The last reason counts. */
  closing(why: RequestEnd): void {
    if (this.#state.kind !== 'finished') this.#move({ type: 'closing', why });
  }

  /** The WebSocket or the tunnel has ended; `why` counts unless the gateway closed it. */
  closed(why: 'answered' | 'client-gone' = 'answered'): void {
    const state = this.#state;
    if (state.kind !== 'taken-over') return;
    this.#finish({ type: 'ended', end: 'closed', why: state.closing ?? why, ownStatus: null, workerPid: null });
  }

  /** The client has stopped sending, and has most likely left. */
  clientLeft(): void {
    this.watched?.gone();
  }

  get #isFile(): boolean {
    return this.#state.kind === 'responding' && this.#state.response.by === 'gateway';
  }

  get #workerAnswer(): Responded | Upgrade | null {
    const last = lastOf(this.#state);
    if (last.kind === 'responding') return last.response;
    return last.kind === 'taken-over' ? last.upgrade : null;
  }

  /** Or may have left: an application that watches a client is notified of a half-close as if the client were gone. */
  get #clientHasLeft(): boolean {
    return !this.client.awaitsAnswer() || this.watched?.saysGone === true;
  }

  #endOf(flags: number): void {
    if ((flags & ABORTED) === 0) this.#finish(ANSWERED);
    else this.#cutOff();
  }

  /** The worker broke off its response, perhaps because the client had left. */
  #cutOff(): void {
    const why = this.#clientHasLeft ? 'client-gone' : 'cut-off';
    this.#finish({ type: 'ended', end: 'cut-off', why, ownStatus: null, workerPid: null });
  }

  #finish(ended: Ended): void {
    const { watched } = this;
    if (!this.#move(ended)) return;
    this.request.stream?.discard();
    // Not sent after the worker's own END.
    watched?.gone();
    this.client.exchangeEnded(this, ended.end);
  }

  /** Returns whether the state has that transition. */
  #move(event: ExchangeEvent): boolean {
    const next = moveExchange(this.#state, event);
    if (next === null) {
      const { method, target } = this.request.head;
      this.client.illegalMove(`request ${method} ${target}: '${event.type}' in state '${this.#state.kind}'`);
      return false;
    }
    this.#state = next;
    return true;
  }
}

/** The state in which it ended, or the present one. */
function lastOf(state: ExchangeState): Exclude<ExchangeState, { kind: 'finished' }> {
  return state.kind === 'finished' ? state.was : state;
}

/** The media type of event streams in the HTML standard. */
function saysEventStream(lines: string): boolean {
  return /^content-type:[ \t]*text\/event-stream/im.test(lines);
}
