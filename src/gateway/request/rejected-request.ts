// The request that is under way on a connection when the connection ends or refuses it: as much of it as is known. Made by the
// connection for the access log.

import type { RequestEnd } from '../../log/access-record.ts';
import type { HeadReader } from '../http1/head/head-reader.ts';
import type { HeadRules } from '../http1/head/head-rules.ts';
import { parseRequestLine, type RequestLine } from '../http1/head/request-line.ts';
import { Refusal } from '../http1/refusal.ts';

/** Why a refused request ended; `drain` refuses what stalls when the server shuts down. */
export function endOfRefusal(refusal: Refusal): RequestEnd {
  switch (refusal.code) {
    case 'IncompleteRequest':
      return 'client-gone';
    case 'RequestTimeout':
      return 'request-timeout';
    default:
      return 'refused';
  }
}

/** The request line at the start of `text`, if it is there and is one. */
export function requestLineOf(text: string, rules: HeadRules): RequestLine | null {
  const crlf = text.indexOf('\r\n');
  const line = parseRequestLine(text, crlf < 0 ? text.length : crlf, rules);
  return line instanceof Refusal ? null : line;
}

/** The same of a head that is not whole: only a line that has its end counts. */
export function unfinishedLineOf(heads: HeadReader, rules: HeadRules): RequestLine | null {
  const text = heads.unfinishedLine;
  return text === null ? null : requestLineOf(text, rules);
}
