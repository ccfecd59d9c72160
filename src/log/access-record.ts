// What the access log wants to know of a request that has been answered. The gateway makes one per logged request; the
// compiled format (access-log-format.ts) asks only for what it prints, so getters and look-ups may be lazy.

export interface AccessRecord {
  /** The peer's address; the empty string for a Unix socket. */
  readonly remoteAddress: string | undefined;
  /** Undefined, all five, where the request line could not be parsed. `path` is decoded, `target` as it came. */
  readonly method: string | undefined;
  readonly target: string | undefined;
  readonly protocol: string | undefined;
  readonly path: string | undefined;
  readonly query: string | undefined;
  readonly status: number;
  /** Of the response's body, without the framing of the chunked coding. */
  readonly bodyBytes: number;
  readonly durationUs: number;
  /** How long the request waited for a worker, from X-Request-Start where a trusted proxy sends it. */
  readonly queuedMs: number;
  /** The process that answered: the worker, or the gateway itself. */
  readonly pid: number;
  /** By lower-case name; of repeated fields the last, as with Gunicorn. */
  requestHeader(name: string): string | undefined;
  /** Among the fields that the application set, by lower-case name. */
  responseHeader(name: string): string | undefined;
  /** By lower-case name, whatever the case of the variable (`wsgi.url_scheme`, `REQUEST_METHOD`). */
  environ(name: string): string | undefined;
}
