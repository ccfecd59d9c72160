// From worker_class and threads to the class of the workers, or to an error that says what is wrong with them. The classes that
// run are in worker-classes.ts; one of the user's own runs as the first of them that it derives from. Called by resolve.ts. Pure.

import type { OwnWorkerClass } from '../../messages/between-arbiter-and-forkserver.ts';
import type { PythonCallable } from '../kinds/python-callable.ts';
import { WORKER_CLASS_NAMES, type WorkerClass, workerClassOf } from './worker-classes.ts';

export type WorkerClassChoice =
  | { readonly ok: true; readonly workerClass: WorkerClass }
  /** `wanted` as in other errors about wrong values. */
  | { readonly ok: false; readonly wanted: string };

/** The names that people use, as docs/migrating.md lists them. */
export const KNOWN_NAMES: readonly string[] = [
  ...['sync', 'gthread', 'gevent', 'gevent_wsgi', 'gevent_pywsgi', 'eventlet', 'tornado', 'asgi'],
  ...['uvicorn.workers.UvicornWorker', 'uvicorn_worker.UvicornWorker'],
];

export function chooseWorkerClass(
  given: PythonCallable | string,
  threads: number,
  own: OwnWorkerClass | null = null,
): WorkerClassChoice {
  // A class itself, such as gunicorn.workers.sync.SyncWorker, is known by where it comes from.
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

/** The name within Gunicorn's own distribution is the name. */
function plainName(given: string): string {
  return given.replace(/^egg:gunicorn#/i, '');
}
