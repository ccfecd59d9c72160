// A request whose head, at least, is complete: an immutable value. What happens to it later is its exchange's state.

import type { Dialect } from '../../runqueue/dialect.ts';
import type { RequestHead } from '../http1/head/request-head.ts';
import type { StreamedBody } from '../request/streamed-body.ts';

/** The fields of a ticket that describe the request. */
export interface TicketFields {
  readonly fields: string;
  /** PATH_INFO is left percent-encoded. */
  readonly rawPath: boolean;
}

/** Produces the fields of a request, and can do so again for another dialect. */
export interface FieldsSource {
  ticketFields(request: Request, dialect: Dialect): TicketFields;
  /** The request as environ pairs for the access log, for either kind of application. */
  environ(head: RequestHead, madeRequestId: string | null): string;
}

export interface Request extends TicketFields {
  readonly head: RequestHead;
  /** The dialect of `fields`. */
  readonly dialect: Dialect;
  readonly source: FieldsSource;
  /** The whole body in memory, if it came with the request; see also `bodyOf`. */
  readonly body: Buffer | null;
  /** A body that was incomplete when the request was admitted. */
  readonly stream: StreamedBody | null;
  /** The file that holds the body, if it did not fit into memory. */
  readonly spoolPath: string | null;
  /** Bytes of the body, unless it is streamed. */
  readonly bodyBytes: number;
  /** `performance.now()` when the request was admitted. */
  readonly arrivedMs: number;
  /** The time that it spent in proxies before it arrived here, according to X-Request-Start. */
  readonly upstreamMs: number;
  /** Null if the setting `request_id` is off. */
  readonly requestId: string | null;
  /** The same, if it was generated here and not sent by the client. */
  readonly madeRequestId: string | null;
}

/** How long the request has waited for a worker, including the time in proxies. */
export function waitedMs(request: Request, nowMs: number): number {
  return nowMs - request.arrivedMs + request.upstreamMs;
}

/** The body, if all of it is in memory: from the start, or because it was complete before its ticket was written. */
export function bodyOf(request: Request): Buffer | null {
  return request.body ?? request.stream?.whole ?? null;
}

/** A reload may change the worker class while the request waits. */
export function fieldsFor(request: Request, dialect: Dialect): TicketFields {
  return dialect === request.dialect ? request : request.source.ticketFields(request, dialect);
}

/** The same as environ pairs, for the access log. */
export function environOf(request: Request): string {
  return request.dialect === 'wsgi' ? request.fields : request.source.environ(request.head, request.madeRequestId);
}
