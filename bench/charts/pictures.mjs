/** The pictures of a day's results, from the files of figures. */
import { LOADS, rowsOf } from '../loads.mjs';
import { mixed } from './mixed.mjs';
import { overview } from './overview.mjs';
import { scale } from './scale.mjs';

/** @typedef {import('../summary-page.mjs').Result} Result */

/**
 * @param {readonly Result[]} results
 * @returns {{ name: string, svg: string }[]}
 */
export function pictures(results) {
  const find = (/** @type {string} */ name) => results.findLast(({ scenario }) => scenario === name);
  const loads = LOADS.filter(({ drawn }) => drawn).flatMap((load) => {
    const rows = rowsOf(results, load);
    return rows?.some(({ server }) => server === load.own) ? [{ ...load, rows }] : [];
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
