/**
 * Ordinary clients, first among themselves and then among a thousand that are stuck: 500 that send half a request and
 * stop, 500 that ask for a large response and read nothing. The ordinary ones should not notice.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { gunicornGthread, gunicornSync } from '../contenders/gunicorn.mjs';
import { tunicornSync } from '../contenders/tunicorn.mjs';
import { describeFailures, newTally, runClient } from '../load/closed-loop.mjs';
import { get } from '../load/http-connection.mjs';
import { percentile } from '../load/statistics.mjs';
import { StuckClients } from '../load/stuck-clients.mjs';
import { withServer } from '../server.mjs';

/** @typedef {import('../contenders/contender.mjs').Contender} Contender */
/** @typedef {import('../load/http-connection.mjs').Answer} Answer */

const WORKERS = 2;
const ORDINARY = 50;
const PAUSE_MS = 50;
const TIMEOUT_MS = 5_000;
const SETTLED_WITHIN_MS = 10_000;

export const contenders = [tunicornSync, gunicornSync, gunicornGthread];

const ORDINARY_REQUEST = {
  bytes: get('/'),
  fault: (/** @type {Answer} */ answer) => (answer.status === 200 ? undefined : `HTTP ${answer.status}`),
};

/**
 * @param {number} port
 * @param {number} seconds
 */
async function runOrdinaryClients(port, seconds) {
  const tally = newTally();
  const stop = new AbortController();
  const client = { port, keepAlive: true, next: () => ORDINARY_REQUEST, pauseMs: PAUSE_MS, timeoutMs: TIMEOUT_MS };
  const clients = Array.from({ length: ORDINARY }, () => runClient(client, tally, stop.signal));
  await delay(seconds * 1000);
  stop.abort();
  await Promise.all(clients);
  // A request that failed took at least as long as it was waited for; leaving it out would flatter the server.
  const allMs = tally.answeredMs.concat(tally.failedMs);
  return {
    answered: tally.answeredMs.length,
    failed: tally.failedMs.length,
    failures: describeFailures(tally),
    p50Ms: percentile(allMs, 0.5),
    p99Ms: percentile(allMs, 0.99),
  };
}

/**
 * @param {Contender} contender
 * @param {{ seconds: number, stuckOfEach: number }} plan
 */
async function measureOne(contender, { seconds, stuckOfEach }) {
  return await withServer(contender, { app: 'large', workers: WORKERS }, async (server) => {
    await runOrdinaryClients(server.port, 1);
    const without = await runOrdinaryClients(server.port, seconds);
    const stuck = new StuckClients(server.port);
    try {
      stuck.addHalfSenders(stuckOfEach);
      stuck.addNonReaders(stuckOfEach);
      await stuck.settle(SETTLED_WITHIN_MS);
      const stuckAtBegin = stuck.connected;
      const among = await runOrdinaryClients(server.port, seconds);
      const pssMiB = server.pssKiB() / 1024;
      return {
        server: contender.name,
        title: contender.title,
        without,
        among,
        stuckAtBegin,
        stuckAtEnd: stuck.connected,
        pssMiB,
      };
    } finally {
      stuck.close();
    }
  });
}

/**
 * @param {readonly Contender[]} chosen
 * @param {{ quick: boolean }} options
 * @returns {Promise<import('../report.mjs').Report>}
 */
export async function measure(chosen, { quick }) {
  const plan = quick ? { seconds: 1, stuckOfEach: 100 } : { seconds: 10, stuckOfEach: 500 };
  const results = [];
  for (const contender of chosen) {
    console.error(`slow-clients: ${contender.title}`);
    results.push(await measureOne(contender, plan));
  }
  const own = results.find((result) => result.server === tunicornSync.name);
  const columns = ['server', '', 'answered', 'failed', 'p50 ms', 'p99 ms', 'stuck connections', 'PSS MiB'];
  return {
    scenario: 'slow-clients',
    summary:
      `${ORDINARY} ordinary clients, ${PAUSE_MS} ms between their requests, for ${plan.seconds} s: first alone, then among ` +
      `${plan.stuckOfEach} clients that sent half a request and ${plan.stuckOfEach} that asked for 4 MiB and read nothing. ` +
      `${WORKERS} worker processes. A request without an answer after ${TIMEOUT_MS / 1000} s has failed, and counts in the ` +
      'percentiles with the time that it took.',
    tables: [
      {
        heading: 'Ordinary requests',
        columns,
        rows: results.flatMap((result) => [
          [result.title, 'alone', ...phaseCells(result.without), '0', ''],
          [
            '',
            'among stuck',
            ...phaseCells(result.among),
            `${result.stuckAtBegin} to ${result.stuckAtEnd}`,
            result.pssMiB.toFixed(0),
          ],
          ['', 'ratio', '', '', ratio(result, 'p50Ms'), ratio(result, 'p99Ms'), '', ''],
        ]),
      },
    ],
    findings: [
      ...results
        .filter((result) => result.among.failed > 0)
        .map((result) => `${result.title} failed among the stuck clients: ${result.among.failures}.`),
      ...(own === undefined
        ? []
        : [`Goal: p99 equal within noise, none failed: ${ratio(own, 'p99Ms')}, ${own.among.failed} failed.`]),
    ],
    data: { plan, results },
  };
}

/**
 * @param {Awaited<ReturnType<typeof runOrdinaryClients>>} phase
 * @returns {string[]}
 */
function phaseCells(phase) {
  return [String(phase.answered), String(phase.failed), phase.p50Ms.toFixed(2), phase.p99Ms.toFixed(2)];
}

/**
 * @param {Awaited<ReturnType<typeof measureOne>>} result
 * @param {'p50Ms' | 'p99Ms'} figure
 * @returns {string}
 */
function ratio({ without, among }, figure) {
  return `${(among[figure] / without[figure]).toFixed(2)} ×`;
}
