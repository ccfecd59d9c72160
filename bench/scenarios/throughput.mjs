/** The WSGI classes of several servers with hello and Flask, on keep-alive connections and with a connection for each request. */
import { granianWsgi } from '../contenders/asgi-servers.mjs';
import { gunicornGthread, gunicornSync } from '../contenders/gunicorn.mjs';
import { tunicornSync } from '../contenders/tunicorn.mjs';
import { uwsgiHttp11Socket, uwsgiHttpRouter, uwsgiHttpSocket } from '../contenders/uwsgi.mjs';
import { LEVEL } from '../goals.mjs';
import { CONNECTIONS, measureInTurns } from './turns.mjs';

export const contenders = [
  tunicornSync,
  gunicornSync,
  gunicornGthread,
  uwsgiHttpSocket,
  uwsgiHttpRouter,
  uwsgiHttp11Socket,
  granianWsgi,
];

const HELLO = 'hello, keep-alive';
const HELLO_NEW = 'hello, a connection for each request';
const FLASK = 'Flask, keep-alive';

const CELLS = [
  { app: 'hello', title: HELLO, keepAlive: true },
  { app: 'hello', title: HELLO_NEW, keepAlive: false },
  { app: 'flask_app', title: FLASK, keepAlive: true },
  { app: 'flask_app', title: 'Flask, a connection for each request', keepAlive: false },
];

const AT_LEAST = /** @type {const} */ ({
  own: tunicornSync.name,
  measure: 'requestsPerSecond',
  bound: 'at least',
});

/** @type {import('../goals.mjs').Goal[]} */
const GOALS = [
  { ...AT_LEAST, cell: HELLO, than: 'baseline', value: 1.6 },
  { ...AT_LEAST, cell: HELLO, than: uwsgiHttpSocket.name, value: 2 },
  { ...AT_LEAST, cell: HELLO, than: granianWsgi.name, value: 0.8 },
  { ...AT_LEAST, cell: HELLO, than: gunicornSync.name, value: 10 },
  { ...AT_LEAST, cell: HELLO, than: uwsgiHttpRouter.name, value: 2 },
  { ...AT_LEAST, cell: HELLO_NEW, than: 'baseline', value: 1.5 },
  { ...AT_LEAST, cell: HELLO_NEW, than: gunicornSync.name, value: 2 },
  { ...AT_LEAST, cell: FLASK, than: 'baseline', value: 1.25 },
  { ...AT_LEAST, cell: FLASK, than: uwsgiHttpSocket.name, value: LEVEL },
  { ...AT_LEAST, cell: FLASK, than: granianWsgi.name, value: LEVEL },
  { ...AT_LEAST, cell: FLASK, than: gunicornGthread.name, value: 2 },
  { ...AT_LEAST, cell: FLASK, than: uwsgiHttpRouter.name, value: LEVEL },
];

/**
 * @param {readonly import('../contenders/contender.mjs').Contender[]} chosen
 * @param {import('../plan.mjs').RunOptions} options
 */
export function measure(chosen, options) {
  const what = `${CONNECTIONS} connections`;
  return measureInTurns(
    { name: 'throughput', what, cells: CELLS, goals: GOALS, own: tunicornSync.name },
    chosen,
    options,
  );
}
