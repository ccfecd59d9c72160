/** One client that sends its next request when it has the answer to the last: what one request costs when nothing else runs. */
import { granianWsgi } from '../contenders/asgi-servers.mjs';
import { gunicornGthread, gunicornSync } from '../contenders/gunicorn.mjs';
import { tunicornSync } from '../contenders/tunicorn.mjs';
import { uwsgiHttpSocket } from '../contenders/uwsgi.mjs';
import { measureInTurns } from './turns.mjs';

export const contenders = [tunicornSync, gunicornSync, gunicornGthread, uwsgiHttpSocket, granianWsgi];

const TITLE = 'hello, one connection';
const CELLS = [{ app: 'hello', title: TITLE, keepAlive: true, connections: 1 }];

const RATE = /** @type {const} */ ({
  cell: TITLE,
  own: tunicornSync.name,
  measure: 'requestsPerSecond',
  bound: 'at least',
});

/** @type {import('../goals.mjs').Goal[]} */
const GOALS = [
  { ...RATE, than: 'baseline', value: 1.3 },
  { ...RATE, than: gunicornSync.name, value: 1 },
  { ...RATE, than: gunicornGthread.name, value: 1 },
  // wrk's latency leaves out the time to connect, which Gunicorn sync takes for each request.
  { ...RATE, than: gunicornSync.name, measure: 'p50Ms', bound: 'at most', value: 1 },
];

/**
 * @param {readonly import('../contenders/contender.mjs').Contender[]} chosen
 * @param {import('../plan.mjs').RunOptions} options
 */
export function measure(chosen, options) {
  const what = 'one connection, one request after the other';
  const own = tunicornSync.name;
  return measureInTurns({ name: 'one-connection', what, cells: CELLS, goals: GOALS, own }, chosen, options);
}
