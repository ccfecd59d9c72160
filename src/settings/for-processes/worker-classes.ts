// The worker classes: names, concurrent requests per worker, and what happens to a request that runs longer than `timeout`.
// python/tunicorn/worker_classes has a module for each.

import { WORKER_SLOTS } from '../../runqueue/claims-board.ts';
import type { Dialect } from '../../runqueue/dialect.ts';

export interface WorkerClass {
  /** The name in settings and log lines. */
  readonly name: string;
  /** Other values of `worker_class` for it: Gunicorn's names and dotted paths, and those of other projects' workers. */
  readonly aliases: readonly string[];
  /** Concurrent requests per worker: one, `threads`, or `worker_connections`. */
  readonly concurrency: 'one' | 'threads' | 'connections';
  /**
   * At the deadline the client always gets 504. `kill`: the worker, which cannot do anything else, is killed. `retire`: it takes no more
   * requests, finishes its others, and is replaced. `cancel`: the worker cancels the request; if that does not end it, `retire`.
   */
  readonly onDeadline: 'kill' | 'retire' | 'cancel';
  /** The application's interface: with asgi, the gateway streams bodies and speaks WebSocket itself. */
  readonly dialect: Dialect;
  /** The client in the scope of an ASGI application. `forwarded-for`: the one that proxies in `forwarded_allow_ips` name. */
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

/** uvicorn's workers wrap every application in their middleware for proxies. */
const UVICORN: WorkerClass = {
  ...ASGI,
  aliases: [
    ...['uvicorn.workers.UvicornWorker', 'uvicorn.workers.UvicornH11Worker'],
    ...['uvicorn_worker.UvicornWorker', 'uvicorn_worker.UvicornH11Worker'],
    // The paths under which derived classes know them.
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
    // Header fields and bodies as received, as in Tornado's own HTTP server.
    dialect: 'asgi',
    clientFrom: 'connection',
  },
];

/** Each once, for errors. */
export const WORKER_CLASS_NAMES: readonly string[] = [...new Set(WORKER_CLASSES.map(({ name }) => name))];

/** Room for generations that live side by side during reloads, and for workers beyond the setting (TTIN). */
const SPARE_FACTOR = 4;

/** The class for a value of `worker_class`; undefined if there is none. Case does not matter in names. */
export function workerClassOf(value: string): WorkerClass | undefined {
  const wanted = value.toLowerCase();
  return WORKER_CLASSES.find(({ name, aliases }) => [name, ...aliases].some((each) => each.toLowerCase() === wanted));
}

/** Concurrent requests of one worker. Bounded, so that the claims board has room for the workers of several generations. */
export function slotsPerWorker(
  { concurrency }: Pick<WorkerClass, 'concurrency'>,
  settings: { readonly workers: number; readonly threads: number; readonly worker_connections: number },
): number {
  const room = Math.max(1, Math.floor(WORKER_SLOTS / SPARE_FACTOR / Math.max(1, settings.workers)));
  if (concurrency === 'one') return 1;
  const wanted = concurrency === 'threads' ? settings.threads : settings.worker_connections;
  return Math.max(1, Math.min(wanted, room));
}
