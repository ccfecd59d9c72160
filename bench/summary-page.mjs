/** The page of a day: its goals, pictures and scenarios. */
import { basename } from 'node:path';
import { describeMachine, formatTable } from './report.mjs';

/**
 * @typedef {object} Result as report.mjs writes it
 * @property {string} scenario
 * @property {string} measuredAt
 * @property {string} pace
 * @property {Record<string, string>} machine
 * @property {import('./goals.mjs').Verdict[]} [goals]
 * @property {any} data
 */

/** The fact about the machine that differs from scenario to scenario. */
export const LOAD_AVERAGE = 'load average before';

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
