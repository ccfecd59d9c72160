/** Summarises the turns of a scenario: medians, ratios, a table, and whether the goals were reached. */
import { median } from '../load/statistics.mjs';

/** @typedef {import('./turns.mjs').Entry} Entry */
/** @typedef {import('./turns.mjs').Turn} Turn */

/** @typedef {{ cell: string, peer: string, times: number }} Goal */

/**
 * @param {Entry} entry
 */
export function summarize(entry) {
  const { turns, server, kept, closed } = entry;
  const over = (/** @type {(turn: Turn) => number} */ pick) => median(turns.map(pick));
  const errors = Object.fromEntries(
    /** @type {const} */ (['connect', 'read', 'write', 'timeout', 'status']).map((kind) => [
      kind,
      turns.reduce((sum, turn) => sum + turn.errors[kind], 0),
    ]),
  );
  return {
    server: server.contender.name,
    title: server.contender.title,
    keepsConnections: kept,
    closesWhenAsked: closed,
    requestsPerSecond: over((turn) => turn.requestsPerSecond),
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
      if (row.turns.length === 0) return [row.title, 'does not close when asked', ...columns.slice(2).map(() => '')];
      const rates = row.turns.map((turn) => turn.requestsPerSecond);
      const kinds = Object.entries(row.errors).filter(([, count]) => count > 0);
      return [
        row.title,
        row.requestsPerSecond.toFixed(0),
        Math.min(...rates).toFixed(0),
        Math.max(...rates).toFixed(0),
        own === undefined || own === row ? '' : `${(own.requestsPerSecond / row.requestsPerSecond).toFixed(2)} ×`,
        row.p50Ms.toFixed(2),
        row.p99Ms.toFixed(2),
        kinds.map(([kind, count]) => `${count} ${kind}`).join(', ') || '0',
        row.newcomersUnanswered === 0 ? 'served' : `${row.newcomersUnanswered} of ${row.turns.length} left out`,
        row.keepsConnections ? 'yes' : 'no',
        row.pssMiB.toFixed(1),
      ];
    }),
  };
}

/**
 * @param {readonly { title: string, rows: Row[] }[]} cells
 * @param {readonly Goal[]} goals
 * @param {string} ownName
 * @returns {string[]}
 */
export function judge(cells, goals, ownName) {
  return goals.flatMap(({ cell, peer, times }) => {
    const rows = cells.find(({ title }) => title === cell)?.rows ?? [];
    const own = rows.find((row) => row.server === ownName);
    const other = rows.find((row) => row.server === peer);
    if (own === undefined || other === undefined) return [];
    const ratio = own.requestsPerSecond / other.requestsPerSecond;
    const verdict = ratio >= times ? 'reached' : 'not reached';
    return [`Goal, ${cell}: at least ${times} times ${other.title}: ${verdict} (${ratio.toFixed(2)} times).`];
  });
}
