// An incomplete request at the moment when its connection ends or refuses it: as much of it as is known. For the access log.

import type { RequestEnd } from '../../log/access-record.ts';
import type { HeadReader } from '../http1/head/head-reader.ts';
import type { HeadRules } from '../http1/head/head-rules.ts';
import type { RequestHead } from '../http1/head/request-head.ts';
import { parseRequestLine, type RequestLine } from '../http1/head/request-line.ts';
import { Refusal } from '../http1/refusal.ts';
import type { ReadingStage } from './reading-stage.ts';

/** The head, or the request line, or nothing. */
export interface RejectedRequest {
  readonly head: RequestHead | null;
  readonly line: RequestLine | null;
  /** Whether its answer has no content, whatever else is wrong with it (RFC 9110 section 9.3.2). */
  readonly isHead: boolean;
  readonly requestBytes: number;
  readonly sinceMs: number;
}

export interface ReadSoFar {
  readonly heads: HeadReader;
  readonly rules: HeadRules;
  /** When the client last made progress, or was expected to. */
  readonly sinceMs: number;
}

const HEAD_METHOD = 'HEAD ';

/** `known` is the head, or the text of one that cannot be parsed. */
export function rejectedRequest(
  stage: ReadingStage,
  known: RequestHead | string | null,
  { heads, rules, sinceMs }: ReadSoFar,
): RejectedRequest {
  const nothing = { head: null, line: null, isHead: false, requestBytes: 0, sinceMs };
  if (typeof known === 'string') {
    return { ...nothing, line: requestLineOf(known, rules), isHead: known.startsWith(HEAD_METHOD) };
  }
  if (known !== null) return { ...nothing, head: known, isHead: known.method === 'HEAD' };
  switch (stage.kind) {
    case 'idle':
      return nothing;
    case 'head':
      return { ...nothing, line: unfinishedLineOf(heads, rules), isHead: heads.beginsWith(HEAD_METHOD) };
    case 'body': {
      const { head, body } = stage;
      const isHead = head.method === 'HEAD';
      return { ...nothing, head, isHead, requestBytes: body.receivedBytes, sinceMs: stage.sinceMs };
    }
    case 'streamed-body':
      return { ...nothing, head: stage.head, isHead: stage.head.method === 'HEAD' };
  }
}

/** Why a refused request ended; a drain refuses requests that stall during the shutdown. */
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

/** The request line at the start of `text`, if it is complete and valid. */
export function requestLineOf(text: string, rules: HeadRules): RequestLine | null {
  const crlf = text.indexOf('\r\n');
  const line = parseRequestLine(text, crlf < 0 ? text.length : crlf, rules);
  return line instanceof Refusal ? null : line;
}

/** The same for an incomplete head: only a line that has ended counts. */
function unfinishedLineOf(heads: HeadReader, rules: HeadRules): RequestLine | null {
  const text = heads.unfinishedLine;
  return text === null ? null : requestLineOf(text, rules);
}
