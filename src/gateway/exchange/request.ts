// A request that is whole, or whose head is: one value, which nothing changes. What becomes of it is its exchange's state.

import type { Dialect } from '../../runqueue/dialect.ts';
import type { RequestHead } from '../http1/head/request-head.ts';
import type { StreamedBody } from '../request/streamed-body.ts';

/** What a ticket says of a request. */
export interface TicketFields {
  readonly fields: string;
  /** PATH_INFO is left percent-encoded. */
  readonly rawPath: boolean;
}

/** Where the fields of a request come from: they can be written again, for another reader. */
export interface FieldsSource {
  ticketFields(request: Request, dialect: Dialect): TicketFields;
  /** The request as the access log shows it, whatever its application is. */
  environ(head: RequestHead, madeRequestId: string | null): string;
}

export interface Request extends TicketFields {
  readonly head: RequestHead;
  /** Of `fields`. */
  readonly dialect: Dialect;
  readonly source: FieldsSource;
  /** The whole body in memory, if it came with the request; see also `bodyOf`. */
  readonly body: Buffer | null;
  /** A body that was not whole yet when the request was admitted. */
  readonly stream: StreamedBody | null;
  /** The file that holds the body, if it did not fit into memory. */
  readonly spoolPath: string | null;
  /** Bytes of the body, unless it is streamed. */
  readonly bodyBytes: number;
  /** `performance.now()` when the request was admitted. */
  readonly arrivedMs: number;
  /** What it had waited in proxies before it came here, by X-Request-Start. */
  readonly upstreamMs: number;
  /** Null with the setting `request_id` off. */
  readonly requestId: string | null;
  /** The same, if it was made here and not sent by the client. */
  readonly madeRequestId: string | null;
}

/** How long the request has waited for a worker, the time in proxies included. */
export function waitedMs(request: Request, nowMs: number): number {
  return nowMs - request.arrivedMs + request.upstreamMs;
}

/** The body that is in memory as a whole: from the start, or because it became whole before its ticket was written. */
export function bodyOf(request: Request): Buffer | null {
  return request.body ?? request.stream?.whole ?? null;
}

/** A reload may bring another class of workers while the request waits. */
export function fieldsFor(request: Request, dialect: Dialect): TicketFields {
  return dialect === request.dialect ? request : request.source.ticketFields(request, dialect);
}

/** The same as environ pairs, for the access log. */
export function environOf(request: Request): string {
  return request.dialect === 'wsgi' ? request.fields : request.source.environ(request.head, request.madeRequestId);
}
