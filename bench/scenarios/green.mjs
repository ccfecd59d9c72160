/** Many concurrent requests that wait inside the application: the purpose of green threads. */
import { gunicornGevent } from '../contenders/gunicorn.mjs';
import { tunicornGevent } from '../contenders/tunicorn.mjs';
import { measureInTurns } from './turns.mjs';

export const contenders = [tunicornGevent, gunicornGevent];

const CONNECTIONS = 500;
const TITLE = 'a wait of 20 ms inside, keep-alive';
const CELLS = [{ app: 'wait_briefly', title: TITLE, keepAlive: true, connections: CONNECTIONS }];

/** @type {import('../goals.mjs').Goal[]} */
const GOALS = [
  {
    cell: TITLE,
    own: tunicornGevent.name,
    measure: 'requestsPerSecond',
    bound: 'at least',
    value: 2,
    than: gunicornGevent.name,
  },
];

/**
 * @param {readonly import('../contenders/contender.mjs').Contender[]} chosen
 * @param {import('../plan.mjs').RunOptions} options
 */
export function measure(chosen, options) {
  const what = `${CONNECTIONS} connections`;
  return measureInTurns({ name: 'green', what, cells: CELLS, goals: GOALS, own: tunicornGevent.name }, chosen, options);
}
