/** The throughput of all servers, as a multiple of Tunicorn's: a panel for each load. */
import * as Plot from '@observablehq/plot';
import { grid } from './grid.mjs';

/** @typedef {import('../loads.mjs').Load} Load */
/** @typedef {import('../loads.mjs').Row} Row */

const BAR = 19;
const AXIS = 30;

/**
 * @param {readonly (Load & { rows: readonly Row[] })[]} loads
 * @param {string} subtitle
 * @returns {string} SVG
 */
export function overview(loads, subtitle) {
  return grid({
    title: 'Requests per second, beside Tunicorn’s',
    subtitle,
    columns: 2,
    panelWidth: 460,
    panels: loads.map(({ heading, own, measure, unit, rows }) => {
      const rateOf = (/** @type {Row | undefined} */ row) => row?.[measure] ?? Number.NaN;
      const ownRate = rateOf(rows.find(({ server }) => server === own));
      const bars = rows
        .filter((row) => row.failure === undefined && rateOf(row) > 0)
        .map((row) => ({
          title: row.title,
          ratio: rateOf(row) / ownRate,
          label:
            Math.round(rateOf(row)).toLocaleString('en') +
            (row.server === own ? ` ${unit}` : `  (${(rateOf(row) / ownRate).toFixed(2)} ×)`),
          colour: row.server === own ? '#1b6ca8' : row.server.startsWith('tunicorn') ? '#9cc3e0' : '#b0b0b0',
        }));
      const most = Math.max(1, ...bars.map(({ ratio }) => ratio));
      return {
        title: heading.replace(/^./, (letter) => letter.toUpperCase()),
        options: {
          height: bars.length * BAR + AXIS,
          marginLeft: 190,
          marginTop: 2,
          marginBottom: AXIS - 4,
          // Room for the words at the end of the longest bar.
          x: { domain: [0, most * 1.75], ticks: [0, ...wholeNumbersTo(most)], label: null, tickFormat: 'd' },
          y: { domain: bars.map((bar) => bar.title), label: null, tickSize: 0 },
          marks: [
            Plot.ruleX([1], { stroke: '#1b6ca8', strokeDasharray: '3 3' }),
            Plot.barX(bars, { x: 'ratio', y: 'title', fill: 'colour', insetTop: 1.5, insetBottom: 1.5 }),
            Plot.text(bars, {
              x: 'ratio',
              y: 'title',
              text: 'label',
              dx: 5,
              textAnchor: 'start',
              fill: '#333',
              stroke: 'white',
            }),
            Plot.ruleX([0]),
          ],
        },
      };
    }),
  });
}

/** @param {number} most */
function wholeNumbersTo(most) {
  return Array.from({ length: Math.floor(most) }, (_, index) => index + 1);
}
