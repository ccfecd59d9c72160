/** Servers that run WSGI applications in threads, with hello and Flask. */
import { granianWsgi } from '../contenders/asgi-servers.mjs';
import { gunicornGthread } from '../contenders/gunicorn.mjs';
import { tunicornGthread, tunicornSync } from '../contenders/tunicorn.mjs';
import { LEVEL } from '../goals.mjs';
import { CONNECTIONS, measureInTurns } from './turns.mjs';

export const contenders = [tunicornGthread, tunicornSync, gunicornGthread, granianWsgi];

const HELLO = 'hello, keep-alive';
const FLASK = 'Flask, keep-alive';

const CELLS = [
  { app: 'hello', title: HELLO, keepAlive: true },
  { app: 'flask_app', title: FLASK, keepAlive: true },
];

const AT_LEAST = /** @type {const} */ ({
  own: tunicornGthread.name,
  measure: 'requestsPerSecond',
  bound: 'at least',
});

/** @type {import('../goals.mjs').Goal[]} */
const GOALS = [
  { ...AT_LEAST, cell: HELLO, than: tunicornSync.name, value: LEVEL },
  { ...AT_LEAST, cell: HELLO, than: gunicornGthread.name, value: 5 },
  { ...AT_LEAST, cell: FLASK, than: tunicornSync.name, value: LEVEL },
];

/**
 * @param {readonly import('../contenders/contender.mjs').Contender[]} chosen
 * @param {import('../plan.mjs').RunOptions} options
 */
export function measure(chosen, options) {
  const what = `${CONNECTIONS} connections`;
  const own = tunicornGthread.name;
  return measureInTurns({ name: 'threads', what, cells: CELLS, goals: GOALS, own }, chosen, options);
}
