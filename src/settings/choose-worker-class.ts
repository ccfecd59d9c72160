// From worker_class and threads to the class of the workers, or to an error that says what is wrong with them. The classes that
// run are in worker-classes.ts. Called by resolve.ts. Pure.

import type { PythonCallable } from './python-callable.ts';
import { WORKER_CLASSES, type WorkerClass, workerClassOf } from './worker-classes.ts';

export type WorkerClassChoice =
  | { readonly ok: true; readonly workerClass: WorkerClass }
  /** `wanted` as in other errors about wrong values. */
  | { readonly ok: false; readonly wanted: string };

/** The names that people use, as docs/migrating.md lists them. */
export const KNOWN_NAMES: readonly string[] = [
  ...['sync', 'gthread', 'gevent', 'gevent_wsgi', 'gevent_pywsgi', 'eventlet', 'tornado', 'asgi'],
  ...['uvicorn.workers.UvicornWorker', 'uvicorn_worker.UvicornWorker'],
];

export function chooseWorkerClass(given: PythonCallable | string, threads: number): WorkerClassChoice {
  // A class itself, such as gunicorn.workers.sync.SyncWorker, is known by where it comes from.
  const workerClass = workerClassOf(typeof given === 'string' ? plainName(given) : given.$callable);
  if (workerClass === undefined) return { ok: false, wanted: wantedFor(given) };
  // As in Gunicorn, more threads make a sync worker a gthread worker.
  const threaded = workerClass.name === 'sync' && threads > 1 ? workerClassOf('gthread') : undefined;
  return { ok: true, workerClass: threaded ?? workerClass };
}

function wantedFor(given: PythonCallable | string): string {
  const running = WORKER_CLASSES.map(({ name }) => name).join(', ');
  if (typeof given !== 'string') return `${running}; worker classes of your own are not available yet`;
  const name = plainName(given).toLowerCase();
  return `${running}; ${name.includes('.') ? 'worker classes of your own are not available yet' : 'there is no such class'}`;
}

/** The name within Gunicorn's own distribution is the name. */
function plainName(given: string): string {
  return given.replace(/^egg:gunicorn#/i, '');
}
