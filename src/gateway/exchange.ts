// One request and its response, from the moment the request is whole until the last byte of the response is on its way.

import type { RequestEnd } from '../log/access-record.ts';
import { ABORTED, END, FRAMED } from '../runqueue/channel-frame.ts';
import { latin1Text } from '../runqueue/latin1.ts';
import { type Refusal, refusalResponse } from './http/refusal.ts';
import type { RequestHead } from './http/request-head.ts';
import { requestIdLine } from './request-id.ts';
import { responseHeadLines } from './response-head-lines.ts';
import type { TicketPipe } from './ticket-pipe.ts';

export type ExchangeState =
  /** In the waiting line. */
  | 'waiting'
  /** Its ticket is in the pipe, or with a worker. */
  | 'outstanding'
  /** The head of the response has been sent. */
  | 'responding'
  | 'finished';

/** How the exchange ended, for the connection. */
export type ExchangeEnd =
  /** The whole response was handed to the connection. */
  | 'answered'
  /** The response was cut off, so the connection cannot be used again. */
  | 'cut-off'
  | 'client-gone';

/** The connection's side of an exchange. */
export interface ExchangeClient {
  write(data: string | Buffer): void;
  /** Whether a response that starts now may say that the connection stays open. */
  mayKeepAlive(): boolean;
  /** Whether the client still waits for the answer, as far as one can tell. */
  awaitsAnswer(): boolean;
  /** Whether the client's buffer is full; `resume` is called when it is not any more. */
  holdsBack(resume: () => void): boolean;
  exchangeEnded(exchange: Exchange, end: ExchangeEnd): void;
}

/** Bodies up to this size go out in one write with their head. */
const JOINED_BYTES = 16 * 1024;

const EARLY_HINTS = 'HTTP/1.1 103 Early Hints\r\n';
const NO_BODY = 'none';
type BodyForm = typeof NO_BODY | 'framed' | 'chunked' | 'until-close';

export class Exchange {
  readonly head: RequestHead;
  readonly client: ExchangeClient;
  /** The environ fields of the ticket. */
  readonly fields: string;
  readonly rawPath: boolean;
  readonly body: Buffer | null;
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
  /** Bytes of the response's body, without chunk framing. */
  sentBytes = 0;
  /** Bytes of the request's body, wherever it is. */
  requestBytes: number;
  /** Empty with the setting `request_id` off. */
  requestId = '';
  /** For the access log; final when the exchange is finished. */
  why: RequestEnd = 'answered';
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
  ) {
    this.client = client;
    this.head = head;
    this.fields = fields;
    this.rawPath = rawPath;
    this.body = body;
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

  waitedMs(nowMs: number): number {
    return nowMs - this.arrivedMs + this.upstreamMs;
  }

  /** Its ticket is being written. */
  dispatched(): void {
    this.state = 'outstanding';
    this.queuedMs = this.waitedMs(performance.now());
  }

  /** The worker's HEAD frame, with the first bytes of the body. */
  respond(status: number, flags: number, head: string, body: Buffer): void {
    this.state = 'responding';
    this.status = status;
    this.responseHead = head;
    if (this.head.method === 'HEAD' || status === 204 || status === 304) this.#form = NO_BODY;
    else if ((flags & FRAMED) !== 0) this.#form = 'framed';
    else this.#form = this.#isHttp11() ? 'chunked' : 'until-close';
    if (this.#form === 'until-close' || !this.client.mayKeepAlive()) this.keepAlive = false;

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

  #end(end: ExchangeEnd, why: RequestEnd = end): void {
    this.state = 'finished';
    this.why = why;
    this.client.exchangeEnded(this, end);
  }
}

function chunkSize(bytes: number): string {
  return `${bytes.toString(16).toUpperCase()}\r\n`;
}
