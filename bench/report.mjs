/** Writes the results of a scenario to the terminal, and to bench/results as Markdown and JSON. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { goalTable } from './goals.mjs';
import { RESULTS, ROOT } from './places.mjs';

/** @typedef {{ heading: string, columns: string[], rows: string[][] }} Table first column to the left, others to the right */

/**
 * @typedef {object} Report
 * @property {string} scenario
 * @property {string} summary the load, in a sentence or two
 * @property {Table[]} tables
 * @property {import('./goals.mjs').Verdict[]} [goals] and whether they were reached
 * @property {string[]} findings remarks
 * @property {unknown} data all measurements, for the JSON file
 */

/**
 * A Markdown table whose columns also line up in a terminal.
 * @param {Table} table
 * @returns {string}
 */
export function formatTable({ columns, rows }) {
  const widths = columns.map((column, index) =>
    Math.max(3, column.length, ...rows.map((row) => row[index]?.length ?? 0)),
  );
  const line = (/** @type {readonly string[]} */ cells) =>
    `| ${widths.map((width, index) => pad(cells[index] ?? '', width, index)).join(' | ')} |`;
  const rule = widths.map((width, index) => (index === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(columns), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}

/**
 * @param {string} cell
 * @param {number} width
 * @param {number} index
 * @returns {string}
 */
function pad(cell, width, index) {
  return index === 0 ? cell.padEnd(width) : cell.padStart(width);
}

/**
 * @param {Report} report
 * @returns {string} Markdown
 */
function formatReport(report) {
  const goals = report.goals === undefined || report.goals.length === 0 ? [] : [goalTable(report.goals)];
  const tables = [...report.tables, ...goals].map((table) => `### ${table.heading}\n\n${formatTable(table)}`);
  const findings = report.findings.map((finding) => `- ${finding}`).join('\n');
  return [`## ${report.scenario}`, report.summary, ...tables, findings].filter((part) => part !== '').join('\n\n');
}

/**
 * @param {Report} report
 * @param {Record<string, string>} machine
 * @param {{ pace: import('./plan.mjs').Pace, partial: boolean }} options partial: some servers were left out
 * @returns {{ directory: string, kind: string }} where it was written, and how the names of its files end
 */
export function publish(report, machine, { pace, partial }) {
  const now = new Date();
  const text = formatReport(report);
  console.log(`\n${text}\n`);
  const directory = join(RESULTS, now.toISOString().slice(0, 10));
  mkdirSync(directory, { recursive: true });
  const warning = pace === 'quick' ? '\n\nA quick run: too short to compare by.' : '';
  // Such a run must not overwrite the figures of a full one.
  const kind = pace === 'quick' ? '-quick' : partial ? '-partial' : '';
  const stem = join(directory, `${report.scenario}${kind}`);
  const measured = `Measured ${now.toISOString()} with: ${describeMachine(machine)}.`;
  writeFileSync(`${stem}.md`, `${text}\n\n${measured}${warning}\n`);
  const { scenario, goals, data } = report;
  const kept = { scenario, measuredAt: now, pace, machine, goals, data };
  writeFileSync(`${stem}.json`, `${JSON.stringify(kept, null, 2)}\n`);
  console.log(`Written to ${relative(ROOT, stem)}.md and .json`);
  return { directory, kind };
}

/**
 * @param {Record<string, string>} machine
 * @returns {string}
 */
export function describeMachine(machine) {
  return Object.entries(machine)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}
