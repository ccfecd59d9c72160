// The response to a request whose application has failed before its response began: FAILED in RUNQUEUE.md. It goes the way of any other
// response, so that the connection is kept. Its page has no message: nothing of the failure is the client's to know.

import { Refusal, refusalPage } from '../refusal.ts';

const { status, reasonPhrase } = new Refusal('InternalServerError', '');

export const FAILED_PAGE: Buffer = Buffer.from(refusalPage(reasonPhrase, ''), 'latin1');

/** Python's loggers and hooks say how many there are. */
export const FAILED_PAGE_BYTES: number = FAILED_PAGE.length;

export const FAILED_HEADERS: readonly (readonly [name: string, value: string])[] = [
  ['Content-Type', 'text/html'],
  ['Content-Length', String(FAILED_PAGE_BYTES)],
];

export const FAILED_STATUS: number = status;

/** In the form of a worker's. */
export const FAILED_HEAD: string = `${status} ${reasonPhrase}\r\n${FAILED_HEADERS.map(([name, value]) => `${name}: ${value}\r\n`).join('')}`;
