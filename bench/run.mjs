/**
 * npm run bench: sets up what is missing, runs the scenarios named on the command line (all, if none is), prints their
 * tables and writes them to bench/results. See README.md.
 */
import { setMaxListeners } from 'node:events';
import { parseArgs } from 'node:util';
import { buildEarlier, withEarlier } from './earlier-commit.mjs';
import { machineFacts } from './machine.mjs';
import { killEverything } from './owned-processes.mjs';
import { publish } from './report.mjs';
import * as asgi from './scenarios/asgi.mjs';
import * as fairness from './scenarios/fairness.mjs';
import * as green from './scenarios/green.mjs';
import * as overload from './scenarios/overload.mjs';
import * as slowClients from './scenarios/slow-clients.mjs';
import * as storm from './scenarios/storm.mjs';
import * as threads from './scenarios/threads.mjs';
import * as throughput from './scenarios/throughput.mjs';
import * as websocket from './scenarios/websocket.mjs';
import { checkTunicorn, SetUpError, setUpPeers, setUpSlowhttptest, setUpWrk } from './set-up.mjs';

/**
 * @typedef {object} Scenario
 * @property {readonly import('./contenders/contender.mjs').Contender[]} contenders
 * @property {(contenders: readonly import('./contenders/contender.mjs').Contender[], options: { quick: boolean }) =>
 *   Promise<import('./report.mjs').Report>} measure
 */

/** @type {ReadonlyMap<string, Scenario>} */
const SCENARIOS = new Map([
  ['throughput', throughput],
  ['threads', threads],
  ['asgi', asgi],
  ['green', green],
  ['websocket', websocket],
  ['storm', storm],
  ['fairness', fairness],
  ['slow-clients', slowClients],
  ['overload', overload],
]);

const USES_WRK = new Set(['throughput', 'threads', 'asgi', 'green']);
const SERVERS = new Set([...SCENARIOS.values()].flatMap((each) => each.contenders.map((contender) => contender.name)));

const USAGE = `usage: npm run bench -- [--quick] [--only SERVER,...] [--against COMMIT] [SCENARIO...]
scenarios: ${[...SCENARIOS.keys()].join(', ')} (default: all, one after the other)
servers:   ${[...SERVERS].join(', ')} (default: all)
--against  measures Tunicorn as it was at that commit, too, beside this working tree
--quick    short runs, to see that everything works; the figures mean nothing
`;

class UsageError extends Error {}

/** @returns {{ names: string[], quick: boolean, only: string[] | undefined, against: string | undefined }} */
function readArguments() {
  const options = /** @type {const} */ ({
    quick: { type: 'boolean' },
    only: { type: 'string' },
    against: { type: 'string' },
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
  const names = positionals.length > 0 ? positionals : [...SCENARIOS.keys()];
  return { names, quick: values.quick ?? false, only, against: values.against };
}

async function main() {
  const { names, quick, only, against } = readArguments();
  const chosen = names.map((name) => {
    const scenario = SCENARIOS.get(name);
    if (scenario === undefined) throw new UsageError(`there is no scenario '${name}'`);
    const contenders = scenario.contenders.filter((contender) => only?.includes(contender.name) ?? true);
    return { name, scenario, contenders };
  });
  await setUpPeers();
  if (names.some((name) => USES_WRK.has(name))) await setUpWrk();
  if (names.includes('slow-clients')) await setUpSlowhttptest();
  if (chosen.some(({ contenders }) => contenders.some((contender) => contender.name.startsWith('tunicorn'))))
    await checkTunicorn();
  const earlier = against === undefined ? null : await buildEarlier(against);
  const machine = await machineFacts();
  for (const { name, scenario, contenders } of chosen) {
    if (contenders.length === 0) throw new UsageError(`scenario ${name} has none of the servers ${only?.join(', ')}`);
    const measured = earlier === null ? contenders : withEarlier(contenders, earlier);
    publish(await scenario.measure(measured, { quick }), machine, { quick, partial: only !== undefined });
  }
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
  () => process.exit(0),
  (error) => {
    if (error instanceof UsageError) console.error(`${error.message}\n${USAGE}`);
    else console.error(error instanceof SetUpError ? error.message : error);
    process.exit(error instanceof UsageError ? 2 : 1);
  },
);
