/** Servers that run WSGI applications in threads, with hello and Flask. */
import { granianWsgi } from '../contenders/asgi-servers.mjs';
import { gunicornGthread } from '../contenders/gunicorn.mjs';
import { tunicornGthread, tunicornSync } from '../contenders/tunicorn.mjs';
import { CONNECTIONS, measureInTurns } from './turns.mjs';

export const contenders = [tunicornGthread, tunicornSync, gunicornGthread, granianWsgi];

const CELLS = [
  { app: 'hello', title: 'hello, keep-alive', keepAlive: true },
  { app: 'flask_app', title: 'Flask, keep-alive', keepAlive: true },
];

const GOALS = [{ cell: 'hello, keep-alive', peer: 'gunicorn-gthread', times: 5 }];

/**
 * @param {readonly import('../contenders/contender.mjs').Contender[]} chosen
 * @param {{ quick: boolean }} options
 */
export function measure(chosen, options) {
  const what = `${CONNECTIONS} connections`;
  const own = tunicornGthread.name;
  return measureInTurns({ name: 'threads', what, cells: CELLS, goals: GOALS, own }, chosen, options);
}
