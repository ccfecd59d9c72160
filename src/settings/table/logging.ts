// Where the logs go, and what is in them. Part of ../settings.ts.

export const LOGGING = {
  accesslog: {
    section: 'Logging',
    flags: ['--access-logfile'],
    metavar: 'FILE',
    kind: 'optional string',
    default: null,
    summary: 'The file for a line about each request; - is standard output. Not set: no such lines.',
    usedBy: ['gateway'],
    reloadable: true,
  },
  access_log_format: {
    section: 'Logging',
    flags: ['--access-logformat'],
    metavar: 'STRING',
    kind: 'log format',
    default: '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"',
    summary: 'The form of a line in the access log.',
    usedBy: ['gateway'],
    reloadable: true,
  },
  errorlog: {
    section: 'Logging',
    flags: ['--error-logfile', '--log-file'],
    metavar: 'FILE',
    kind: 'string',
    default: '-',
    // As in Gunicorn, None means that nothing is logged.
    none: '/dev/null',
    wanted: "a file, or '-' for standard error",
    summary: 'The file for everything else that Tunicorn says; - is standard error.',
    usedBy: ['arbiter', 'gateway', 'forkserver', 'worker'],
    reloadable: true,
  },
  loglevel: {
    section: 'Logging',
    flags: ['--log-level'],
    metavar: 'LEVEL',
    kind: 'choice',
    choices: ['debug', 'info', 'warning', 'error', 'critical'],
    default: 'info',
    otherwise: 'info',
    summary: 'The least severe level that goes to the error log: debug, info, warning, error or critical.',
    usedBy: ['arbiter', 'gateway', 'forkserver', 'worker'],
    reloadable: true,
  },
} as const;
