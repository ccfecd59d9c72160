// From worker_class and threads to the class of the workers: which names there are, and which of them run. A class that is
// built gets its entry in RUNNING and leaves NOT_YET. Called by resolve.ts. Pure.

import type { PythonCallable } from './python-callable.ts';

export type WorkerClass = 'sync';

export type WorkerClassChoice =
  | { readonly ok: true; readonly workerClass: WorkerClass }
  /** `wanted` as in other errors about wrong values. */
  | { readonly ok: false; readonly setting: 'worker_class' | 'threads'; readonly wanted: string };

/** Names in lower case. */
const RUNNING: Readonly<Record<string, WorkerClass>> = {
  sync: 'sync',
  'gunicorn.workers.sync.syncworker': 'sync',
};

const NOT_YET = [
  ...['gthread', 'gevent', 'gevent_wsgi', 'gevent_pywsgi', 'tornado', 'asgi'],
  ...['gunicorn.workers.gthread.threadworker', 'gunicorn.workers.ggevent.geventworker'],
  ...['gunicorn.workers.ggevent.geventpywsgiworker', 'gunicorn.workers.gtornado.tornadoworker'],
  ...['gunicorn.workers.gasgi.asgiworker', 'uvicorn.workers.uvicornworker', 'uvicorn.workers.uvicornh11worker'],
  ...['uvicorn_worker.uvicornworker', 'uvicorn_worker.uvicornh11worker'],
];

const EVENTLET = ['eventlet', 'gunicorn.workers.geventlet.eventletworker'];

export function chooseWorkerClass(given: PythonCallable | string, threads: number): WorkerClassChoice {
  const running = [...new Set(Object.values(RUNNING))].join(', ');
  const refused = (why: string): WorkerClassChoice => {
    return { ok: false, setting: 'worker_class', wanted: `${running}; ${why}` };
  };
  if (typeof given !== 'string') return refused('worker classes of your own are not available yet');
  const name = given.toLowerCase().replace(/^egg:gunicorn#/, '');
  if (EVENTLET.includes(name))
    return refused('eventlet workers were removed from Gunicorn 26; gevent takes their place');
  if (NOT_YET.includes(name)) return refused(`${given} workers are not available yet`);
  const workerClass = Object.hasOwn(RUNNING, name) ? RUNNING[name] : undefined;
  if (workerClass === undefined) {
    return refused(name.includes('.') ? 'worker classes of your own are not available yet' : 'there is no such class');
  }
  if (workerClass === 'sync' && threads > 1) {
    return { ok: false, setting: 'threads', wanted: '1; gthread workers, which have more, are not available yet' };
  }
  return { ok: true, workerClass };
}
