// Turns worker_class and threads into a worker class or an error. The classes are in worker-classes.ts; a class of the user's own runs
// as the first of them that it derives from. Pure.

import type { OwnWorkerClass } from '../../messages/between-arbiter-and-forkserver.ts';
import type { PythonCallable } from '../kinds/python-callable.ts';
import { WORKER_CLASS_NAMES, type WorkerClass, workerClassOf } from './worker-classes.ts';

export type WorkerClassChoice =
  | { readonly ok: true; readonly workerClass: WorkerClass }
  /** `wanted` is the form to name, as in other errors about values. */
  | { readonly ok: false; readonly wanted: string };

/** The usual names, as docs/migrating.md lists them. */
export const KNOWN_NAMES: readonly string[] = [
  ...['sync', 'gthread', 'gevent', 'gevent_wsgi', 'gevent_pywsgi', 'eventlet', 'tornado', 'asgi'],
  ...['uvicorn.workers.UvicornWorker', 'uvicorn_worker.UvicornWorker'],
];

export function chooseWorkerClass(
  given: PythonCallable | string,
  threads: number,
  own: OwnWorkerClass | null = null,
): WorkerClassChoice {
  // A class object, such as gunicorn.workers.sync.SyncWorker, is recognised by its module and name.
  const names = [typeof given === 'string' ? plainName(given) : given.$callable, ...(own?.bases ?? [])];
  const workerClass = names.map(workerClassOf).find((found) => found !== undefined);
  if (workerClass === undefined) return { ok: false, wanted: wantedFor(given, own) };
  // As in Gunicorn, more threads make a sync worker a gthread worker.
  const threaded = workerClass.name === 'sync' && threads > 1 ? workerClassOf('gthread') : undefined;
  return { ok: true, workerClass: threaded ?? workerClass };
}

function wantedFor(given: PythonCallable | string, own: OwnWorkerClass | null): string {
  const running = WORKER_CLASS_NAMES.join(', ');
  if (own !== null && own.error !== null) return `${running}; it cannot be imported: ${own.error}`;
  if (own === null && typeof given === 'string' && !given.includes('.')) return `${running}; there is no such class`;
  return `${running}, or a class that derives from one of Gunicorn's, such as gunicorn.workers.sync.SyncWorker`;
}

/** For entry points of Gunicorn's own distribution, the name alone. */
function plainName(given: string): string {
  return given.replace(/^egg:gunicorn#/i, '');
}
