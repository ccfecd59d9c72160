// Messages about sending to syslog and StatsD.

export const TELEMETRY_MESSAGES = {
  syslogDropped: {
    level: 'warning',
    text: 'syslog: {count} messages dropped; nothing is accepting them at syslog_addr',
    cause: 'The syslog daemon is not running, does not keep up, or listens at another address.',
    remedy: 'Check `syslog_addr` and the daemon. At most one such line is logged each minute; the count is a total.',
  },
} as const;
