/**
 * npm run bench: sets up what is missing, runs the scenarios named on the command line (all, if none is), prints their
 * tables and writes them to bench/results. See README.md.
 */
import { setMaxListeners } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { raiseDescriptorLimit } from './descriptors.mjs';
import { buildEarlier, withEarlier } from './earlier-commit.mjs';
import { loadAverage, machineFacts } from './machine.mjs';
import { killEverything } from './owned-processes.mjs';
import { RESULTS } from './places.mjs';
import { publish } from './report.mjs';
import * as asgi from './scenarios/asgi.mjs';
import * as fairness from './scenarios/fairness.mjs';
import * as green from './scenarios/green.mjs';
import * as install from './scenarios/install.mjs';
import * as memory from './scenarios/memory.mjs';
import * as mixed from './scenarios/mixed.mjs';
import * as oneConnection from './scenarios/one-connection.mjs';
import * as overload from './scenarios/overload.mjs';
import * as scale from './scenarios/scale.mjs';
import * as slowClients from './scenarios/slow-clients.mjs';
import * as start from './scenarios/start.mjs';
import * as storm from './scenarios/storm.mjs';
import * as threads from './scenarios/threads.mjs';
import * as throughput from './scenarios/throughput.mjs';
import * as websocket from './scenarios/websocket.mjs';
import { checkTunicorn, SetUpError, setUpCharts, setUpPeers, setUpSlowhttptest, setUpWrk } from './set-up.mjs';
import { summarizeDay, writeFigures } from './summary.mjs';
import { LOAD_AVERAGE } from './summary-page.mjs';

/**
 * @typedef {object} Scenario
 * @property {readonly import('./contenders/contender.mjs').Contender[]} contenders
 * @property {(contenders: readonly import('./contenders/contender.mjs').Contender[], options: import('./plan.mjs').RunOptions) =>
 *   Promise<import('./report.mjs').Report>} measure
 */

/** @type {ReadonlyMap<string, Scenario>} */
const SCENARIOS = new Map([
  ['throughput', throughput],
  ['threads', threads],
  ['asgi', asgi],
  ['green', green],
  ['websocket', websocket],
  ['one-connection', oneConnection],
  ['start', start],
  ['install', install],
  ['memory', memory],
  ['mixed', mixed],
  ['scale', scale],
  ['storm', storm],
  ['fairness', fairness],
  ['slow-clients', slowClients],
  ['overload', overload],
]);

const USES_WRK = new Set(['throughput', 'threads', 'asgi', 'green', 'one-connection', 'memory', 'scale']);
const SERVERS = new Set([...SCENARIOS.values()].flatMap((each) => each.contenders.map((contender) => contender.name)));

const USAGE = `usage: npm run bench -- [--brief | --quick] [--rounds N] [--seconds N] [--only SERVER,...] [--baseline COMMIT] [SCENARIO...]
       npm run bench -- --summarize DATE | --readme DATE
scenarios: ${[...SCENARIOS.keys()].join(', ')} (default: all, one after the other)
servers:   ${[...SERVERS].join(', ')} (default: all)
--baseline   measures Tunicorn as it was at that commit, too, beside this working tree
--brief      shorter turns; the results are valid
--quick      very short runs, to see that everything works; the figures mean nothing
--rounds     how many turns each server has, in place of the scenario's own number
--seconds    how long a turn is, in place of the scenario's own length (not in scale)
--summarize  writes the summary and the pictures of a day's results again, and measures nothing
--readme     writes a day's figures into README.md and bench/README.md, and measures nothing
`;

class UsageError extends Error {}

/**
 * @typedef {object} Arguments
 * @property {string[]} names
 * @property {import('./plan.mjs').RunOptions} options
 * @property {string[] | undefined} only
 * @property {string | undefined} baseline
 * @property {string | undefined} summarize a day
 * @property {string | undefined} readme a day
 */

/** @returns {Arguments} */
function readArguments() {
  const options = /** @type {const} */ ({
    quick: { type: 'boolean' },
    brief: { type: 'boolean' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    only: { type: 'string' },
    baseline: { type: 'string' },
    summarize: { type: 'string' },
    readme: { type: 'string' },
    help: { type: 'boolean' },
  });
  let parsed;
  try {
    parsed = parseArgs({ options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = parsed;
  if (values.help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  for (const name of positionals) if (!SCENARIOS.has(name)) throw new UsageError(`there is no scenario '${name}'`);
  const only = values.only?.split(',');
  for (const name of only ?? []) if (!SERVERS.has(name)) throw new UsageError(`there is no server '${name}'`);
  if (values.quick && values.brief) throw new UsageError('--quick and --brief exclude each other');
  const names = positionals.length > 0 ? positionals : [...SCENARIOS.keys()];
  const { quick = false, baseline, summarize, readme } = values;
  const pace = quick ? 'quick' : values.brief ? 'brief' : 'full';
  const rounds = positiveNumber('--rounds', values.rounds);
  const seconds = positiveNumber('--seconds', values.seconds);
  return { names, options: { pace, quick, rounds, seconds }, only, baseline, summarize, readme };
}

/**
 * @param {string} option
 * @param {string | undefined} text
 * @returns {number | undefined}
 */
function positiveNumber(option, text) {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d*$/.test(text)) throw new UsageError(`${option} takes a positive whole number, not '${text}'`);
  return Number(text);
}

async function main() {
  const { names, options, only, baseline, summarize, readme } = readArguments();
  for (const day of [summarize, readme]) {
    if (day === undefined || existsSync(join(RESULTS, day))) continue;
    throw new UsageError(`there is no folder bench/results/${day}`);
  }
  if (summarize !== undefined) await summarizeDay(join(RESULTS, summarize), '');
  if (readme !== undefined) writeFigures(readme);
  if (summarize !== undefined || readme !== undefined) return 0;
  const chosen = names.map((name) => {
    const scenario = SCENARIOS.get(name);
    if (scenario === undefined) throw new UsageError(`there is no scenario '${name}'`);
    const contenders = scenario.contenders.filter((contender) => only?.includes(contender.name) ?? true);
    if (contenders.length === 0) throw new UsageError(`scenario ${name} has none of the servers ${only?.join(', ')}`);
    return { name, scenario, contenders };
  });
  await setUpPeers();
  if (names.some((name) => USES_WRK.has(name))) await setUpWrk();
  if (names.includes('slow-clients')) await setUpSlowhttptest();
  if (names.includes('scale')) await raiseDescriptorLimit();
  await setUpCharts();
  if (chosen.some(({ contenders }) => contenders.some((contender) => contender.name.startsWith('tunicorn'))))
    await checkTunicorn();
  const earlier = baseline === undefined ? undefined : await buildEarlier(baseline);
  const machine = await machineFacts();
  let failed = 0;
  for (const { name, scenario, contenders } of chosen) {
    const began = performance.now();
    const measured = earlier === undefined ? contenders : withEarlier(contenders, earlier);
    const facts = { ...machine, [LOAD_AVERAGE]: loadAverage() };
    try {
      const report = await scenario.measure(measured, { ...options, baseline: earlier?.commit });
      const { directory, kind } = publish(report, facts, { pace: options.pace, partial: only !== undefined });
      await summarizeDay(directory, kind);
    } catch (error) {
      // The other scenarios' results are worth having all the same.
      console.error(`Scenario ${name} failed:`, error);
      failed++;
    }
    console.error(`${name} took ${((performance.now() - began) / 1000).toFixed(0)} s`);
  }
  return failed === 0 ? 0 : 1;
}

for (const [signal, number] of /** @type {const} */ ([
  ['SIGINT', 2],
  ['SIGTERM', 15],
  ['SIGHUP', 1],
])) {
  process.once(signal, () => process.exit(128 + number));
}
process.on('exit', killEverything);
// Hundreds of clients listen to one stop signal.
setMaxListeners(0);
main().then(
  (status) => process.exit(status),
  (error) => {
    if (error instanceof UsageError) console.error(`${error.message}\n${USAGE}`);
    else console.error(error instanceof SetUpError ? error.message : error);
    process.exit(error instanceof UsageError ? 2 : 1);
  },
);
