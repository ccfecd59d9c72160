/**
 * What a day's results say together: a page with the goals of all scenarios, and the pictures. Written from the files of figures, so that
 * scenarios can be run one by one, and pages be written again without measuring again.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { ROOT } from './places.mjs';
import { describeMachine, formatTable } from './report.mjs';
import { setUpCharts } from './set-up.mjs';

/**
 * @typedef {object} Result as report.mjs writes it
 * @property {string} scenario
 * @property {string} measuredAt
 * @property {string} pace
 * @property {Record<string, string>} machine
 * @property {import('./goals.mjs').Verdict[]} [goals]
 * @property {any} data
 */

/**
 * @param {string} directory the results of one day
 * @param {string} kind how the names of the files end: '', '-quick' or '-partial'
 * @returns {Result[]} in the order in which they were measured
 */
export function readResults(directory, kind) {
  const endings = ['-quick', '-partial'];
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .filter((name) => {
      const stem = basename(name, '.json');
      return kind === '' ? endings.every((ending) => !stem.endsWith(ending)) : stem.endsWith(kind);
    })
    .map((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')))
    .filter((result) => typeof result.scenario === 'string')
    .sort((a, b) => (a.measuredAt < b.measuredAt ? -1 : 1));
}

/**
 * @param {string} directory
 * @param {string} kind
 */
export async function summarizeDay(directory, kind) {
  const results = readResults(directory, kind);
  const pictures = await draw(results, directory, kind);
  const path = join(directory, `summary${kind}.md`);
  writeFileSync(path, summaryPage(results, pictures, kind));
  console.log(
    `Written to ${[path, ...pictures.map((name) => join(directory, name))].map((each) => relative(ROOT, each)).join(', ')}`,
  );
}

/**
 * @param {readonly Result[]} results
 * @param {string} directory
 * @param {string} kind
 * @returns {Promise<string[]>} the names of the pictures
 */
async function draw(results, directory, kind) {
  if (!(await setUpCharts())) return [];
  const { pictures } = await import('./charts/pictures.mjs');
  return pictures(results).map(({ name, svg }) => {
    writeFileSync(join(directory, `${name}${kind}.svg`), svg);
    return `${name}${kind}.svg`;
  });
}

/**
 * @param {readonly Result[]} results
 * @param {readonly string[]} pictures
 * @param {string} kind
 * @returns {string} Markdown
 */
export function summaryPage(results, pictures, kind) {
  const verdicts = results.flatMap(({ scenario, goals }) => (goals ?? []).map((goal) => ({ scenario, ...goal })));
  const judged = verdicts.filter(({ met }) => met !== undefined);
  const missed = judged.filter(({ met }) => met === false);
  const rows = verdicts.map(({ scenario, goal, reached, met }) => [
    goal,
    reached,
    met === undefined ? '?' : met ? 'yes' : 'no',
    scenario,
  ]);
  const last = results.at(-1);
  const machine = Object.entries(last?.machine ?? {}).filter(([name]) => name !== LOAD_AVERAGE);
  const parts = [
    `## Benchmarks of ${last?.measuredAt.slice(0, 10) ?? 'no day'}`,
    kind === '-quick' ? 'A quick run: too short to compare by.' : '',
    `${judged.length - missed.length} of ${judged.length} goals reached. All servers of a scenario in turns within one run.`,
    ...pictures.map((name) => `![${basename(name, '.svg')}](${name})`),
    rows.length === 0 ? '' : formatTable({ heading: '', columns: ['goal', 'reached', 'met', 'scenario'], rows }),
    '### Scenarios',
    results.map((result) => `- ${describe(result, kind)}`).join('\n'),
    `Machine: ${describeMachine(Object.fromEntries(machine))}.`,
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

export const LOAD_AVERAGE = 'load average before';

/**
 * @param {Result} result
 * @param {string} kind
 */
function describe({ scenario, measuredAt, pace, machine, data }, kind) {
  const { rounds, seconds } = data?.plan ?? {};
  const turns = rounds === undefined ? '' : `, ${rounds} rounds${seconds > 0 ? ` of ${seconds} s` : ''}`;
  const load = machine[LOAD_AVERAGE] === undefined ? '' : `, load average before ${machine[LOAD_AVERAGE]}`;
  return `[${scenario}](${scenario}${kind}.md): ${measuredAt.slice(11, 19)} UTC, ${pace ?? 'full'}${turns}${load}`;
}
