/**
 * Four times as many requests as the server can serve, from clients that give up after a second. A server that takes the oldest request
 * first serves clients that are about to leave, or have left; a good one serves as many in time as ever, and recovers when the flood is
 * over.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gunicornGthread, gunicornSync } from '../contenders/gunicorn.mjs';
import { tunicornSync } from '../contenders/tunicorn.mjs';
import { newTally, runClient } from '../load/closed-loop.mjs';
import { get } from '../load/http-connection.mjs';
import { arrivals, runOpenLoop } from '../load/open-loop.mjs';
import { maximum, percentile } from '../load/statistics.mjs';
import { withServer } from '../server.mjs';

/** @typedef {import('../contenders/contender.mjs').Contender} Contender */
/** @typedef {import('../load/open-loop.mjs').Outcome} Outcome */
/** @typedef {import('../server.mjs').Server} Server */

const PARALLEL = 4;
const OVERLOAD = 4;
const NORMAL = 0.5;
const DEADLINE_MS = 1_000;
const SLOT_MS = 250;
const GOAL_SHARE = 0.9;
const GOAL_RECOVERY_MS = 1_000;
/** Time until a close is seen at the other end; a request that began before that could not be held back. */
const UNSEEN_MS = 10;

/** @type {Contender} */
const tunicornFifo = { ...tunicornSync, name: 'tunicorn-fifo', title: 'Tunicorn, fifo with a timeout' };
/** @type {Contender} */
const tunicornDefault = { ...tunicornSync, name: 'tunicorn-default', title: 'Tunicorn as it comes' };

export const contenders = [tunicornSync, tunicornFifo, tunicornDefault, gunicornSync, gunicornGthread];

/** Half of the clients' patience. */
const QUEUE_TIMEOUT = `--queue-timeout=${DEADLINE_MS / 2_000}`;

/** How each is started; all can serve four requests at once. @type {ReadonlyMap<string, { workers: number, args: string[] }>} */
const LAUNCH = new Map([
  [tunicornSync.name, { workers: PARALLEL, args: [QUEUE_TIMEOUT, '--queue-order=adaptive'] }],
  [tunicornFifo.name, { workers: PARALLEL, args: [QUEUE_TIMEOUT] }],
  [gunicornGthread.name, { workers: PARALLEL / 4, args: [] }],
]);

/**
 * @param {Server} server
 * @param {number} seconds
 * @returns {Promise<number>} requests per second with twice as many clients as can be served at once
 */
async function measureCapacity(server, seconds) {
  const tally = newTally();
  const stop = new AbortController();
  const next = () => ({ bytes: get('/?capacity', { close: true }), fault: () => undefined });
  const client = { port: server.port, keepAlive: false, next, pauseMs: 0, timeoutMs: 5_000 };
  const begin = performance.now();
  const clients = Array.from({ length: 2 * PARALLEL }, () => runClient(client, tally, stop.signal));
  await delay(seconds * 1000);
  const perSecond = tally.answeredMs.length / ((performance.now() - begin) / 1000);
  stop.abort();
  await Promise.all(clients);
  return perSecond;
}

/**
 * @param {Contender} contender
 * @param {{ seconds: number, normalSeconds: number }} plan
 */
async function measureOne(contender, { seconds, normalSeconds }) {
  const directory = mkdtempSync(join(tmpdir(), 'bench-overload-'));
  const ledger = join(directory, 'ledger');
  writeFileSync(ledger, '');
  const { workers, args } = LAUNCH.get(contender.name) ?? { workers: PARALLEL, args: [] };
  const launch = { app: 'fixed_service', workers, args, env: { BENCH_LEDGER: ledger } };
  try {
    return await withServer(contender, launch, async (server) => {
      await measureCapacity(server, 1);
      const capacity = await measureCapacity(server, normalSeconds);
      const normalTimes = arrivals(NORMAL * capacity, normalSeconds, 1);
      const before = await runOpenLoop(server.port, 'before', normalTimes, DEADLINE_MS);
      // One schedule, so that there is no gap between the flood and the time after it.
      const floodTimes = arrivals(OVERLOAD * capacity, seconds, 2);
      const afterTimes = arrivals(NORMAL * capacity, normalSeconds, 3).map((atMs) => atMs + seconds * 1000);
      const { outcomes, lagMs } = await runOpenLoop(server.port, 'flood', [...floodTimes, ...afterTimes], DEADLINE_MS);
      const pssMiB = server.pssKiB() / 1024;
      const flood = outcomes.slice(0, floodTimes.length);
      const after = outcomes.slice(floodTimes.length);
      const begun = readLedger(ledger);
      return {
        server: contender.name,
        title: contender.title,
        args,
        capacity,
        before: summarize(before.outcomes),
        flood: summarize(flood),
        after: summarize(after),
        inTimeShare: flood.filter((each) => isServedBy(each, seconds * 1000)).length / seconds / capacity,
        recoveryMs: recoveryOf(after, seconds * 1000, 2 * percentile(latencies(before.outcomes), 0.99)),
        runForNobody: runForNobody(outcomes, begun),
        runs: outcomes.filter(({ id }) => begun.has(id)).length,
        lagMs,
        pssMiB,
      };
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * Requests still in the queue at the end of the flood do not count.
 * @param {Outcome} outcome
 * @param {number} endMs
 */
function isServedBy({ kind, dueMs, tookMs }, endMs) {
  return kind === 'served' && dueMs + tookMs <= endMs;
}

/** @param {readonly Outcome[]} outcomes */
function summarize(outcomes) {
  const count = (/** @type {Outcome['kind']} */ kind) => outcomes.filter((each) => each.kind === kind).length;
  const servedMs = latencies(outcomes.filter(({ kind }) => kind === 'served'));
  return {
    sent: outcomes.length,
    served: servedMs.length,
    turnedAway: count('turned away'),
    gaveUp: count('gave up'),
    failed: count('failed'),
    p50Ms: percentile(servedMs, 0.5),
    p99Ms: percentile(servedMs, 0.99),
  };
}

/**
 * @param {readonly Outcome[]} outcomes
 * @returns {number[]}
 */
function latencies(outcomes) {
  return outcomes.map(({ tookMs }) => tookMs);
}

/**
 * The time after the flood in which requests were still slow or not served, in slots of a quarter of a second.
 * @param {readonly Outcome[]} after
 * @param {number} endMs of the flood
 * @param {number} normalMs
 * @returns {number | undefined} undefined: as long as was looked
 */
function recoveryOf(after, endMs, normalMs) {
  /** @type {Map<number, number[]>} */
  const slots = new Map();
  for (const { dueMs, tookMs, kind } of after) {
    const slot = Math.floor((dueMs - endMs) / SLOT_MS);
    slots.set(slot, [...(slots.get(slot) ?? []), kind === 'served' ? tookMs : Number.POSITIVE_INFINITY]);
  }
  const abnormal = [...slots].filter(([, ms]) => percentile(ms, 0.9) > normalMs).map(([slot]) => slot);
  const last = Math.max(-1, ...abnormal);
  return last === Math.max(...slots.keys()) ? undefined : (last + 1) * SLOT_MS;
}

/**
 * @param {string} ledger
 * @returns {Map<string, bigint>} when each request that ran began
 */
function readLedger(ledger) {
  const lines = readFileSync(ledger, 'latin1').trimEnd().split('\n');
  return new Map(
    lines.map((line) => {
      const [id = '', began = '0'] = line.split(' ');
      return [id, BigInt(began)];
    }),
  );
}

/**
 * Requests that began to run after their client had left.
 * @param {readonly Outcome[]} outcomes
 * @param {ReadonlyMap<string, bigint>} begun
 */
function runForNobody(outcomes, begun) {
  const lateMs = outcomes.flatMap(({ id, kind, goneNs }) => {
    const beganNs = begun.get(id);
    if (kind !== 'gave up' || beganNs === undefined || beganNs < goneNs) return [];
    return [Number(beganNs - goneNs) / 1e6];
  });
  return {
    count: lateMs.filter((ms) => ms > UNSEEN_MS).length,
    unseen: lateMs.filter((ms) => ms <= UNSEEN_MS).length,
    latestMs: lateMs.length === 0 ? 0 : maximum(lateMs),
  };
}

/**
 * @param {readonly Contender[]} chosen
 * @param {import('../plan.mjs').RunOptions} options
 * @returns {Promise<import('../report.mjs').Report>}
 */
export async function measure(chosen, { quick }) {
  const plan = quick ? { seconds: 4, normalSeconds: 2 } : { seconds: 30, normalSeconds: 5 };
  const results = [];
  for (const contender of chosen) {
    console.error(`overload: ${contender.title}, about ${plan.seconds + 3 * plan.normalSeconds + 2} s`);
    results.push(await measureOne(contender, plan));
  }
  const own = results.find((result) => result.server === tunicornSync.name);
  return {
    scenario: 'overload',
    summary:
      `Each request takes 20 ms, and ${PARALLEL} run at once. Open loop with send times fixed in advance and a connection for ` +
      `each request: ${plan.normalSeconds} s at ${NORMAL} of the capacity that was measured before, ${plan.seconds} s at ` +
      `${OVERLOAD} times the capacity, ${plan.normalSeconds} s at ${NORMAL} of it. A client gives up ${DEADLINE_MS / 1000} s after ` +
      'its send time and closes. In time: served within that, as a share of capacity. Back to normal: when the p90 of a ' +
      `${SLOT_MS / 1000} s slot stays below twice the p99 before the flood. Run for nobody: requests that began when their client ` +
      `had gone for more than ${UNSEEN_MS} ms, of all that ran.`,
    tables: [
      {
        heading: `${OVERLOAD} times overload`,
        columns: [
          'server',
          'capacity /s',
          'in time',
          'turned away',
          'gave up',
          'failed',
          'p50 ms',
          'p99 ms',
          'p99 before ms',
          'back to normal s',
          'run for nobody',
          'PSS MiB',
        ],
        rows: results.map(toRow),
      },
    ],
    goals: own === undefined ? [] : [judge(own)],
    findings: [
      ...results
        .filter(({ args }) => args.length > 0)
        .map(({ title, args }) => `${title}: ${args.map((arg) => `\`${arg}\``).join(' ')}.`),
      `A request was sent at most ${maximum(results.map(({ lagMs }) => lagMs)).toFixed(1)} ms after its time.`,
    ],
    data: { plan, results },
  };
}

/** @typedef {Awaited<ReturnType<typeof measureOne>>} Result */

/**
 * @param {Result} result
 * @returns {string[]}
 */
function toRow({ title, capacity, before, flood, inTimeShare, recoveryMs, runForNobody, runs, pssMiB }) {
  return [
    title,
    capacity.toFixed(0),
    percent(inTimeShare),
    percent(flood.turnedAway / flood.sent),
    percent(flood.gaveUp / flood.sent),
    percent(flood.failed / flood.sent),
    flood.p50Ms.toFixed(0),
    flood.p99Ms.toFixed(0),
    before.p99Ms.toFixed(0),
    seconds(recoveryMs),
    `${runForNobody.count} of ${runs}`,
    pssMiB.toFixed(0),
  ];
}

/**
 * @param {number} share
 * @returns {string}
 */
function percent(share) {
  return `${(share * 100).toFixed(1)} %`;
}

/**
 * @param {number | undefined} ms
 * @returns {string}
 */
function seconds(ms) {
  return ms === undefined ? 'not' : (ms / 1000).toFixed(2);
}

/**
 * @param {Result} own
 * @returns {import('../goals.mjs').Verdict}
 */
function judge({ title, inTimeShare, recoveryMs, runForNobody }) {
  const recovered = recoveryMs !== undefined && recoveryMs <= GOAL_RECOVERY_MS;
  return {
    goal:
      `${title}: at least ${GOAL_SHARE * 100} % of capacity in time, back to normal within ${GOAL_RECOVERY_MS / 1000} s, ` +
      'none run for nobody',
    reached: `${percent(inTimeShare)}, ${seconds(recoveryMs)} s, ${runForNobody.count}`,
    met: inTimeShare >= GOAL_SHARE && recovered && runForNobody.count === 0,
  };
}
