/** Sixteen simultaneous requests of 0.3 s on a server that can run sixteen: the time until the last one is answered. */
import { setTimeout as delay } from 'node:timers/promises';
import { gunicornGthread, gunicornSync } from '../contenders/gunicorn.mjs';
import { tunicornSync } from '../contenders/tunicorn.mjs';
import { idleWorkers } from '../idle-worker.mjs';
import { get, request } from '../load/http-connection.mjs';
import { maximum, median } from '../load/statistics.mjs';
import { withServer } from '../server.mjs';

/** @typedef {import('../contenders/contender.mjs').Contender} Contender */
/** @typedef {import('../server.mjs').Server} Server */

const REQUESTS = 16;
const GOAL_MS = 450;
const TIMEOUT_MS = 10_000;
const BOOTED_WITHIN_MS = 20_000;

/** How many processes make sixteen concurrent requests possible. @type {ReadonlyMap<string, number>} */
const WORKERS = new Map([
  [tunicornSync.name, 16],
  [gunicornSync.name, 16],
  [gunicornGthread.name, 4],
]);

export const contenders = [tunicornSync, gunicornSync, gunicornGthread];

/**
 * The first answer shows that one worker is ready; the rounds need all of them.
 * @param {Server} server
 * @param {number} workers
 */
async function waitForWorkers(server, workers) {
  const deadline = Date.now() + BOOTED_WITHIN_MS;
  for (;;) {
    const idle = idleWorkers(server.contender, server.pid).length;
    if (idle === workers) return;
    if (Date.now() > deadline) {
      throw new Error(
        `${server.contender.title}: ${idle} of ${workers} workers idle after ${BOOTED_WITHIN_MS / 1000} s`,
      );
    }
    await delay(50);
  }
}

/**
 * @param {number} port
 * @returns {Promise<{ wallMs: number, failed: number }>}
 */
async function runRound(port) {
  const begin = performance.now();
  const answers = await Promise.all(
    Array.from({ length: REQUESTS }, () => request(port, get('/', { close: true }), TIMEOUT_MS)),
  );
  const wallMs = performance.now() - begin;
  return { wallMs, failed: answers.filter((answer) => answer.kind !== 'answer' || answer.status !== 200).length };
}

/**
 * @param {readonly Contender[]} chosen
 * @param {import('../plan.mjs').RunOptions} options
 * @returns {Promise<import('../report.mjs').Report>}
 */
export async function measure(chosen, { quick }) {
  const rounds = quick ? 3 : 20;
  const results = [];
  for (const contender of chosen) {
    console.error(`fairness: ${contender.title}`);
    const workers = WORKERS.get(contender.name) ?? REQUESTS;
    const measured = await withServer(contender, { app: 'wait', workers }, async (server) => {
      await waitForWorkers(server, workers);
      const all = [];
      for (let round = 0; round < rounds; round++) all.push(await runRound(server.port));
      return all;
    });
    const wallsMs = measured.map((round) => round.wallMs);
    results.push({
      server: contender.name,
      title: contender.title,
      workers,
      medianMs: median(wallsMs),
      maximumMs: maximum(wallsMs),
      failed: measured.reduce((sum, round) => sum + round.failed, 0),
      wallsMs,
    });
  }
  const own = results.find((result) => result.server === tunicornSync.name);
  return {
    scenario: 'fairness',
    summary:
      `${REQUESTS} requests of 0.3 s each, sent simultaneously on new connections to a server that can run ${REQUESTS}; ` +
      `time until the last is answered, over ${rounds} rounds.`,
    tables: [
      {
        heading: `${REQUESTS} concurrent requests`,
        columns: ['server', 'processes', 'median s', 'slowest round s', 'failed'],
        rows: results.map((result) => [
          result.title,
          String(result.workers),
          (result.medianMs / 1000).toFixed(3),
          (result.maximumMs / 1000).toFixed(3),
          String(result.failed),
        ]),
      },
    ],
    goals: own === undefined ? [] : [judge(own)],
    findings: [],
    data: { rounds, results },
  };
}

/**
 * @param {{ title: string, maximumMs: number, failed: number }} own
 * @returns {import('../goals.mjs').Verdict}
 */
function judge({ title, maximumMs, failed }) {
  return {
    goal: `${title}: every round under ${GOAL_MS / 1000} s`,
    reached: `slowest ${(maximumMs / 1000).toFixed(3)} s, ${failed} failed`,
    met: maximumMs < GOAL_MS && failed === 0,
  };
}
