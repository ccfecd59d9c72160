// How the processes are run and embedded, beside server-mechanics.ts. Part of ../settings.ts.

export const PROCESS = {
  daemon: {
    section: 'Server Mechanics',
    flags: ['-D', '--daemon'],
    kind: 'bool',
    default: false,
    summary: 'Go to the background once started.',
    detail: `The command returns when the server has its sockets and its pid file, or says why it could not start. The config file is
      evaluated twice: before the background is known to be wanted, and there.`,
    migration: { better: 'The command returns when the server has its sockets, or says why it could not start.' },
    usedBy: ['arbiter'],
    reloadable: false,
  },
  initgroups: {
    section: 'Server Mechanics',
    flags: ['--initgroups'],
    kind: 'bool',
    default: false,
    summary: 'Give the workers all groups that the user is a member of, not only the setting group.',
    detail: 'Only root can do so. Without the setting group, they get the main group of the user among the others.',
    usedBy: ['gateway', 'worker'],
    reloadable: true,
  },
  reuse_port: {
    section: 'Server Mechanics',
    flags: ['--reuse-port'],
    kind: 'bool',
    default: false,
    summary: 'Let several servers listen on the same TCP port (SO_REUSEPORT); each must ask for it.',
    detail: `The kernel spreads new connections over the servers. Within one server nothing changes: its workers share the sockets of
      the gateway, and bind none themselves as those of Gunicorn do.`,
    migration: { same: 'Workers share the sockets of the gateway, and bind none themselves.' },
    usedBy: ['arbiter'],
    reloadable: false,
  },
  sendfile: {
    section: 'Server Mechanics',
    flags: ['--no-sendfile'],
    kind: 'optional bool',
    flagValue: false,
    default: null,
    summary: 'Whether the kernel may send the files of wsgi.file_wrapper itself; the flag switches it off.',
    detail: `True and False mean what they say (to Gunicorn, True means off). None takes the variable SENDFILE: \`y\`, \`yes\`, \`1\`
      or \`true\` for on; without it, on. Files that are opened for reading as bytes and have 256 KiB left or more are sent
      so, anything else is read. Measured with files of 1 MB and 50 MB in the page cache: 1.1 and 1.5 times as fast, with
      a quarter to a third of the processor time in the worker.`,
    migration: { better: 'True means on; in Gunicorn it means off.' },
    usedBy: ['worker'],
    reloadable: true,
  },
  enable_stdio_inheritance: {
    section: 'Server Mechanics',
    flags: ['-R', '--enable-stdio-inheritance'],
    kind: 'bool',
    default: false,
    summary: 'Keep standard output and standard error in the background, if they are not a terminal.',
    usedBy: ['arbiter'],
    reloadable: false,
  },
  paste: {
    section: 'Server Mechanics',
    flags: ['--paste', '--paster'],
    metavar: 'STRING',
    kind: 'optional string',
    default: null,
    summary: 'A PasteDeploy file to load the application from; FILE#NAME for one of several applications in it.',
    usedBy: ['arbiter', 'forkserver'],
    reloadable: true,
  },
  raw_paste_global_conf: {
    section: 'Server Mechanics',
    flags: ['--paste-global'],
    metavar: 'CONF',
    kind: 'environment list',
    default: [],
    wanted: 'KEY=VALUE, or a list of such',
    summary: 'A variable for the PasteDeploy file, as KEY=VALUE; may be repeated.',
    usedBy: ['forkserver'],
    reloadable: true,
  },
} as const;
