// Settings of the address for probes and metrics.

export const HEALTH = {
  admin_bind: {
    section: 'Health and Metrics',
    flags: ['--admin-bind'],
    metavar: 'ADDRESS',
    kind: 'address list',
    mayBeEmpty: true,
    default: [],
    summary:
      'An address for probes and metrics: HOST:PORT, :PORT, [IPV6]:PORT or unix:PATH; may be repeated. Off by default.',
    detail: `The arbiter answers /livez, /readyz, /metrics and /status there: see docs/operating.md. The mode and the owner of a Unix
      socket are those of bind.`,
    own: true,
    usedBy: ['arbiter'],
    reloadable: true,
  },
  admin_token: {
    section: 'Health and Metrics',
    flags: ['--admin-token'],
    metavar: 'STRING',
    kind: 'optional string',
    isSecret: true,
    default: null,
    summary: 'The token that /metrics and /status ask for, as Authorization: Bearer TOKEN.',
    detail: `The probes /livez and /readyz need no token. On the command line every user of the machine can read the token: set it in the
      config file, from a file or an environment variable.`,
    own: true,
    usedBy: ['arbiter'],
    reloadable: true,
  },
  ready_queue_limit: {
    section: 'Health and Metrics',
    flags: ['--ready-queue-limit'],
    metavar: 'INT',
    kind: 'uint',
    default: 0,
    summary:
      'Requests that may wait for a worker, in all gateways together, while /readyz says ready; 0 means any number.',
    detail: `While more are waiting, /readyz is answered 503, and a load balancer sends new requests elsewhere.`,
    own: true,
    usedBy: ['arbiter'],
    reloadable: true,
  },
} as const;
