/** Summarises the turns of a scenario: medians, ratios and a table. */
import { median } from '../load/statistics.mjs';

/** @typedef {import('./turns.mjs').Entry} Entry */
/** @typedef {import('./turns.mjs').Turn} Turn */

/**
 * @param {Entry} entry
 */
export function summarize(entry) {
  const { turns, contender, failure, kept, closed } = entry;
  const over = (/** @type {(turn: Turn) => number} */ pick) => median(turns.map(pick));
  const errors = Object.fromEntries(
    /** @type {const} */ (['connect', 'read', 'write', 'timeout', 'status']).map((kind) => [
      kind,
      turns.reduce((sum, turn) => sum + turn.errors[kind], 0),
    ]),
  );
  return {
    server: contender.name,
    title: contender.title,
    failure,
    keepsConnections: kept,
    closesWhenAsked: closed,
    requestsPerSecond: over((turn) => turn.requestsPerSecond),
    bytesPerSecond: over((turn) => turn.bytesPerSecond),
    p50Ms: over((turn) => turn.p50Ms),
    p99Ms: over((turn) => turn.p99Ms),
    pssMiB: over((turn) => turn.pssMiB),
    errors,
    newcomersUnanswered: turns.filter((turn) => turn.newcomerMs === undefined).length,
    turns,
  };
}

/** @typedef {ReturnType<typeof summarize>} Row */

/**
 * @param {string} heading
 * @param {readonly Row[]} rows
 * @param {string} ownName
 * @returns {import('../report.mjs').Table}
 */
export function toTable(heading, rows, ownName) {
  const own = rows.find((row) => row.server === ownName);
  const columns = [
    'server',
    'requests/s',
    'slowest',
    'fastest',
    'Tunicorn is',
    'p50 ms',
    'p99 ms',
    'errors',
    'newcomers',
    'kept',
    'PSS MiB',
  ];
  return {
    heading,
    columns,
    rows: rows.map((row) => {
      if (row.failure !== undefined) return [row.title, `failed: ${row.failure}`, ...columns.slice(2).map(() => '')];
      const rates = row.turns.map((turn) => turn.requestsPerSecond);
      return [
        row.title,
        row.requestsPerSecond.toFixed(0),
        Math.min(...rates).toFixed(0),
        Math.max(...rates).toFixed(0),
        own === undefined || own === row ? '' : `${(own.requestsPerSecond / row.requestsPerSecond).toFixed(2)} ×`,
        row.p50Ms.toFixed(2),
        row.p99Ms.toFixed(2),
        describeErrors(row),
        row.newcomersUnanswered === 0 ? 'served' : `${row.newcomersUnanswered} of ${row.turns.length} left out`,
        row.keepsConnections ? 'yes' : 'no',
        row.pssMiB.toFixed(1),
      ];
    }),
  };
}

/**
 * @param {Pick<Row, 'errors'>} row
 * @returns {string} for example "3 timeout, 1 read"; "0" if there were none
 */
export function describeErrors({ errors }) {
  const kinds = Object.entries(errors).filter(([, count]) => count > 0);
  return kinds.map(([kind, count]) => `${count} ${kind}`).join(', ') || '0';
}
