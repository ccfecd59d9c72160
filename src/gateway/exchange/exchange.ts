// One request and its response, from the moment the request is whole until the last byte of the response is on its way.

import type { Socket } from 'node:net';
import type { RequestEnd } from '../../log/access-record.ts';
import { ABORTED, CLOSING, END, FRAMED } from '../../runqueue/channel-frame.ts';
import type { Dialect } from '../../runqueue/dialect.ts';
import { TICKET_STREAMED, TICKET_UPGRADE } from '../../runqueue/ticket.ts';
import type { RequestHead } from '../http1/head/request-head.ts';
import type { Refusal } from '../http1/refusal.ts';
import { ownAnswer, withoutContent } from '../http1/response/own-answer.ts';
import {
  type BodyForm,
  bodyForm,
  chunkSize,
  isHttp11,
  LAST_CHUNK,
  responseHead,
  wholeBody,
} from '../http1/response/response-framing.ts';
import type { TicketPipe } from '../queue/ticket-pipe.ts';
import type { StreamedBody } from '../request/streamed-body.ts';
import type { Tunnel } from '../upgraded/tunnel.ts';
import type { WebSocketConnection } from '../upgraded/web-socket-connection.ts';
import type { ChannelOutput } from './channel-output.ts';
import type { ExchangeClient, ExchangeEnd } from './exchange-client.ts';
import type { WatchedTicket } from './watched-ticket.ts';

export type ExchangeState =
  /** In the waiting line. */
  | 'waiting'
  /** Its ticket is in the pipe, or with a worker. */
  | 'outstanding'
  /** The head of the response has been sent. */
  | 'responding'
  /** The connection has become a WebSocket or a tunnel. */
  | 'taken-over'
  | 'finished';

/** Bodies up to this size go out in one write with their head. */
const JOINED_BYTES = 16 * 1024;

const SWITCHING_PROTOCOLS = 101;
const EARLY_HINTS = 'HTTP/1.1 103 Early Hints\r\n';

export class Exchange {
  readonly head: RequestHead;
  readonly client: ExchangeClient;
  /** The fields of the ticket, in `dialect`. */
  fields: string;
  dialect: Dialect = 'wsgi';
  /** The same in another dialect: a reload may bring another class of workers while the request waits. */
  translated: ((dialect: Dialect) => Pick<Exchange, 'fields' | 'rawPath'>) | null = null;
  /** The same as environ pairs, for the access log; in the dialect of WSGI the ticket's are. */
  environ: (() => string) | null = null;
  rawPath: boolean;
  body: Buffer | null;
  /** A body that is not whole yet, in its place. */
  readonly stream: StreamedBody | null;
  /** The file that holds the body, if it did not fit into memory. */
  readonly spoolPath: string | null;
  /** `performance.now()` when the request was whole. */
  readonly arrivedMs: number;
  /** What it had waited in proxies before it came here, by X-Request-Start. */
  readonly upstreamMs: number;
  state: ExchangeState = 'waiting';
  /** Until its ticket was written, the time in proxies included. */
  queuedMs = 0;
  keepAlive: boolean;
  ticket = 0;
  /** Entry in the cancel table, while a ticket is out. */
  cancel = 0;
  pipe: TicketPipe | null = null;
  workerPid = 0;
  status = 0;
  /** Head of the response as the worker sent it: status line without version, then fields. */
  responseHead = '';
  /** Bytes of the response's body, without chunk framing; of messages; of a tunnel. */
  sentBytes = 0;
  /** Bytes of the request's body, wherever it is; of messages and of a tunnel, too. */
  requestBytes: number;
  /** Empty with the setting `request_id` off. */
  requestId = '';
  /** For the access log; final when the exchange is finished. */
  why: RequestEnd = 'answered';
  /** From the worker's WATCH on. */
  watched: WatchedTicket | null = null;
  webSocket: WebSocketConnection | null = null;
  #form: BodyForm = 'none';

  constructor(
    client: ExchangeClient,
    head: RequestHead,
    fields: string,
    rawPath: boolean,
    body: Buffer | null,
    spoolPath: string | null,
    arrivedMs: number,
    upstreamMs: number = 0,
    stream: StreamedBody | null = null,
  ) {
    this.client = client;
    this.head = head;
    this.fields = fields;
    this.rawPath = rawPath;
    this.body = body;
    this.stream = stream;
    this.spoolPath = spoolPath;
    this.arrivedMs = arrivedMs;
    this.upstreamMs = upstreamMs;
    this.keepAlive = head.keepAlive;
    this.requestBytes = body === null ? 0 : body.length;
  }

  /** Early hints: an interim response, which a client of HTTP/1.0 would take for the response itself (RFC 9110 section 15.2). */
  hint(lines: string): void {
    if (this.state === 'outstanding' && isHttp11(this.head)) this.client.write(`${EARLY_HINTS}${lines}\r\n`);
  }

  /** For a worker of this dialect. */
  translate(dialect: Dialect): void {
    if (dialect === this.dialect || this.translated === null) return;
    if (this.dialect === 'wsgi') {
      const { fields } = this;
      this.environ ??= () => fields;
    }
    const { fields, rawPath } = this.translated(dialect);
    this.fields = fields;
    this.rawPath = rawPath;
    this.dialect = dialect;
  }

  environFields(): string {
    return this.environ?.() ?? this.fields;
  }

  waitedMs(nowMs: number): number {
    return nowMs - this.arrivedMs + this.upstreamMs;
  }

  /** Its ticket is being written. Returns the flags that say what kind of ticket it is. */
  dispatched(): number {
    this.state = 'outstanding';
    this.queuedMs = this.waitedMs(performance.now());
    if (this.stream === null) return this.head.isWebSocket ? TICKET_UPGRADE : 0;
    // While it waited, the body may have become whole.
    this.body ??= this.stream.takeWhole();
    return this.body === null ? TICKET_STREAMED : 0;
  }

  /** The worker's WATCH. */
  watch(ticket: WatchedTicket): void {
    this.watched = ticket;
    if (this.state === 'finished') ticket.gone();
    else if (this.stream !== null && this.body === null) this.stream.flowTo(ticket, performance.now());
    // Whoever asks is told that the client has left, even if the client may only have stopped sending (RUNQUEUE.md, "Watching").
    const hasLeft = !this.client.awaitsAnswer() || (this.stream === null && !this.client.maySendMore());
    if (hasLeft) ticket.gone();
  }

  /** The application accepts the WebSocket. */
  accept(ticket: WatchedTicket, head: string): void {
    this.watched = ticket;
    this.#takenOver(head);
    this.webSocket = this.client.acceptWebSocket(this, ticket, head);
  }

  /** The application takes the connection raw. Null when nobody waits for that. */
  openTunnel(channel: Socket, toWorker: ChannelOutput): Tunnel | null {
    if (this.state !== 'outstanding' || !this.head.isWebSocket) return null;
    this.#takenOver('');
    return this.client.openTunnel(this, channel, toWorker);
  }

  /** The WebSocket or the tunnel has ended. */
  closed(): void {
    if (this.state === 'taken-over') this.#end('closed', this.why);
  }

  /** The worker's HEAD frame, with the first bytes of the body. */
  respond(status: number, flags: number, head: string, body: Buffer): void {
    // What a worker makes of a client that has left is not a response of the application's.
    if ((flags & ABORTED) !== 0 && this.#clientHasLeft) return this.#end('cut-off');
    this.state = 'responding';
    this.status = status;
    this.responseHead = head;
    this.#form = bodyForm(this.head, status, (flags & FRAMED) !== 0);
    const mustClose = (flags & CLOSING) !== 0 || this.#form === 'until-close' || this.#mustClose();
    if (mustClose || !this.client.mayKeepAlive()) this.keepAlive = false;

    const text = responseHead(this.head, head, this.#form, this.client.headLines.text(this.keepAlive), this.requestId);
    const isWhole = (flags & (END | ABORTED)) === END;
    if (body.length === 0 || this.#form === 'none') {
      this.client.write(isWhole && this.#form === 'chunked' ? text + LAST_CHUNK : text);
    } else if (isWhole && body.length <= JOINED_BYTES) {
      this.sentBytes = body.length;
      this.client.write(text + wholeBody(this.#form, body));
    } else {
      this.client.write(text);
      this.#send(body);
      if (isWhole && this.#form === 'chunked') this.client.write(LAST_CHUNK);
    }
    if ((flags & END) !== 0) this.#end(isWhole ? 'answered' : 'cut-off');
  }

  /** A later piece of the body. */
  continue(flags: number, piece: Buffer): void {
    if (piece.length > 0 && this.#form !== 'none') this.#send(piece);
    if ((flags & END) === 0) return;
    if ((flags & ABORTED) !== 0) return this.#end('cut-off');
    if (this.#form === 'chunked') this.client.write(LAST_CHUNK);
    this.#end('answered');
  }

  /** The gateway answers in the worker's place, if the head of a response has not gone out yet; else the response is cut off. */
  fail(refusal: Refusal, why: RequestEnd): void {
    if (this.state === 'finished') return;
    if (this.state === 'taken-over') {
      this.why = why;
      return this.webSocket?.lost();
    }
    if (this.state === 'responding') return this.#end('cut-off', why);
    this.status = refusal.status;
    this.keepAlive = false;
    const whole = ownAnswer(refusal, this.requestId, this.client.headLines);
    const answer = this.head.method === 'HEAD' ? withoutContent(whole) : whole;
    this.sentBytes = answer.bodyBytes;
    this.client.write(answer.text);
    this.#end('answered', why);
  }

  /** The client has left; what the worker still sends is thrown away. */
  abandon(why: RequestEnd = 'client-gone'): void {
    if (this.state !== 'finished') this.#end('client-gone', why);
  }

  /** The end of a response in chunks. Of any other, trailers are no part. */
  trail(lines: string): void {
    if (this.#form === 'chunked') this.client.write(`0\r\n${lines}\r\n`);
    this.#end('answered');
  }

  /** The client has stopped sending, and most likely has left. */
  left(): void {
    this.watched?.gone();
  }

  /** An event stream: it takes as long as the client listens (text/event-stream, of the HTML standard). */
  get isEventStream(): boolean {
    return this.state === 'responding' && /^content-type:[ \t]*text\/event-stream/im.test(this.responseHead);
  }

  /** What the client may still be sending is not a request: the rest of a body, or the first frames of a WebSocket that is denied. */
  #mustClose(): boolean {
    return this.head.isWebSocket || this.stream?.isOpen === true;
  }

  #takenOver(head: string): void {
    this.state = 'taken-over';
    this.status = SWITCHING_PROTOCOLS;
    this.responseHead = head;
    this.keepAlive = false;
  }

  /** A response is broken off for a client that has left, too. */
  #whyOf(end: ExchangeEnd): RequestEnd {
    if (end === 'closed') return 'answered';
    return end === 'cut-off' && this.#clientHasLeft ? 'client-gone' : end;
  }

  /** Or may have: one that has stopped sending is counted as gone by an application that watches it. */
  get #clientHasLeft(): boolean {
    return !this.client.awaitsAnswer() || this.watched?.saysGone === true;
  }

  #send(piece: Buffer): void {
    this.sentBytes += piece.length;
    if (this.#form !== 'chunked') return this.client.write(piece);
    this.client.write(chunkSize(piece.length));
    this.client.write(piece);
    this.client.write('\r\n');
  }

  #end(end: ExchangeEnd, why: RequestEnd = this.#whyOf(end)): void {
    this.state = 'finished';
    this.why = why;
    if (this.stream !== null) {
      this.requestBytes = this.stream.receivedBytes;
      this.stream.discard();
    }
    // Not after the worker's own END.
    this.watched?.gone();
    this.client.exchangeEnded(this, end);
  }
}
