// A finished request, as the access log sees it. The compiled format (access-log-format.ts) reads only the fields that it prints, so
// getters and look-ups may be lazy.

/** Why a request ended: `end` in the JSON form of the access log. */
export type RequestEnd =
  /** The whole response was handed to the connection. */
  | 'answered'
  /** The application aborted its response, or a file changed while it was sent. */
  | 'cut-off'
  /** The client left, or stopped sending, before it had its response. */
  | 'client-gone'
  /** The request broke a rule of HTTP or a limit: 4xx, 5xx by the gateway. */
  | 'refused'
  /** The client sent it too slowly: 408. */
  | 'request-timeout'
  /** The client read nothing of the response for write_timeout. */
  | 'write-timeout'
  /** The application ran longer than `timeout`: 504, or a response that is cut off. */
  | 'timeout'
  /** The worker died: 502, or a response that is cut off. */
  | 'worker-died'
  /** It waited longer than queue_timeout: 503. */
  | 'queue-timeout'
  /** Beyond queue_limit or gateway_connections: 503. */
  | 'overload'
  /** The server shut down first: 503, or a response that is cut off. */
  | 'shutting-down'
  /** No room on the disk for its body (503) or for its response (cut off). */
  | 'spool-failed';

export interface AccessRecord {
  /** The peer's address; the empty string for a Unix socket. */
  readonly remoteAddress: string | undefined;
  /** All five are undefined if the request line could not be parsed. `path` is decoded, `target` is as received. */
  readonly method: string | undefined;
  readonly target: string | undefined;
  readonly protocol: string | undefined;
  readonly path: string | undefined;
  readonly query: string | undefined;
  /** Both are undefined if the head could not be parsed. */
  readonly scheme: string | undefined;
  readonly host: string | undefined;
  /** Undefined if the client left before a status was known. */
  readonly status: number | undefined;
  /** Size of the response's body, without chunked framing. */
  readonly bodyBytes: number;
  /** Size of the request's body as far as it was received, without chunked framing. */
  readonly requestBytes: number;
  /** Counted from when the request was complete; if it never was, from when its body, or else its head, began. */
  readonly durationUs: number;
  /** How long the request waited for a worker, from X-Request-Start where a trusted proxy sends it. */
  readonly queuedMs: number;
  readonly end: RequestEnd;
  /** The worker that ran the request; undefined if none did. */
  readonly workerPid: number | undefined;
  /** The process that answered: the worker, or the gateway itself. */
  readonly pid: number;
  /** The ticket's generation; undefined if the request never had a ticket. */
  readonly generation: number | undefined;
  /** Undefined if the setting `request_id` is off. */
  readonly requestId: string | undefined;
  /** Number of the connection within this gateway process; 0 if it was turned away. */
  readonly connection: number;
  /** Number of the request on its connection. */
  readonly requestOfConnection: number;
  /** By lower-case name; the last of repeated fields, as in Gunicorn. */
  requestHeader(name: string): string | undefined;
  /** A field that the application set, by lower-case name. */
  responseHeader(name: string): string | undefined;
  /** By lower-case name, regardless of the variable's own case (`wsgi.url_scheme`, `REQUEST_METHOD`). */
  environ(name: string): string | undefined;
}
