/**
 * Ordinary clients, first alone and then among three thousand slow ones: 1,000 that connect and stay silent, 1,000 that send a byte now and
 * then, 1,000 that ask for a large response and read a piece now and then. The ordinary ones should hardly notice, and the server's memory
 * should stay bounded.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { gunicornGthread, gunicornSync } from '../contenders/gunicorn.mjs';
import { tunicornSync } from '../contenders/tunicorn.mjs';
import { newTally, runClient } from '../load/closed-loop.mjs';
import { get } from '../load/http-connection.mjs';
import { countConnections, startSlowClients, startSlowhttptest } from '../load/slow-clients.mjs';
import { maximum, median, percentile } from '../load/statistics.mjs';
import { withServer } from '../server.mjs';
import { isInstalled } from '../set-up.mjs';

/** @typedef {import('../contenders/contender.mjs').Contender} Contender */
/** @typedef {import('../load/http-connection.mjs').Answer} Answer */
/** @typedef {import('../server.mjs').Server} Server */

const WORKERS = 2;
const ORDINARY = 50;
const PAUSE_MS = 50;
const TIMEOUT_MS = 5_000;
const SLOW_EVERY_MS = 5_000;
const SETTLED_WITHIN_MS = 60_000;
const GOAL_RATIO = 2;

export const contenders = [tunicornSync, gunicornSync, gunicornGthread];

const ORDINARY_REQUEST = {
  bytes: get('/'),
  fault: (/** @type {Answer} */ answer) => (answer.status === 200 ? undefined : `HTTP ${answer.status}`),
};

/** @typedef {{ rounds: number, seconds: number, ofEach: number, slowhttptest: boolean }} Plan */

/**
 * @param {Server} server
 * @param {number} seconds
 */
async function runRound(server, seconds) {
  const tally = newTally();
  const stop = new AbortController();
  const { port } = server;
  const client = { port, keepAlive: true, next: () => ORDINARY_REQUEST, pauseMs: PAUSE_MS, timeoutMs: TIMEOUT_MS };
  const clients = Array.from({ length: ORDINARY }, async () => {
    await delay(Math.random() * PAUSE_MS);
    await runClient(client, tally, stop.signal);
  });
  await delay(seconds * 1000);
  stop.abort();
  await Promise.all(clients);
  return tally;
}

/**
 * Percentiles are medians of the rounds, so that one round on a busy machine does not decide.
 * @param {Server} server
 * @param {Plan} plan
 */
async function measureOrdinaryClients(server, { rounds, seconds }) {
  const tallies = [];
  for (let round = 0; round < rounds; round++) {
    tallies.push(await runRound(server, seconds));
    // No client is served any more: further rounds would only take time.
    if (tallies.every((tally) => tally.answeredMs.length === 0)) break;
  }
  // A failed request counts with its waiting time; leaving it out would flatter the server.
  const roundsMs = tallies.map((tally) => tally.answeredMs.concat(tally.failedMs));
  const failures = new Map();
  for (const tally of tallies) {
    for (const [reason, count] of tally.failures) failures.set(reason, (failures.get(reason) ?? 0) + count);
  }
  return {
    answered: sum(tallies.map((tally) => tally.answeredMs.length)),
    failed: sum(tallies.map((tally) => tally.failedMs.length)),
    failures: Object.fromEntries(failures),
    p50Ms: median(roundsMs.map((ms) => percentile(ms, 0.5))),
    p99Ms: median(roundsMs.map((ms) => percentile(ms, 0.99))),
    p99MsOfRounds: roundsMs.map((ms) => percentile(ms, 0.99)),
    slowestMs: maximum(roundsMs.map(maximum)),
    pssMiB: server.pssKiB() / 1024,
  };
}

/**
 * @param {readonly number[]} values
 * @returns {number}
 */
function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

/**
 * Waits until the server has handled the slow clients as far as it can: it has used hardly any processor time for a while.
 * @param {Server} server
 */
async function settle(server) {
  const deadline = performance.now() + SETTLED_WITHIN_MS;
  let before = server.processorSeconds();
  for (let calm = 0; calm < 3 && performance.now() < deadline; ) {
    await delay(500);
    const now = server.processorSeconds();
    calm = now - before < 0.1 ? calm + 1 : 0;
    before = now;
  }
}

/**
 * All slow clients leave simultaneously, and the server discards the data that it kept for them.
 * @param {Server} server
 * @param {Plan} plan
 * @param {{ close: () => void }} slow
 * @returns {Promise<number>} the slowest ordinary request meanwhile, in milliseconds
 */
async function measureLeaving(server, { seconds }, slow) {
  const running = runRound(server, seconds);
  await delay((seconds * 1000) / 4);
  slow.close();
  const tally = await running;
  return maximum(tally.answeredMs.concat(tally.failedMs));
}

/**
 * @param {Server} server
 * @param {Plan} plan
 * @param {() => Promise<import('../load/slow-clients.mjs').Crowd>} gather
 */
async function measureAmong(server, plan, gather) {
  const slow = await gather();
  try {
    await settle(server);
    slow.restrain();
    const before = countConnections(server.port);
    const among = await measureOrdinaryClients(server, plan);
    const connected = `${before} to ${countConnections(server.port)}`;
    return { ...among, connected, leavingSlowestMs: await measureLeaving(server, plan, slow) };
  } finally {
    slow.close();
  }
}

/**
 * @param {Contender} contender
 * @param {Plan} plan
 */
async function measureOne(contender, plan) {
  // A separate server for each crowd, so that the leavings of one do not affect the other.
  const launch = { app: 'large', workers: WORKERS };
  const [alone, among] = await withServer(contender, launch, async (server) => {
    await runRound(server, 1);
    return [
      await measureOrdinaryClients(server, plan),
      await measureAmong(server, plan, () => startSlowClients(server.port, plan.ofEach, SLOW_EVERY_MS)),
    ];
  });
  const amongSlowhttptest = plan.slowhttptest
    ? await withServer(contender, launch, async (server) => {
        await runRound(server, 1);
        return await measureAmong(server, plan, () => startSlowhttptest(server.port, plan.ofEach));
      })
    : undefined;
  return { server: contender.name, title: contender.title, alone, among, amongSlowhttptest };
}

/**
 * @param {readonly Contender[]} chosen
 * @param {import('../plan.mjs').RunOptions} options
 * @returns {Promise<import('../report.mjs').Report>}
 */
export async function measure(chosen, { quick }) {
  const slowhttptest = await isInstalled('slowhttptest');
  const plan = {
    slowhttptest,
    ...(quick ? { rounds: 2, seconds: 1, ofEach: 100 } : { rounds: 9, seconds: 2, ofEach: 1_000 }),
  };
  const results = [];
  for (const contender of chosen) {
    console.error(`slow-clients: ${contender.title}`);
    results.push(await measureOne(contender, plan));
  }
  const own = results.find((result) => result.server === tunicornSync.name);
  const columns = [
    'server',
    '',
    'answered',
    'failed',
    'p50 ms',
    'p99 ms',
    'p99 ratio',
    'slow connections',
    'as they leave ms',
    'PSS MiB',
  ];
  return {
    scenario: 'slow-clients',
    summary:
      `${ORDINARY} ordinary clients, ${PAUSE_MS} ms between their requests, ${plan.rounds} rounds of ${plan.seconds} s: first alone, then among ` +
      `${plan.ofEach} clients that say nothing, ${plan.ofEach} that send a byte every ${SLOW_EVERY_MS / 1000} s and ` +
      `${plan.ofEach} that asked for 4 MiB and read up to 64 KiB every ${SLOW_EVERY_MS / 1000} s` +
      (slowhttptest ? `; then among as many of slowhttptest's (-H, -B and -X). ` : ' (without slowhttptest). ') +
      `${WORKERS} worker processes. A request without an answer after ${TIMEOUT_MS / 1000} s has failed, and counts in the ` +
      'percentiles, which are medians of the rounds, with the time that it took. As they leave: ' +
      'the slowest ordinary request while all the slow clients disconnect simultaneously.',
    tables: [{ heading: 'Ordinary requests', columns, rows: results.flatMap(toRows) }],
    goals: own === undefined ? [] : [judge(own)],
    findings: [
      ...results
        .filter((result) => result.among.failed > 0)
        .map((result) => `${result.title} failed among the slow clients: ${describeFailures(result.among.failures)}.`),
    ],
    data: { plan, results },
  };
}

/**
 * @param {Readonly<Record<string, number>>} failures
 * @returns {string}
 */
function describeFailures(failures) {
  return Object.entries(failures)
    .map(([reason, count]) => `${count} ${reason}`)
    .join(', ');
}

/** @typedef {Awaited<ReturnType<typeof measureOne>>} Result */
/** @typedef {Awaited<ReturnType<typeof measureOrdinaryClients>>} Phase */
/** @typedef {Phase & { connected: string, leavingSlowestMs: number }} Crowd */

/**
 * @param {Result} result
 * @returns {string[][]}
 */
function toRows({ title, alone, among, amongSlowhttptest }) {
  return [
    [title, 'alone', ...phaseCells(alone), '', '0', '', alone.pssMiB.toFixed(0)],
    ['', 'among slow', ...crowdCells(among, alone)],
    ...(amongSlowhttptest === undefined ? [] : [['', 'among slowhttptest', ...crowdCells(amongSlowhttptest, alone)]]),
  ];
}

/**
 * @param {Crowd} crowd
 * @param {Phase} alone
 * @returns {string[]}
 */
function crowdCells(crowd, alone) {
  const { connected, leavingSlowestMs, pssMiB } = crowd;
  return [...phaseCells(crowd), ratio(crowd, alone), connected, leavingSlowestMs.toFixed(0), pssMiB.toFixed(0)];
}

/**
 * @param {Phase} phase
 * @returns {string[]}
 */
function phaseCells(phase) {
  return [String(phase.answered), String(phase.failed), phase.p50Ms.toFixed(2), phase.p99Ms.toFixed(2)];
}

/**
 * @param {Phase} phase
 * @param {Phase} alone
 * @returns {string}
 */
function ratio(phase, alone) {
  return `${(phase.p99Ms / alone.p99Ms).toFixed(2)} ×`;
}

/**
 * @param {Result} own
 * @returns {import('../goals.mjs').Verdict}
 */
function judge({ title, alone, among, amongSlowhttptest }) {
  const phases = amongSlowhttptest === undefined ? [among] : [among, amongSlowhttptest];
  return {
    goal: `${title}: p99 among slow clients within ${GOAL_RATIO} times, none failed`,
    reached: phases.map((phase) => `${ratio(phase, alone)}, ${phase.failed} failed`).join('; '),
    met: phases.every((phase) => phase.failed === 0 && phase.p99Ms <= GOAL_RATIO * alone.p99Ms),
  };
}
