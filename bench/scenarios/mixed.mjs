/**
 * Short requests among long ones: 5 % take 100 ms, the rest 2 ms. What the user of a short one feels depends on whether it waits behind a
 * long one while another worker is idle. Open loop at three shares of the capacity, which is the same for all servers.
 */
import { granianWsgi } from '../contenders/asgi-servers.mjs';
import { gunicornGthread } from '../contenders/gunicorn.mjs';
import { tunicornGthread } from '../contenders/tunicorn.mjs';
import { uwsgiHttpSocket } from '../contenders/uwsgi.mjs';
import { judgeGoals } from '../goals.mjs';
import { mixedSchedule, runSchedule } from '../load/open-loop-kept.mjs';
import { maximum, median, percentile } from '../load/statistics.mjs';
import { choosePlan } from '../plan.mjs';
import { reasonOf, Server } from '../server.mjs';

/** @typedef {import('../contenders/contender.mjs').Contender} Contender */

const WORKERS = 2;
const PARALLEL = 8;
const SHORT_MS = 2;
const LONG_MS = 100;
const LONG_SHARE = 0.05;
const LOADS = [0.5, 0.7, 0.9];
const CLIENTS = 64;
const TIMEOUT_MS = 10_000;
const CAPACITY = PARALLEL / ((1 - LONG_SHARE) * (SHORT_MS / 1000) + LONG_SHARE * (LONG_MS / 1000));

const PLANS = {
  full: { rounds: 3, seconds: 10 },
  brief: { rounds: 3, seconds: 3 },
  quick: { rounds: 1, seconds: 1 },
};

/** @type {Contender} */
const granianThreads = { ...granianWsgi, title: 'Granian WSGI, 4 blocking threads' };
/** @type {Contender} */
const uwsgiThreads = { ...uwsgiHttpSocket, title: 'uWSGI http-socket, 4 threads' };

export const contenders = [tunicornGthread, gunicornGthread, granianThreads, uwsgiThreads];

/** Two processes with four threads each run eight requests at once. Where threads are not part of the contender: @type {ReadonlyMap<string, string[]>} */
const ARGS = new Map([
  [granianWsgi.name, ['--blocking-threads=4']],
  [uwsgiHttpSocket.name, ['--threads=4']],
]);

const titleOf = (/** @type {number} */ load) => `short requests at ${load * 100} % of capacity`;

/** @type {import('../goals.mjs').Goal[]} */
const GOALS = LOADS.map((load) => ({
  cell: titleOf(load),
  own: tunicornGthread.name,
  measure: 'p99Ms',
  bound: 'at most',
  value: 0.5,
  than: 'best peer',
}));

/**
 * @typedef {object} MixedTurn
 * @property {number} p50Ms of the short ones, as the next two
 * @property {number} p99Ms
 * @property {number} p999Ms
 * @property {number} longP50Ms
 * @property {number} sent
 * @property {string[]} failures
 * @property {number} lagP99Ms of the load generator
 */

/**
 * @param {Server} server
 * @param {number} load
 * @param {number} seconds
 * @param {number} round
 * @returns {Promise<MixedTurn>}
 */
async function takeTurn(server, load, seconds, round) {
  // The same arrivals for every server.
  const seed = 1 + round * LOADS.length + LOADS.indexOf(load);
  const schedule = mixedSchedule({
    perSecond: load * CAPACITY,
    seconds,
    seed,
    path: '/',
    otherPath: '/long',
    otherShare: LONG_SHARE,
  });
  const { ended, lagMs } = await runSchedule(server.port, schedule, { clients: CLIENTS, timeoutMs: TIMEOUT_MS, seed });
  // A failed one has waited, too.
  const shortMs = ended.filter(({ path }) => path === '/').map(({ tookMs }) => tookMs);
  const longMs = ended.filter(({ path }) => path !== '/').map(({ tookMs }) => tookMs);
  return {
    p50Ms: percentile(shortMs, 0.5),
    p99Ms: percentile(shortMs, 0.99),
    p999Ms: percentile(shortMs, 0.999),
    longP50Ms: percentile(longMs, 0.5),
    sent: ended.length,
    failures: ended.flatMap(({ failure }) => failure ?? []),
    lagP99Ms: percentile(lagMs, 0.99),
  };
}

/**
 * @typedef {object} MixedEntry
 * @property {Contender} contender
 * @property {Server | undefined} server
 * @property {string | undefined} failure
 * @property {Map<number, MixedTurn[]>} turns by load
 */

/**
 * @param {MixedEntry} entry
 * @param {() => Promise<void>} act
 */
async function attempt(entry, act) {
  if (entry.failure !== undefined) return;
  try {
    await act();
  } catch (error) {
    entry.failure = reasonOf(error);
    console.error(`${entry.contender.title}: ${entry.failure}`);
  }
}

/**
 * @param {readonly Contender[]} chosen
 * @param {import('../plan.mjs').Plan} plan
 * @returns {Promise<MixedEntry[]>}
 */
async function measureAll(chosen, { rounds, seconds }) {
  /** @type {MixedEntry[]} */
  const entries = chosen.map((contender) => ({ contender, server: undefined, failure: undefined, turns: new Map() }));
  try {
    for (const entry of entries) {
      const args = ARGS.get(entry.contender.name) ?? [];
      await attempt(entry, async () => {
        entry.server = await Server.start(entry.contender, { app: 'mixed', workers: WORKERS, args });
        await takeTurn(entry.server, LOADS[0] ?? 0, 1, rounds);
      });
    }
    for (let round = 0; round < rounds; round++) {
      for (const load of LOADS) {
        console.error(`mixed: ${titleOf(load)}, round ${round + 1} of ${rounds}`);
        for (const entry of round % 2 === 0 ? entries : [...entries].reverse()) {
          await attempt(entry, async () => {
            if (!entry.server?.alive) throw new Error('ended while it was measured');
            const turn = await takeTurn(entry.server, load, seconds, round);
            entry.turns.set(load, [...(entry.turns.get(load) ?? []), turn]);
          });
        }
      }
    }
  } finally {
    await Promise.all(entries.map(({ server }) => server?.stop()));
  }
  return entries;
}

/**
 * @param {MixedEntry} entry
 * @param {number} load
 */
function summarize({ contender, failure, turns }, load) {
  const all = turns.get(load) ?? [];
  const over = (/** @type {(turn: MixedTurn) => number} */ pick) => median(all.map(pick));
  return {
    server: contender.name,
    title: contender.title,
    failure,
    p50Ms: over((turn) => turn.p50Ms),
    p99Ms: over((turn) => turn.p99Ms),
    p999Ms: over((turn) => turn.p999Ms),
    longP50Ms: over((turn) => turn.longP50Ms),
    failed: all.reduce((sum, turn) => sum + turn.failures.length, 0),
    lagP99Ms: maximum(all.map((turn) => turn.lagP99Ms)),
    turns: all,
  };
}

/**
 * @param {readonly Contender[]} chosen
 * @param {import('../plan.mjs').RunOptions} options
 * @returns {Promise<import('../report.mjs').Report>}
 */
export async function measure(chosen, options) {
  const plan = choosePlan(options, PLANS);
  const entries = await measureAll(chosen, plan);
  const cells = LOADS.map((load) => ({
    title: titleOf(load),
    load,
    rows: entries.map((entry) => summarize(entry, load)),
  }));
  return {
    scenario: 'mixed',
    summary:
      `${LONG_SHARE * 100} % of the requests take ${LONG_MS} ms, the others ${SHORT_MS} ms, without using the processor. Each server can run ` +
      `${PARALLEL} at once, in ${WORKERS} processes with ${PARALLEL / WORKERS} threads each: ${CAPACITY.toFixed(0)} requests/s. Open loop: ` +
      `arrivals at times fixed in advance, the same for all servers, each over a random idle one of ${CLIENTS} keep-alive connections or a ` +
      'new one; latency counts from the time at which a request is due. ' +
      `Latencies of the short requests: medians of ${plan.rounds} rounds of ${plan.seconds} s in turns. Late: how late the load generator ` +
      'sent, 99th percentile of the worst round.',
    tables: cells.map(({ title, rows }) => ({
      heading: title,
      columns: ['server', 'p50 ms', 'p99 ms', 'p99.9 ms', 'long ones, p50 ms', 'failed', 'late ms'],
      rows: rows.map((row) =>
        row.failure === undefined
          ? [
              row.title,
              ...[row.p50Ms, row.p99Ms, row.p999Ms, row.longP50Ms].map((ms) => ms.toFixed(1)),
              String(row.failed),
              row.lagP99Ms.toFixed(1),
            ]
          : [row.title, `failed: ${row.failure}`, '', '', '', '', ''],
      ),
    })),
    goals: judgeGoals(GOALS, cells, options.baseline),
    findings: [],
    data: { plan, capacityPerSecond: CAPACITY, cells },
  };
}
