/** What the overview and the figures of the README show: one cell of a scenario each, in this order. */

/**
 * @typedef {object} Load
 * @property {string} scenario
 * @property {string} cell
 * @property {string} own
 * @property {string} heading
 * @property {import('./goals.mjs').Measure} measure
 * @property {string} unit
 * @property {boolean} drawn in the overview
 */

/** @typedef {import('./summary-page.mjs').Result} Result */
/** @typedef {import('./goals.mjs').GoalRow} Row */

const RATE = /** @type {const} */ ({ own: 'tunicorn', measure: 'requestsPerSecond', unit: 'requests/s', drawn: true });
const ASGI_RATE = { ...RATE, own: 'tunicorn-asgi' };
const REST = { own: 'tunicorn', drawn: false };

/** @type {readonly Load[]} */
export const LOADS = [
  { ...RATE, scenario: 'throughput', cell: 'hello, keep-alive', heading: 'hello world (WSGI), keep-alive' },
  {
    ...RATE,
    scenario: 'throughput',
    cell: 'hello, a connection for each request',
    heading: 'hello world (WSGI), a new connection per request',
  },
  { ...RATE, scenario: 'throughput', cell: 'Flask, keep-alive', heading: 'Flask, keep-alive' },
  {
    ...RATE,
    scenario: 'throughput',
    cell: 'Flask, a connection for each request',
    heading: 'Flask, a new connection per request',
    drawn: false,
  },
  { ...ASGI_RATE, scenario: 'asgi', cell: 'hello (ASGI), keep-alive', heading: 'hello world (ASGI), keep-alive' },
  { ...ASGI_RATE, scenario: 'asgi', cell: 'FastAPI JSON, keep-alive', heading: 'FastAPI JSON, keep-alive' },
  {
    ...ASGI_RATE,
    scenario: 'websocket',
    cell: 'WebSocket echo',
    heading: 'WebSocket echoes',
    measure: 'echoesPerSecond',
    unit: 'echoes/s',
  },
  {
    ...RATE,
    scenario: 'one-connection',
    cell: 'hello, one connection',
    heading: 'hello world (WSGI), one connection',
    drawn: false,
  },
  {
    ...REST,
    scenario: 'start',
    cell: 'hello (WSGI)',
    heading: 'start to the first answer (less is better)',
    measure: 'startMs',
    unit: 'ms',
  },
  {
    ...REST,
    scenario: 'memory',
    cell: 'hello (WSGI)',
    heading: 'memory of all processes (less is better)',
    measure: 'pssMiB',
    unit: 'MiB',
  },
];

/**
 * @param {readonly Result[]} results
 * @param {Load} load
 * @returns {Row[] | undefined} undefined if it was not measured
 */
export function rowsOf(results, { scenario, cell }) {
  const cells = results.findLast((result) => result.scenario === scenario)?.data?.cells;
  return cells?.find((/** @type {{ title: string }} */ { title }) => title === cell)?.rows;
}
