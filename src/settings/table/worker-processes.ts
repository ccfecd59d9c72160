// The number, class and lifetime of workers.

export const WORKER_PROCESSES = {
  workers: {
    section: 'Worker Processes',
    flags: ['-w', '--workers'],
    metavar: 'INT',
    kind: 'uint',
    default: 1,
    environment: { variable: 'WEB_CONCURRENCY', value: '$WEB_CONCURRENCY', whenEmpty: 'unset' },
    summary: 'The number of worker processes.',
    detail: `With 0 no worker is started until a TTIN signal asks for one. If the environment variable WEB_CONCURRENCY
      is set, it is the default.`,
    usedBy: ['arbiter'],
    reloadable: true,
  },
  worker_class: {
    section: 'Worker Processes',
    flags: ['-k', '--worker-class'],
    metavar: 'STRING',
    kind: 'class',
    default: 'sync',
    summary:
      'The class of the workers: sync, gthread, gevent, eventlet, asgi, tornado, or the import path of one that derives from these.',
    detail: `A worker of class sync runs one request at a time, gthread as many as it has threads, the others up to
      worker_connections; asgi and tornado run applications of their own kind.`,
    migration: { same: 'See the worker classes below.' },
    usedBy: ['arbiter', 'forkserver'],
    reloadable: true,
  },
  threads: {
    section: 'Worker Processes',
    flags: ['--threads'],
    metavar: 'INT',
    kind: 'uint',
    default: 1,
    summary: 'The number of threads in a worker; with more than one, sync workers become gthread workers.',
    usedBy: ['worker'],
    reloadable: true,
  },
  worker_connections: {
    section: 'Worker Processes',
    flags: ['--worker-connections'],
    metavar: 'INT',
    kind: 'uint',
    default: 1000,
    summary: 'The number of requests that a gevent, eventlet, tornado or ASGI worker may run at the same time.',
    detail: 'It has no effect for sync and gthread. gateway_connections limits the number of client connections.',
    migration: { same: 'The gateway owns the connections: gateway_connections limits them for every worker class.' },
    usedBy: ['worker'],
    reloadable: true,
  },
  max_requests: {
    section: 'Worker Processes',
    flags: ['--max-requests'],
    metavar: 'INT',
    kind: 'uint',
    default: 0,
    summary: 'The number of requests that a worker takes before it is replaced; 0 means never.',
    detail: `It never takes more. Its successor is forked early enough to boot in time, and serves beside it. A successor that is not ready in time (a boot that takes longer than usual, or fails) leaves the
      server with one worker less meanwhile; with a single worker, requests wait in the gateway, for queue_timeout at most.`,
    migration: {
      better: 'The successor is forked before the old worker stops, and no connection is closed.',
    },
    usedBy: ['arbiter', 'worker'],
    reloadable: true,
  },
  max_requests_jitter: {
    section: 'Worker Processes',
    flags: ['--max-requests-jitter'],
    metavar: 'INT',
    kind: 'uint',
    default: 0,
    summary: 'The maximum of a random number that is added to max_requests for each worker.',
    detail: 'It keeps workers that were started together from being replaced together.',
    usedBy: ['arbiter', 'worker'],
    reloadable: true,
  },
  timeout: {
    section: 'Worker Processes',
    flags: ['-t', '--timeout'],
    metavar: 'INT',
    kind: 'uint',
    default: 30,
    summary: 'Seconds that a request may run before it is given up and its worker replaced; 0 means no limit.',
    detail: `The client gets 504. A sync worker is killed; a worker with concurrent requests finishes the others first, and there the time ends when the response begins, so streams have no limit. The time that a
      worker waits for a slow client to read the response does not count. A worker that takes longer than this to boot is
      replaced, too.`,
    migration: {
      better:
        'It applies to each request and to the boot, with every worker class (in Gunicorn, only sync workers limit a request); the client gets 504, and the log has the request and its Python stack. Slow clients and, except for sync workers, streaming responses do not count.',
    },
    usedBy: ['arbiter'],
    reloadable: true,
  },
  warm_up: {
    section: 'Worker Processes',
    flags: ['--warm-up'],
    metavar: 'PATH',
    kind: 'request list',
    default: [],
    summary: 'A path that each new worker asks its application for before it serves; may be repeated.',
    detail: `For failures that occur only at the first request, such as the import of Django's URLconf. If the response is 500 or the application raises, the boot fails, and the log has the traceback: a start ends with status 3, a reload is given up and the old code keeps serving. Any other status is accepted. The request is a GET of \`http://localhost\`; an entry such as
      \`https://www.example.org/path\` names another host, for applications that check it, and the scheme. It has
      \`User-Agent: tunicorn-warm-up\` and \`tunicorn.warm_up\` in the environ (in the \`extensions\` of an ASGI scope), is in no
      access log, and no hook is called for it. It counts as a part of the boot for \`timeout\`. With \`reload\` it is skipped: the browser shows the error. See [deploying.md](deploying.md#django).`,
    own: true,
    usedBy: ['worker'],
    reloadable: true,
  },
  graceful_timeout: {
    section: 'Worker Processes',
    flags: ['--graceful-timeout'],
    metavar: 'INT',
    kind: 'uint',
    default: 30,
    summary: 'Seconds that workers have to finish their requests after a signal to stop or to reload.',
    detail: 'Workers that are still running after that are killed.',
    migration: { better: 'Idle connections do not use it up, and it also limits old workers at a reload.' },
    usedBy: ['arbiter'],
    reloadable: true,
  },
  keepalive: {
    section: 'Worker Processes',
    flags: ['--keep-alive'],
    metavar: 'INT',
    kind: 'uint',
    default: 95,
    summary: 'Seconds that an idle keep-alive connection stays open; 0 closes it after each response.',
    detail: `It applies to every worker class, because the gateway owns the connections. The default differs from Gunicorn's 2: it is
      longer than the idle times of nginx upstreams and AWS load balancers (60 s) and of Heroku's router (90 s), so that they close idle connections first, and the server never closes one while a request is in flight. Behind Google Cloud's load balancer
      (600 s) set 620.`,
    migration: {
      better: 'It applies to every worker class. The default is 95, longer than those of load balancers, instead of 2.',
    },
    usedBy: ['gateway'],
    reloadable: true,
  },
} as const;
