// The worker classes: what each is called, how many requests one of its workers runs at once, and what happens to a request that
// runs longer than `timeout`. Read by the settings table, the arbiter and the gateway; python/tunicorn has a module for each.

import { WORKER_SLOTS } from '../../runqueue/claims-board.ts';
import type { Dialect } from '../../runqueue/dialect.ts';

export interface WorkerClass {
  /** As settings and log lines say it. */
  readonly name: string;
  /** Other values of `worker_class` that mean it: Gunicorn's names and dotted paths, and those of other projects' workers. */
  readonly aliases: readonly string[];
  /** How many requests a worker runs at once: one, `threads`, or `worker_connections`. */
  readonly concurrency: 'one' | 'threads' | 'connections';
  /**
   * At the deadline the client always gets 504. `kill`: then the worker is killed, for it can do nothing else. `retire`: it takes no more,
   * finishes its other requests, and is replaced. `cancel`: the request is cancelled in the worker; if that does not end it, `retire`.
   */
  readonly onDeadline: 'kill' | 'retire' | 'cancel';
  /** What the application is: it decides whether the gateway passes bodies as they come and speaks WebSocket itself. */
  readonly dialect: Dialect;
  /** Whom the scope of an ASGI application names as its client. `forwarded-for`: whom proxies in `forwarded_allow_ips` name. */
  readonly clientFrom: 'connection' | 'forwarded-for';
}

const ASGI: WorkerClass = {
  name: 'asgi',
  aliases: ['gunicorn.workers.gasgi.ASGIWorker', 'egg:gunicorn#asgi'],
  concurrency: 'connections',
  onDeadline: 'cancel',
  dialect: 'asgi',
  clientFrom: 'connection',
};

/** uvicorn's workers put their middleware for proxies around every application. */
const UVICORN: WorkerClass = {
  ...ASGI,
  aliases: [
    ...['uvicorn.workers.UvicornWorker', 'uvicorn.workers.UvicornH11Worker'],
    ...['uvicorn_worker.UvicornWorker', 'uvicorn_worker.UvicornH11Worker'],
    // As a class that derives from them knows them.
    ...['uvicorn_worker._workers.UvicornWorker', 'uvicorn_worker._workers.UvicornH11Worker'],
  ],
  clientFrom: 'forwarded-for',
};

export const WORKER_CLASSES: readonly WorkerClass[] = [
  {
    name: 'sync',
    aliases: ['gunicorn.workers.sync.SyncWorker', 'egg:gunicorn#sync'],
    concurrency: 'one',
    onDeadline: 'kill',
    dialect: 'wsgi',
    clientFrom: 'connection',
  },
  {
    name: 'gthread',
    aliases: ['gunicorn.workers.gthread.ThreadWorker', 'egg:gunicorn#gthread'],
    concurrency: 'threads',
    onDeadline: 'retire',
    dialect: 'wsgi',
    clientFrom: 'connection',
  },
  {
    name: 'gevent',
    aliases: [
      ...[
        'gevent_wsgi',
        'gevent_pywsgi',
        'egg:gunicorn#gevent',
        'egg:gunicorn#gevent_wsgi',
        'egg:gunicorn#gevent_pywsgi',
      ],
      ...['gunicorn.workers.ggevent.GeventWorker', 'gunicorn.workers.ggevent.GeventPyWSGIWorker'],
    ],
    concurrency: 'connections',
    onDeadline: 'cancel',
    dialect: 'wsgi',
    clientFrom: 'connection',
  },
  {
    name: 'eventlet',
    aliases: ['gunicorn.workers.geventlet.EventletWorker', 'egg:gunicorn#eventlet'],
    concurrency: 'connections',
    onDeadline: 'cancel',
    dialect: 'wsgi',
    clientFrom: 'connection',
  },
  ASGI,
  UVICORN,
  {
    name: 'tornado',
    aliases: ['gunicorn.workers.gtornado.TornadoWorker', 'egg:gunicorn#tornado'],
    concurrency: 'connections',
    onDeadline: 'cancel',
    // Header fields and bodies as they come, as Tornado's own HTTP server has them.
    dialect: 'asgi',
    clientFrom: 'connection',
  },
];

/** Each once, as errors say them. */
export const WORKER_CLASS_NAMES: readonly string[] = [...new Set(WORKER_CLASSES.map(({ name }) => name))];

/** The generations that may live side by side during reloads, and workers beyond the setting (TTIN). */
const SPARE_FACTOR = 4;

/** The class that a value of `worker_class` means; undefined if there is none. Names are as they are, in any case. */
export function workerClassOf(value: string): WorkerClass | undefined {
  const wanted = value.toLowerCase();
  return WORKER_CLASSES.find(({ name, aliases }) => [name, ...aliases].some((each) => each.toLowerCase() === wanted));
}

/** How many requests one worker runs at once. Bounded, so that the claims board has room for every worker of some generations. */
export function slotsPerWorker(
  { concurrency }: Pick<WorkerClass, 'concurrency'>,
  settings: { readonly workers: number; readonly threads: number; readonly worker_connections: number },
): number {
  const room = Math.max(1, Math.floor(WORKER_SLOTS / SPARE_FACTOR / Math.max(1, settings.workers)));
  if (concurrency === 'one') return 1;
  const wanted = concurrency === 'threads' ? settings.threads : settings.worker_connections;
  return Math.max(1, Math.min(wanted, room));
}
