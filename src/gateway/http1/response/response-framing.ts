// The head of an HTTP/1 response, and the framing of its body (RFC 9112 section 6). Pure.

import { latin1Text } from '../../../runqueue/latin1.ts';
import type { Request } from '../../exchange/request.ts';
import { requestIdLine } from '../../ticket/request-id.ts';
import type { RequestHead } from '../head/request-head.ts';

/** `framed`: by the application, with a Content-Length or chunks of its own. */
export type BodyForm = 'none' | 'framed' | 'chunked' | 'until-close';

export const LAST_CHUNK = '0\r\n\r\n';

export function bodyForm(request: RequestHead, status: number, isFramed: boolean): BodyForm {
  if (request.method === 'HEAD' || status === 204 || status === 304) return 'none';
  if (isFramed) return 'framed';
  return isHttp11(request) ? 'chunked' : 'until-close';
}

/** `lines` come from the worker: status line without version, then fields. `ownLines` are the gateway's. */
export function responseHead(request: Request, lines: string, form: BodyForm, ownLines: string): string {
  const { head, requestId } = request;
  const lineEnd = lines.indexOf('\r\n') + 2;
  const codings = form === 'chunked' ? 'Transfer-Encoding: chunked\r\n' : '';
  // RFC 9112 section 2.3: the highest version that this server conforms to, but no higher than a 1.0 client's.
  const protocol = isHttp11(head) ? 'HTTP/1.1' : 'HTTP/1.0';
  const id = requestId === null ? '' : requestIdLine(requestId, lines);
  return `${protocol} ${lines.slice(0, lineEnd)}${ownLines}${id}${codings}${lines.slice(lineEnd)}\r\n`;
}

/** The whole of a body. */
export function wholeBody(form: BodyForm, body: Buffer): string {
  const text = latin1Text(body, 0, body.length);
  return form === 'chunked' ? `${chunkSize(body.length)}${text}\r\n${LAST_CHUNK}` : text;
}

export function chunkSize(bytes: number): string {
  return `${bytes.toString(16).toUpperCase()}\r\n`;
}

export function isHttp11({ version: [major, minor] }: RequestHead): boolean {
  return major > 1 || (major === 1 && minor >= 1);
}
