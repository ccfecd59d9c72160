// What the access log wants to know of a request that is over. The gateway makes one per logged request; the compiled format
// (access-log-format.ts) asks only for what it prints, so getters and look-ups may be lazy.

/** Why a request ended: `end` in the JSON form of the access log. */
export type RequestEnd =
  /** The whole response was handed to the connection. */
  | 'answered'
  /** The application broke its response off. */
  | 'cut-off'
  /** The client left, or stopped sending, before it had its response. */
  | 'client-gone'
  /** The request broke a rule of HTTP or a limit: 4xx, 5xx by the gateway. */
  | 'refused'
  /** The client was too slow in sending it: 408. */
  | 'request-timeout'
  /** The client took nothing of the response for write_timeout. */
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
  /** Undefined, all five, where the request line could not be parsed. `path` is decoded, `target` as it came. */
  readonly method: string | undefined;
  readonly target: string | undefined;
  readonly protocol: string | undefined;
  readonly path: string | undefined;
  readonly query: string | undefined;
  /** Undefined, both, where the head could not be parsed. */
  readonly scheme: string | undefined;
  readonly host: string | undefined;
  /** Undefined where the client left before there was any. */
  readonly status: number | undefined;
  /** Of the response's body, without the framing of the chunked coding. */
  readonly bodyBytes: number;
  /** Of the request's body, without that framing, as far as it came. */
  readonly requestBytes: number;
  /** From when the request was whole; of one that never was, from when its body, or else its head, began. */
  readonly durationUs: number;
  /** How long the request waited for a worker, from X-Request-Start where a trusted proxy sends it. */
  readonly queuedMs: number;
  readonly end: RequestEnd;
  /** The worker that ran the request; undefined where none did. */
  readonly workerPid: number | undefined;
  /** The process that answered: the worker, or the gateway itself. */
  readonly pid: number;
  /** Of the ticket; undefined where the request never had one. */
  readonly generation: number | undefined;
  /** Undefined with the setting `request_id` off. */
  readonly requestId: string | undefined;
  /** Counts the connections of this gateway process; 0 for one that was turned away. */
  readonly connection: number;
  /** Counts the requests of the connection. */
  readonly requestOfConnection: number;
  /** By lower-case name; of repeated fields the last, as with Gunicorn. */
  requestHeader(name: string): string | undefined;
  /** Among the fields that the application set, by lower-case name. */
  responseHeader(name: string): string | undefined;
  /** By lower-case name, whatever the case of the variable (`wsgi.url_scheme`, `REQUEST_METHOD`). */
  environ(name: string): string | undefined;
}
