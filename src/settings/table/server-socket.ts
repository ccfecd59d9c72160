// The listening addresses.

export const SERVER_SOCKET = {
  bind: {
    section: 'Server Socket',
    flags: ['-b', '--bind'],
    metavar: 'ADDRESS',
    kind: 'address list',
    default: ['127.0.0.1:8000'],
    environment: { variable: 'PORT', value: '0.0.0.0:$PORT', whenEmpty: 'unset' },
    summary: 'An address to listen on: HOST, HOST:PORT, [IPV6]:PORT, unix:PATH or fd://N; may be repeated.',
    detail: `The default port is 8000. Without a host, as in :8000, it means every IPv4 address. If the
      environment variable PORT is set, the default is 0.0.0.0:$PORT.`,
    migration: {
      better: 'SIGHUP opens and closes addresses without losing a connection, and fd:// may be combined with others.',
    },
    usedBy: ['arbiter'],
    reloadable: true,
  },
  backlog: {
    section: 'Server Socket',
    flags: ['--backlog'],
    metavar: 'INT',
    kind: 'uint',
    default: 2048,
    summary: 'The number of connections that the kernel queues until they are accepted, for each address.',
    detail: 'The kernel may have a lower limit (on Linux, net.core.somaxconn).',
    usedBy: ['arbiter', 'gateway'],
    reloadable: true,
  },
} as const;
