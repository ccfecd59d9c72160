// Request ids (the setting `request_id`): taken from the request's X-Request-ID, or generated; passed to the application, the client
// and the access log.

import { randomBytes } from 'node:crypto';
import { lastPair } from './environ-pairs.ts';

const FIELD = 'HTTP_X_REQUEST_ID';
const SENT_MAX_CHARS = 128;
const SENT = /^[\x21-\x7e]+$/;
const COUNTER_DIGITS = 12;

/** Generates ids of 32 hexadecimal digits: unique but guessable, since knowing an id should permit nothing. */
export class RequestIds {
  readonly #prefix: string = randomBytes(10).toString('hex');
  #last = 0;

  next(): string {
    this.#last += 1;
    return this.#prefix + this.#last.toString(16).padStart(COUNTER_DIGITS, '0');
  }
}

/** The id that the client or an upstream proxy sent; null for none, or for one that no log should have to hold. */
export function sentRequestId(environFields: string): string | null {
  const sent = lastPair(environFields, FIELD);
  return sent !== undefined && sent.length <= SENT_MAX_CHARS && SENT.test(sent) ? sent : null;
}

/** If a name occurs twice among environ fields, the last one counts. */
export function withRequestId(environFields: string, id: string): string {
  return `${environFields}\0${FIELD}\0${id}`;
}

/** The line for the head of a response; empty without an id, or if the response's own fields have one already. */
export function requestIdLine(id: string, responseHead: string = ''): string {
  if (id === '' || /\r\nx-request-id:/i.test(responseHead)) return '';
  return `X-Request-ID: ${id}\r\n`;
}
