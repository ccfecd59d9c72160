// The response to a request whose application failed before its response began: FAILED in RUNQUEUE.md. It is sent like any other response,
// so that the connection stays open. Its page has no message: the client must not learn anything about the failure.

import type { ResponseHead } from '../../../runqueue/channel-decoder.ts';
import { FRAMED } from '../../../runqueue/channel-frame.ts';
import { Refusal, refusalPage } from '../refusal.ts';

const { status, reasonPhrase } = new Refusal('InternalServerError', '');

export const FAILED_PAGE: Buffer = Buffer.from(refusalPage(reasonPhrase, ''), 'latin1');

/** For the access log of Python's loggers and for hooks. */
export const FAILED_PAGE_BYTES: number = FAILED_PAGE.length;

export const FAILED_HEADERS: readonly (readonly [name: string, value: string])[] = [
  ['Content-Type', 'text/html'],
  ['Content-Length', String(FAILED_PAGE_BYTES)],
];

const LINES = `${status} ${reasonPhrase}\r\n${FAILED_HEADERS.map(([name, value]) => `${name}: ${value}\r\n`).join('')}`;

/** As if the worker had sent it. `flags` are the flags of FAILED. */
export function failedHead(flags: number): ResponseHead {
  return { status, flags: flags | FRAMED, lines: LINES };
}
