// A line of the error log, as Gunicorn writes it: `[2026-11-20 23:40:06 +0000] [4242] [INFO] message`. Pure.
// python/tunicorn/log.py is the same for Python processes.

import { errorLogTime } from './log-time.ts';

export type LogLevel = 'debug' | 'info' | 'warning' | 'error' | 'critical';

const RANKS: Readonly<Record<LogLevel, number>> = { debug: 10, info: 20, warning: 30, error: 40, critical: 50 };

/** The value of `loglevel`; a name that is none means info, as with Gunicorn. */
export function parseLogLevel(name: string): LogLevel {
  const wanted = name.toLowerCase();
  return isLogLevel(wanted) ? wanted : 'info';
}

export function isLogged(level: LogLevel, threshold: LogLevel): boolean {
  return RANKS[level] >= RANKS[threshold];
}

/** With its line end. A message of several lines stays one entry. */
export function logLine(level: LogLevel, message: string, pid: number, nowMs: number): string {
  return `${errorLogTime(nowMs)} [${pid}] [${level.toUpperCase()}] ${message}\n`;
}

function isLogLevel(name: string): name is LogLevel {
  return Object.hasOwn(RANKS, name);
}
