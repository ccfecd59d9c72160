// Messages from gateways to the arbiter, and on to the forkserver, if Python's loggers write the logs. Part of both protocols; the
// reader is python/tunicorn/log/python_log/relayed.py.

import type { LogLevel } from './log-line.ts';

export interface RelayedLine {
  readonly type: 'log';
  readonly level: LogLevel;
  readonly message: string;
  /** The process that the line describes. */
  readonly pid: number;
}

/** A request that no worker has finished or will log. */
export interface RelayedAccess {
  readonly type: 'access';
  /** The environ, as far as it is known: name, NUL, value, NUL, name ... */
  readonly fields: string;
  /** Null if the client got no response. */
  readonly status: number | null;
  readonly bodyBytes: number;
  /** The response head from a worker that died later: status line without version, then fields. Empty if there was none. */
  readonly responseHead: string;
  readonly durationUs: number;
  readonly queuedMs: number;
  /** A RequestEnd, as in the JSON form of the access log. */
  readonly end: string;
  readonly pid: number;
}
