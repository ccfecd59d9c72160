/** The pictures of a day's results, from the files of figures. */
import { mixed } from './mixed.mjs';
import { overview } from './overview.mjs';
import { scale } from './scale.mjs';

/** @typedef {import('../summary.mjs').Result} Result */

/** The scenarios and their loads in the overview, in its order. */
const LOADS = [
  { scenario: 'throughput', title: 'hello, keep-alive', heading: 'Hello world (WSGI), keep-alive' },
  {
    scenario: 'throughput',
    title: 'hello, a connection for each request',
    heading: 'Hello world (WSGI), a new connection for each request',
  },
  { scenario: 'throughput', title: 'Flask, keep-alive', heading: 'Flask, keep-alive' },
  { scenario: 'asgi', title: 'hello (ASGI), keep-alive', heading: 'Hello world (ASGI), keep-alive' },
  { scenario: 'asgi', title: 'FastAPI JSON, keep-alive', heading: 'FastAPI JSON, keep-alive' },
  { scenario: 'websocket', title: 'WebSocket echo', heading: 'WebSocket echoes', unit: 'echoes/s' },
];

/**
 * @param {readonly Result[]} results
 * @returns {{ name: string, svg: string }[]}
 */
export function pictures(results) {
  const find = (/** @type {string} */ name) => results.findLast(({ scenario }) => scenario === name);
  const loads = LOADS.flatMap(({ scenario, title, heading, unit = 'requests/s' }) => {
    const data = find(scenario)?.data;
    const rows = data?.cells?.find((/** @type {{ title: string }} */ cell) => cell.title === title)?.rows;
    return rows === undefined || data.own === undefined ? [] : [{ title: heading, own: data.own, unit, rows }];
  });
  const [mixedResult, scaleResult] = [find('mixed'), find('scale')];
  return [
    ...(loads.length === 0 ? [] : [{ name: 'overview', svg: overview(loads, subtitleOf(results.at(-1))) }]),
    ...(mixedResult === undefined
      ? []
      : [{ name: 'mixed', svg: mixed(mixedResult.data.cells, subtitleOf(mixedResult)) }]),
    ...(scaleResult === undefined
      ? []
      : [{ name: 'scale', svg: scale(scaleResult.data.series, subtitleOf(scaleResult)) }]),
  ];
}

/** @param {Result | undefined} result */
function subtitleOf(result) {
  const { processor = '', cores = '' } = result?.machine ?? {};
  const quick = result?.pace === 'quick' ? ' A quick run: the figures mean nothing.' : '';
  return `${result?.measuredAt.slice(0, 10)}, ${processor}, ${cores} cores, clients on the same machine.${quick}`;
}
