// One request and its response, from the moment the request is whole until the last byte of the response is on its way.

import type { Socket } from 'node:net';
import type { RequestEnd } from '../log/access-record.ts';
import { ABORTED, END, FRAMED } from '../runqueue/channel-frame.ts';
import { latin1Text } from '../runqueue/latin1.ts';
import { TICKET_STREAMED, TICKET_UPGRADE } from '../runqueue/ticket.ts';
import { type Refusal, refusalResponse } from './http/refusal.ts';
import type { RequestHead } from './http/request-head.ts';
import { requestIdLine } from './request-id.ts';
import { responseHeadLines } from './response-head-lines.ts';
import type { StreamedBody } from './streamed-body.ts';
import type { TicketPipe } from './ticket-pipe.ts';
import type { Tunnel } from './tunnel.ts';
import type { WatchedTicket } from './watched-ticket.ts';
import type { WebSocketConnection } from './web-socket-connection.ts';

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

/** How the exchange ended, for the connection. */
export type ExchangeEnd =
  /** The whole response was handed to the connection. */
  | 'answered'
  /** The response was cut off, so the connection cannot be used again. */
  | 'cut-off'
  /** A WebSocket or a tunnel, and with it the connection. */
  | 'closed'
  | 'client-gone';

/** The connection's side of an exchange. */
export interface ExchangeClient {
  write(data: string | Buffer): void;
  /** Whether a response that starts now may say that the connection stays open. */
  mayKeepAlive(): boolean;
  /** Whether the client still waits for the answer, as far as one can tell. */
  awaitsAnswer(): boolean;
  /** Whether the client has not shut down its sending side. */
  maySendMore(): boolean;
  /** Whether the client's buffer is full; `resume` is called when it is not any more. */
  holdsBack(resume: () => void): boolean;
  /** The application accepts the WebSocket, with this head. Null when the client has just left. */
  acceptWebSocket(exchange: Exchange, ticket: WatchedTicket, head: string): WebSocketConnection | null;
  /** The connection becomes a tunnel to this channel. */
  openTunnel(exchange: Exchange, channel: Socket): Tunnel | null;
  exchangeEnded(exchange: Exchange, end: ExchangeEnd): void;
}

/** Bodies up to this size go out in one write with their head. */
const JOINED_BYTES = 16 * 1024;

const SWITCHING_PROTOCOLS = 101;
const EARLY_HINTS = 'HTTP/1.1 103 Early Hints\r\n';
const NO_BODY = 'none';
type BodyForm = typeof NO_BODY | 'framed' | 'chunked' | 'until-close';

/** How the fields of a ticket are written: for which kind of application. */
export type Dialect = 'wsgi' | 'asgi';

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
  #form: BodyForm = NO_BODY;

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
    if (this.state === 'outstanding' && this.#isHttp11()) this.client.write(`${EARLY_HINTS}${lines}\r\n`);
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
  openTunnel(channel: Socket): Tunnel | null {
    if (this.state !== 'outstanding' || !this.head.isWebSocket) return null;
    this.#takenOver('');
    return this.client.openTunnel(this, channel);
  }

  /** The WebSocket or the tunnel has ended. */
  closed(): void {
    if (this.state === 'taken-over') this.#end('closed', this.why);
  }

  /** The worker's HEAD frame, with the first bytes of the body. */
  respond(status: number, flags: number, head: string, body: Buffer): void {
    this.state = 'responding';
    this.status = status;
    this.responseHead = head;
    if (this.head.method === 'HEAD' || status === 204 || status === 304) this.#form = NO_BODY;
    else if ((flags & FRAMED) !== 0) this.#form = 'framed';
    else this.#form = this.#isHttp11() ? 'chunked' : 'until-close';
    if (this.#form === 'until-close' || this.#mustClose() || !this.client.mayKeepAlive()) this.keepAlive = false;

    const lineEnd = head.indexOf('\r\n') + 2;
    const codings = this.#form === 'chunked' ? 'Transfer-Encoding: chunked\r\n' : '';
    // RFC 9112 section 2.3: the highest version that this server conforms to, and no higher than a 1.0 client's.
    const protocol = this.#isHttp11() ? 'HTTP/1.1' : 'HTTP/1.0';
    const id = this.requestId === '' ? '' : requestIdLine(this.requestId, head);
    const text = `${protocol} ${head.slice(0, lineEnd)}${responseHeadLines(this.keepAlive)}${id}${codings}${head.slice(lineEnd)}\r\n`;
    const isWhole = (flags & (END | ABORTED)) === END;
    if (body.length === 0 || this.#form === NO_BODY) {
      this.client.write(isWhole && this.#form === 'chunked' ? `${text}0\r\n\r\n` : text);
    } else if (isWhole && body.length <= JOINED_BYTES) {
      this.sentBytes = body.length;
      this.client.write(text + this.#framed(body));
    } else {
      this.client.write(text);
      this.#send(body);
      if (isWhole && this.#form === 'chunked') this.client.write('0\r\n\r\n');
    }
    if ((flags & END) !== 0) this.#end(isWhole ? 'answered' : 'cut-off');
  }

  /** A later piece of the body. */
  continue(flags: number, piece: Buffer): void {
    if (piece.length > 0 && this.#form !== NO_BODY) this.#send(piece);
    if ((flags & END) === 0) return;
    if ((flags & ABORTED) !== 0) return this.#end('cut-off');
    if (this.#form === 'chunked') this.client.write('0\r\n\r\n');
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
    const response = refusalResponse(refusal, responseHeadLines(false) + requestIdLine(this.requestId));
    const headEnd = response.indexOf('\r\n\r\n') + 4;
    // RFC 9110 section 9.3.2: a response to HEAD has no content, whoever makes it.
    const sent = this.head.method === 'HEAD' ? response.slice(0, headEnd) : response;
    this.sentBytes = sent.length - headEnd;
    this.client.write(sent);
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

  #isHttp11(): boolean {
    const [major, minor] = this.head.version;
    return major > 1 || (major === 1 && minor >= 1);
  }

  #framed(body: Buffer): string {
    const text = latin1Text(body, 0, body.length);
    return this.#form === 'chunked' ? `${chunkSize(body.length)}${text}\r\n0\r\n\r\n` : text;
  }

  #send(piece: Buffer): void {
    this.sentBytes += piece.length;
    if (this.#form !== 'chunked') return this.client.write(piece);
    this.client.write(chunkSize(piece.length));
    this.client.write(piece);
    this.client.write('\r\n');
  }

  #end(end: ExchangeEnd, why: RequestEnd = end === 'closed' ? 'answered' : end): void {
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

function chunkSize(bytes: number): string {
  return `${bytes.toString(16).toUpperCase()}\r\n`;
}
