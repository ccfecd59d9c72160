/** What grows with connections, workers and bodies: a row of two panels for each, throughput and p99. */
import * as Plot from '@observablehq/plot';
import { coloursOf } from './colours.mjs';
import { grid } from './grid.mjs';

/** @typedef {{ server: string, title: string, failure?: string, unitsPerSecond: number | null, p99Ms: number }} Row */
/** @typedef {{ name: string, title: string, unit: string, points: readonly { at: number, rows: readonly Row[] }[] }} Series */

const HEIGHT = 250;
const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * @param {readonly Series[]} all
 * @param {string} subtitle
 * @returns {string} SVG
 */
export function scale(all, subtitle) {
  const servers = new Map(
    all.flatMap(({ points }) => points.flatMap(({ rows }) => rows.map((row) => [row.server, row.title]))),
  );
  const colours = coloursOf([...servers.keys()]);
  return grid({
    title: 'What grows with connections, workers and bodies',
    subtitle,
    legend: [...servers].map(([server, title]) => ({ label: title, colour: colours.get(server) ?? '' })),
    columns: 2,
    panelWidth: 460,
    panels: all.flatMap((series) => {
      // A logarithmic scale has no zero: the empty body is in the table.
      const points = series.points.filter(({ at }) => at > 0);
      const flat = points.flatMap(({ at, rows }) =>
        rows
          .filter(({ failure, unitsPerSecond }) => failure === undefined && unitsPerSecond !== null)
          .map((row) => ({ ...row, at, colour: colours.get(row.server) })),
      );
      const isBody = series.name.endsWith('bodies');
      const x = {
        type: /** @type {const} */ ('log'),
        ticks: points.map(({ at }) => at),
        tickFormat: isBody ? formatBytes : (/** @type {number} */ at) => at.toLocaleString('en'),
        label: null,
      };
      return [
        panel(`${series.title}: ${series.unit}`, flat, x, 'unitsPerSecond', isBody ? 'log' : 'linear'),
        panel(`${series.title}: p99 in ms`, flat, x, 'p99Ms', 'log'),
      ];
    }),
  });
}

/**
 * @param {string} title
 * @param {readonly object[]} rows
 * @param {Plot.ScaleOptions} x
 * @param {string} y
 * @param {'linear' | 'log'} type
 * @returns {import('./grid.mjs').Panel}
 */
function panel(title, rows, x, y, type) {
  const stroke = { x: 'at', y, stroke: 'colour', z: 'server' };
  return {
    title,
    options: {
      height: HEIGHT,
      marginLeft: 56,
      marginRight: 24,
      marginTop: 10,
      marginBottom: 26,
      x,
      y: {
        type,
        label: null,
        grid: true,
        tickFormat: (/** @type {number} */ amount) => amount.toLocaleString('en'),
        ...(type === 'linear' ? { zero: true } : { ticks: 5 }),
      },
      marks: [Plot.lineY(rows, { ...stroke, strokeWidth: 2 }), Plot.dot(rows, { x: 'at', y, fill: 'colour', r: 3 })],
    },
  };
}

/** @param {number} bytes */
function formatBytes(bytes) {
  return bytes >= MIB ? `${bytes / MIB} MiB` : bytes >= KIB ? `${bytes / KIB} KiB` : `${bytes} B`;
}
