// What travels from gateway to arbiter and from there to the forkserver where Python's loggers write the logs. Part of both
// protocols; python/tunicorn/log/python_log/relayed.py reads it.

import type { LogLevel } from './log-line.ts';

export interface RelayedLine {
  readonly type: 'log';
  readonly level: LogLevel;
  readonly message: string;
  /** The process that the line is about the work of. */
  readonly pid: number;
}

/** A request that no worker has finished, and will not log. */
export interface RelayedAccess {
  readonly type: 'access';
  /** The environ, as far as it is known: name, NUL, value, NUL, name ... */
  readonly fields: string;
  /** Null where nothing was answered. */
  readonly status: number | null;
  readonly bodyBytes: number;
  /** What a worker had sent before it died: status line without version, then fields; else empty. */
  readonly responseHead: string;
  readonly durationUs: number;
  readonly queuedMs: number;
  /** Why it ended, as in the JSON form of the access log. */
  readonly end: string;
  readonly pid: number;
}
