// A line of the error log: as Gunicorn writes it, `[2026-11-20 23:40:06 +0000] [4242] [INFO] message`, or as a JSON object.
// Pure. python/tunicorn/log/log.py does the same for Python processes.

import { jsonLine } from './json-line.ts';
import { errorLogTime } from './log-time.ts';

export type LogLevel = 'debug' | 'info' | 'warning' | 'error' | 'critical';

/** The setting `log_format`. */
export type LogForm = 'text' | 'json';

/** The kind of process that logs. */
export type LogSource = 'arbiter' | 'gateway';

/** Python's numbers of the levels. */
export const LOG_LEVELS: Readonly<Record<LogLevel, number>> = {
  debug: 10,
  info: 20,
  warning: 30,
  error: 40,
  critical: 50,
};
const TRACEBACK = /\n(?=Traceback \(most recent call last\):)/;

export function isLogged(level: LogLevel, threshold: LogLevel): boolean {
  return LOG_LEVELS[level] >= LOG_LEVELS[threshold];
}

/** Without its line end. A message of several lines stays one entry. */
export function logLine(level: LogLevel, message: string, pid: number, nowMs: number): string {
  return `${errorLogTime(nowMs)} [${pid}] [${level.toUpperCase()}] ${message}`;
}

interface LoggedEntry {
  readonly level: LogLevel;
  readonly message: string;
  readonly pid: number;
  readonly source: LogSource;
}

/** Without its line end. */
export function jsonLogLine({ level, message, pid, source }: LoggedEntry, nowMs: number): string {
  const cut = TRACEBACK.exec(message)?.index ?? message.length;
  const traceback = cut === message.length ? {} : { traceback: message.slice(cut + 1) };
  const time = new Date(nowMs).toISOString();
  return jsonLine({ time, log: 'error', level, pid, process: source, message: message.slice(0, cut), ...traceback });
}
