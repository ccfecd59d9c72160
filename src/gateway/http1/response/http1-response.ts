// The responses of one HTTP/1 connection, one after another: their framing, and whether the connection can be used again afterwards.

import type { ResponseHead } from '../../../runqueue/channel-decoder.ts';
import { ABORTED, CLOSING, END, FRAMED } from '../../../runqueue/channel-frame.ts';
import type { Request } from '../../exchange/request.ts';
import type { ResponseWriter } from '../../exchange/response-writer.ts';
import type { Refusal } from '../refusal.ts';
import { ownAnswer, withoutContent } from './refusal-answer.ts';
import {
  type BodyForm,
  bodyForm,
  chunkSize,
  isHttp11,
  LAST_CHUNK,
  responseHead,
  wholeBody,
} from './response-framing.ts';
import type { ResponseHeadLines } from './response-head-lines.ts';

/** Bodies up to this size are written together with their head. */
const JOINED_BYTES = 16 * 1024;
const EARLY_HINTS = 'HTTP/1.1 103 Early Hints\r\n';

export interface Http1Output {
  /** The lines that the gateway adds to the head of a response. */
  readonly headLines: ResponseHeadLines;
  write(data: string | Buffer): void;
  /** Whether a response that starts now may keep the connection open. */
  mayKeepAlive(): boolean;
}

export class Http1Response implements ResponseWriter {
  readonly #output: Http1Output;
  #form: BodyForm = 'none';
  #keepsAlive = false;

  constructor(output: Http1Output) {
    this.#output = output;
  }

  /** Whether the last response left the connection open. */
  get keepsAlive(): boolean {
    return this.#keepsAlive;
  }

  /** An HTTP/1.0 client would mistake an interim response for the response itself (RFC 9110 section 15.2). */
  hint(request: Request, lines: string): void {
    if (isHttp11(request.head)) this.#output.write(`${EARLY_HINTS}${lines}\r\n`);
  }

  respond(request: Request, head: ResponseHead, body: Buffer): number {
    const { flags } = head;
    const form = bodyForm(request.head, head.status, (flags & FRAMED) !== 0);
    const mustClose = (flags & CLOSING) !== 0 || form === 'until-close' || expectsMore(request);
    this.#form = form;
    this.#keepsAlive = request.head.keepAlive && !mustClose && this.#output.mayKeepAlive();
    const text = responseHead(request, head.lines, form, this.#output.headLines.text(this.#keepsAlive));
    const isWhole = (flags & (END | ABORTED)) === END;
    if (body.length === 0 || form === 'none') {
      this.#output.write(isWhole && form === 'chunked' ? text + LAST_CHUNK : text);
      return 0;
    }
    if (isWhole && body.length <= JOINED_BYTES) {
      this.#output.write(text + wholeBody(form, body));
      return body.length;
    }
    this.#output.write(text);
    this.body(body);
    if (isWhole) this.end();
    return body.length;
  }

  body(piece: Buffer): number {
    if (piece.length === 0 || this.#form === 'none') return 0;
    if (this.#form === 'chunked') {
      this.#output.write(chunkSize(piece.length));
      this.#output.write(piece);
      this.#output.write('\r\n');
    } else {
      this.#output.write(piece);
    }
    return piece.length;
  }

  /** Only a chunked response can have trailers. */
  trailers(lines: string): void {
    if (this.#form === 'chunked') this.#output.write(`0\r\n${lines}\r\n`);
  }

  end(): void {
    if (this.#form === 'chunked') this.#output.write(LAST_CHUNK);
  }

  answer(request: Request, refusal: Refusal): number {
    this.#keepsAlive = false;
    const whole = ownAnswer(refusal, request.requestId ?? '', this.#output.headLines);
    const { text, bodyBytes } = request.head.method === 'HEAD' ? withoutContent(whole) : whole;
    this.#output.write(text);
    return bodyBytes;
  }
}

/** The client's next bytes may not be a request: the rest of a body, or the first frames of a WebSocket that was denied. */
function expectsMore({ head, stream }: Request): boolean {
  return head.isWebSocket || stream?.isOpen === true;
}
