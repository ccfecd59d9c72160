// The syslog facilities that Gunicorn names, and their numbers (RFC 5424 section 6.2.1). generated-docs/python-facts.ts passes them
// on to Python.

/** `security` is an old name for `auth`. */
// biome-ignore format: one facility a line would be a page
export const SYSLOG_FACILITIES = {
  auth: 4, authpriv: 10, cron: 9, daemon: 3, ftp: 11, kern: 0, lpr: 6, mail: 2, news: 7, security: 4, syslog: 5, user: 1, uucp: 8,
  local0: 16, local1: 17, local2: 18, local3: 19, local4: 20, local5: 21, local6: 22, local7: 23,
} as const;

export type SyslogFacility = keyof typeof SYSLOG_FACILITIES;

export const SYSLOG_FACILITY_NAMES = Object.keys(SYSLOG_FACILITIES) as readonly SyslogFacility[];
