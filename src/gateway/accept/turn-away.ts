// The answer to a connection beyond gateway_connections, and what the access log says of it. Pure. Called by the gateway.

import type { HttpSettings } from '../http-settings.ts';
import { Refusal } from '../http1/refusal.ts';
import { ownAnswer } from '../http1/response/own-answer.ts';
import type { UnservedRequest } from '../report/access-records.ts';
import { requestLineOf } from '../request/rejected-request.ts';

export interface TurnedAway {
  /** In ISO-8859-1. */
  readonly response: string;
  /** Of the first bytes that the client sends. */
  readonly logged: (chunk: Buffer) => UnservedRequest;
}

export function turnAway(
  socket: { readonly remoteAddress?: string | undefined },
  http: HttpSettings,
  sinceMs: number,
): TurnedAway {
  const refusal = new Refusal('ServiceUnavailable', 'too many connections');
  const requestId = http.requestIds === null ? '' : http.requestIds.next();
  const { text, bodyBytes } = ownAnswer(refusal, requestId, http.headLines);
  // Not to be had any more when the socket is closed.
  const connection = { remoteAddress: socket.remoteAddress ?? '', number: 0 };
  const logged = (chunk: Buffer): UnservedRequest => ({
    connection,
    requestOfConnection: 1,
    head: null,
    line: requestLineOf(chunk.toString('latin1'), http.rules),
    fields: () => '',
    requestBytes: 0,
    sinceMs,
    requestId,
    answer: { status: refusal.status, bodyBytes },
    end: 'overload',
  });
  return { response: text, logged };
}
