/** The latencies of short requests among long ones: a panel for each share of the capacity. */
import * as Plot from '@observablehq/plot';
import { grid } from './grid.mjs';

/** @typedef {{ server: string, title: string, failure?: string, p50Ms: number, p99Ms: number, p999Ms: number }} Row */
/** @typedef {{ title: string, rows: readonly Row[] }} Cell */

const LINE = 26;
const AXIS = 46;
const MEASURES = /** @type {const} */ ([
  { key: 'p50Ms', label: 'half of them are faster (p50)', colour: '#3a7d44' },
  { key: 'p99Ms', label: '99 % are faster (p99)', colour: '#1b6ca8' },
  { key: 'p999Ms', label: '99.9 % are faster (p99.9)', colour: '#d1495b' },
]);

/**
 * @param {readonly Cell[]} cells
 * @param {string} subtitle
 * @returns {string} SVG
 */
export function mixed(cells, subtitle) {
  const all = cells.flatMap(({ rows }) => rows.filter(isMeasured));
  const domain = [1, Math.max(...all.map(({ p999Ms }) => p999Ms)) * 1.1];
  return grid({
    title: 'Latency of short requests (2 ms) among 5 % long ones (100 ms)',
    subtitle,
    legend: MEASURES.map(({ label, colour }) => ({ label, colour })),
    columns: 1,
    panelWidth: 760,
    panels: cells.map(({ title, rows }) => {
      const measured = rows.filter(isMeasured);
      return {
        title,
        options: {
          height: measured.length * LINE + AXIS,
          marginLeft: 250,
          marginRight: 30,
          marginTop: 2,
          marginBottom: AXIS - 6,
          x: { type: 'log', domain, label: 'ms', grid: true, tickFormat: ',' },
          y: { type: 'point', domain: measured.map((row) => row.title), label: null, tickSize: 0 },
          marks: [
            Plot.ruleY(measured, { y: 'title', x1: 'p50Ms', x2: 'p999Ms', stroke: '#ccc', strokeWidth: 3 }),
            ...MEASURES.map(({ key, colour }) => Plot.dot(measured, { y: 'title', x: key, fill: colour, r: 5 })),
            Plot.text(measured, {
              y: 'title',
              x: 'p99Ms',
              text: (/** @type {Row} */ row) => row.p99Ms.toFixed(row.p99Ms < 10 ? 1 : 0),
              dy: -11,
              fill: '#1b6ca8',
            }),
          ],
        },
      };
    }),
  });
}

/** @param {Row} row */
function isMeasured({ failure, p999Ms }) {
  return failure === undefined && Number.isFinite(p999Ms);
}
