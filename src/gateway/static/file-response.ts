// The head of a response with a file. Pure.

import type { ResponseHead } from '../../runqueue/channel-decoder.ts';
import { END, FRAMED } from '../../runqueue/channel-frame.ts';
import { formatHttpDate } from '../http1/http-date.ts';
import { refusalPage } from '../http1/refusal.ts';
import type { FileVersion, Verdict } from './conditions.ts';

/** A file as it is sent: itself, or the compressed file beside it. */
export interface Representation extends FileVersion {
  readonly mediaType: string;
  /** The Content-Encoding; null: none. */
  readonly coding: string | null;
  /** Whether another Accept-Encoding leads to another response. */
  readonly varies: boolean;
}

/** A whole response, or only its head: `endByte` is the first byte after those to be sent. */
export interface FileResponse {
  readonly head: ResponseHead;
  readonly startByte: number;
  readonly endByte: number;
}

export interface OwnResponse {
  readonly head: ResponseHead;
  readonly page: Buffer;
}

/** `expiresSeconds` 0: no Cache-Control. */
export function fileResponse(verdict: Verdict, file: Representation, expiresSeconds: number): FileResponse {
  const { sizeBytes } = file;
  const fields = validatorLines(file) + (expiresSeconds > 0 ? `Cache-Control: max-age=${expiresSeconds}\r\n` : '');
  switch (verdict.kind) {
    case 'not-modified':
      return headOnly(304, `304 Not Modified\r\n${fields}`);
    case 'precondition-failed':
      return headOnly(412, '412 Precondition Failed\r\nContent-Length: 0\r\n');
    case 'unsatisfiable':
      return headOnly(416, `416 Range Not Satisfiable\r\nContent-Range: bytes */${sizeBytes}\r\nContent-Length: 0\r\n`);
    case 'part': {
      const { startByte, endByte } = verdict;
      const range = `Content-Range: bytes ${startByte}-${endByte - 1}/${sizeBytes}\r\n`;
      const lines = `206 Partial Content\r\n${contentLines(file, endByte - startByte)}${range}${fields}`;
      return { head: { status: 206, flags: FRAMED, lines }, startByte, endByte };
    }
    case 'whole': {
      const lines = `200 OK\r\n${contentLines(file, sizeBytes)}Accept-Ranges: bytes\r\n${fields}`;
      return { head: { status: 200, flags: FRAMED, lines }, startByte: 0, endByte: sizeBytes };
    }
  }
}

/** `location`: the path of the folder with a slash at its end, and the query. */
export function redirectResponse(location: string): OwnResponse {
  return ownResponse(301, 'Moved Permanently', `Location: ${location}\r\n`);
}

export const NOT_FOUND: OwnResponse = ownResponse(404, 'Not Found');
export const FORBIDDEN: OwnResponse = ownResponse(403, 'Forbidden');
export const NOT_ALLOWED: OwnResponse = ownResponse(405, 'Method Not Allowed', 'Allow: GET, HEAD\r\n');

/** Strong, because a file changes its size or its time, and each coding has its own. It is the same on every host with the same copy. */
export function etagOf(sizeBytes: number, mtimeMs: number, coding: string | null): string {
  const version = `${Math.floor(mtimeMs * 1000).toString(16)}-${sizeBytes.toString(16)}`;
  return coding === null ? `"${version}"` : `"${version}-${coding}"`;
}

function headOnly(status: number, lines: string): FileResponse {
  return { head: { status, flags: FRAMED | END, lines }, startByte: 0, endByte: 0 };
}

function contentLines({ mediaType, coding }: Representation, lengthBytes: number): string {
  const encoding = coding === null ? '' : `Content-Encoding: ${coding}\r\n`;
  return `Content-Type: ${mediaType}\r\n${encoding}Content-Length: ${lengthBytes}\r\n`;
}

function validatorLines({ etag, modifiedSeconds, varies }: Representation): string {
  const vary = varies ? 'Vary: Accept-Encoding\r\n' : '';
  return `ETag: ${etag}\r\nLast-Modified: ${formatHttpDate(modifiedSeconds)}\r\n${vary}`;
}

function ownResponse(status: number, reasonPhrase: string, moreLines: string = ''): OwnResponse {
  const page = Buffer.from(refusalPage(reasonPhrase, ''), 'latin1');
  const lines = `${status} ${reasonPhrase}\r\n${moreLines}Content-Type: text/html\r\nContent-Length: ${page.length}\r\n`;
  return { head: { status, flags: FRAMED | END, lines }, page };
}
