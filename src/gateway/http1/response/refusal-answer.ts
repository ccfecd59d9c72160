// The gateway's own answer in the application's place. Pure.

import { requestIdLine } from '../../ticket/request-id.ts';
import { type Refusal, refusalResponse } from '../refusal.ts';
import type { ResponseHeadLines } from './response-head-lines.ts';

const HEAD_END = '\r\n\r\n';

export interface OwnAnswer {
  /** In ISO-8859-1. */
  readonly text: string;
  readonly bodyBytes: number;
}

/** The last answer of its connection. `requestId`: empty for none. */
export function ownAnswer(refusal: Refusal, requestId: string, headLines: ResponseHeadLines): OwnAnswer {
  const text = refusalResponse(refusal, headLines.text(false) + requestIdLine(requestId));
  return { text, bodyBytes: text.length - text.indexOf(HEAD_END) - HEAD_END.length };
}

/** RFC 9110 section 9.3.2: a response to HEAD has no content, even if the gateway makes it. */
export function withoutContent({ text }: OwnAnswer): OwnAnswer {
  return { text: text.slice(0, text.indexOf(HEAD_END) + HEAD_END.length), bodyBytes: 0 };
}
