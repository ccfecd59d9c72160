// A line for syslog, as Gunicorn writes it: `<14>gunicorn.NAME.error: [PID] message` and a NUL. Pure.

import type { LogLevel } from '../log/log-line.ts';
import { SYSLOG_FACILITIES, type SyslogFacility } from './syslog-facilities.ts';

const SEVERITIES: Readonly<Record<LogLevel, number>> = { critical: 2, error: 3, warning: 4, info: 6, debug: 7 };

export interface SyslogNaming {
  /** The setting `syslog_facility`. */
  readonly facility: SyslogFacility;
  /** The setting `syslog_prefix`, else the process name. */
  readonly program: string;
}

export type SyslogLog = 'error' | 'access';

export interface SyslogEntry {
  readonly level: LogLevel;
  readonly pid: number;
  readonly message: string;
}

export function syslogLine(naming: SyslogNaming, log: SyslogLog, { level, pid, message }: SyslogEntry): string {
  const priority = SYSLOG_FACILITIES[naming.facility] * 8 + SEVERITIES[level];
  // A NUL ends the message, so there may be none inside it.
  return `<${priority}>gunicorn.${naming.program}.${log}: [${pid}] ${message.replaceAll('\0', '\\x00')}\0`;
}
