/** The WSGI classes of several servers with hello and Flask, on keep-alive connections and with a connection for each request. */
import { gunicornGthread, gunicornSync } from '../contenders/gunicorn.mjs';
import { tunicornSync } from '../contenders/tunicorn.mjs';
import { uwsgiHttp11Socket, uwsgiHttpRouter, uwsgiHttpSocket } from '../contenders/uwsgi.mjs';
import { CONNECTIONS, measureInTurns } from './turns.mjs';

export const contenders = [
  tunicornSync,
  gunicornSync,
  gunicornGthread,
  uwsgiHttpSocket,
  uwsgiHttpRouter,
  uwsgiHttp11Socket,
];

const CELLS = [
  { app: 'hello', title: 'hello, keep-alive', keepAlive: true },
  { app: 'hello', title: 'hello, a connection for each request', keepAlive: false },
  { app: 'flask_app', title: 'Flask, keep-alive', keepAlive: true },
  { app: 'flask_app', title: 'Flask, a connection for each request', keepAlive: false },
];

const GOALS = [
  { cell: 'hello, keep-alive', peer: 'gunicorn-sync', times: 10 },
  { cell: 'hello, keep-alive', peer: 'uwsgi-http-socket', times: 2 },
  { cell: 'hello, keep-alive', peer: 'uwsgi-http-router', times: 2 },
  { cell: 'hello, a connection for each request', peer: 'gunicorn-sync', times: 2 },
  { cell: 'Flask, keep-alive', peer: 'gunicorn-gthread', times: 2 },
  { cell: 'Flask, keep-alive', peer: 'uwsgi-http-socket', times: 1 },
  { cell: 'Flask, keep-alive', peer: 'uwsgi-http-router', times: 1 },
];

/**
 * @param {readonly import('../contenders/contender.mjs').Contender[]} chosen
 * @param {{ quick: boolean }} options
 */
export function measure(chosen, options) {
  const what = `${CONNECTIONS} connections`;
  return measureInTurns(
    { name: 'throughput', what, cells: CELLS, goals: GOALS, own: tunicornSync.name },
    chosen,
    options,
  );
}
