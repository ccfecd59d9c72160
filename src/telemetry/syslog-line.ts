// A line for syslog, as Gunicorn writes it: `<14>gunicorn.NAME.error: [PID] message` and a NUL. Pure.

import type { LogLevel } from '../log/log-line.ts';

/** As Python's logging.handlers.SysLogHandler knows them; `security` is an old name of `auth`. */
// biome-ignore format: one facility a line would be a page
const FACILITIES: Readonly<Record<string, number>> = {
  kern: 0, user: 1, mail: 2, daemon: 3, auth: 4, security: 4, syslog: 5, lpr: 6, news: 7, uucp: 8, cron: 9, authpriv: 10, ftp: 11,
  ntp: 12, console: 14, local0: 16, local1: 17, local2: 18, local3: 19, local4: 20, local5: 21, local6: 22, local7: 23,
};
const FACILITY_USER = 1;

const SEVERITIES: Readonly<Record<LogLevel, number>> = { critical: 2, error: 3, warning: 4, info: 6, debug: 7 };

export interface SyslogNaming {
  /** The setting `syslog_facility`. */
  readonly facility: string;
  /** The setting `syslog_prefix`, else the name of the processes. */
  readonly program: string;
}

export type SyslogLog = 'error' | 'access';

export function syslogLine(
  naming: SyslogNaming,
  log: SyslogLog,
  level: LogLevel,
  pid: number,
  message: string,
): string {
  const priority = (FACILITIES[naming.facility] ?? FACILITY_USER) * 8 + SEVERITIES[level];
  // The NUL ends the message, so that none may be inside it.
  return `<${priority}>gunicorn.${naming.program}.${log}: [${pid}] ${message.replaceAll('\0', '\\x00')}\0`;
}
