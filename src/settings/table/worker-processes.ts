// How many workers, of which class, and how long each may live. Part of ../settings.ts.

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
    detail: 'It is without effect for sync and gthread. The connections of clients are limited by gateway_connections.',
    migration: { same: "Connections are the gateway's: gateway_connections limits them, whatever the worker class." },
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
    detail: `It takes no more than that. When the rest will be used up in about the time that a worker takes to boot, its successor is
      forked, and serves beside it. A successor that is not ready in time (a boot that takes longer than usual, or fails) leaves the
      server with one worker less meanwhile; with a single worker, requests wait in the gateway, for queue_timeout at most.`,
    migration: {
      better:
        'The successor is forked before the old worker stops, no connection is closed, and a request that comes in between waits.',
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
    summary: 'How many requests, at most, are added to max_requests, at random for each worker.',
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
    summary: 'Seconds that one request may run before it is given up, and its worker replaced; 0 means without end.',
    detail: `The client is answered 504. A worker of class sync is killed then; one that runs several requests at once
      finishes the others first, and there the time ends when the response begins: what streams may last. The time that a
      worker waits for a slow client to read the response does not count. A worker that takes longer than this to boot is
      replaced, too.`,
    migration: {
      better:
        'It counts for each request and for booting, with every worker class (in Gunicorn a request may run for ever, but for sync workers); the client gets 504, and the log the request and its Python stack. Slow clients do not count, nor, but for sync workers, responses that stream.',
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
    detail: `For what fails at the first request only, such as the import of Django's URLconf. When the application answers 500 or
      raises, the worker has failed to boot, and the log has the traceback: a start ends with status 3, a reload is given up and the
      old code goes on. Every other status is fine. The request is a GET of \`http://localhost\`; an entry such as
      \`https://www.example.org/path\` names another host, for applications that check it, and the scheme. It has
      \`User-Agent: tunicorn-warm-up\` and \`tunicorn.warm_up\` in the environ (in the \`extensions\` of an ASGI scope), is in no
      access log, and no hook is called for it. It counts as a part of the boot for \`timeout\`. With \`reload\` it is left out: the
      browser shows what is wrong. See [deploying.md](deploying.md#django).`,
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
    detail: 'What is still running after that is killed.',
    migration: { better: 'Idle connections do not use it up, and old workers are gone after it at a reload, too.' },
    usedBy: ['arbiter'],
    reloadable: true,
  },
  keepalive: {
    section: 'Worker Processes',
    flags: ['--keep-alive'],
    metavar: 'INT',
    kind: 'uint',
    default: 95,
    summary: 'Seconds that an idle connection is kept for its next request; 0 closes it after each response.',
    detail: `It holds for every worker class, because the gateway keeps the connections. The default differs from Gunicorn's 2: it is
      longer than the idle times of nginx upstreams and AWS load balancers (60 s) and of Heroku's router (90 s), so that it is they who
      close an idle connection, and never the server in the moment when a request is on its way. Behind Google Cloud's load balancer
      (600 s) set 620.`,
    migration: {
      better: 'It holds for every worker class. The default is 95, longer than those of balancers, in place of 2.',
    },
    usedBy: ['gateway'],
    reloadable: true,
  },
} as const;
