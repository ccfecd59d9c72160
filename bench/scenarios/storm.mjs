/**
 * Requests during everything that happens to a server in production, all together: reloads, workers replaced after 50 requests, idle workers
 * killed, and an application that takes two seconds to import. None of these is a reason to fail a request.
 */
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { gunicornGthread, gunicornSync } from '../contenders/gunicorn.mjs';
import { tunicornSync } from '../contenders/tunicorn.mjs';
import { killIdleWorker } from '../idle-worker.mjs';
import { describeFailures, newTally, runClient } from '../load/closed-loop.mjs';
import { post } from '../load/http-connection.mjs';
import { maximum, percentile } from '../load/statistics.mjs';
import { Server } from '../server.mjs';

/** @typedef {import('../contenders/contender.mjs').Contender} Contender */
/** @typedef {import('../load/http-connection.mjs').Answer} Answer */

const WORKERS = 4;
const KEEP_ALIVE_CLIENTS = 8;
const NEW_CONNECTION_CLIENTS = 4;
const BODY_BYTES = 16 * 1024;
const MAX_REQUESTS = 50;
const RELOAD_EVERY_MS = 3_000;
const KILL_EVERY_MS = 1_000;
// Pause between a client's requests, so that workers are idle at times and one can be killed.
const PAUSE_MS = 20;
const TIMEOUT_MS = 10_000;
const GOAL_MS = 1_000;

export const contenders = [tunicornSync, gunicornSync, gunicornGthread];

/**
 * A unique body, and the check that the answer contains it.
 * @param {boolean} close
 */
function nextRequest(close) {
  const body = randomBytes(BODY_BYTES);
  const digest = createHash('sha256').update(body).digest('hex');
  const fault = (/** @type {Answer} */ answer) => {
    if (answer.status !== 200) return `HTTP ${answer.status}`;
    if (answer.fields.get('x-body-sha256') !== digest) return 'wrong digest';
    return answer.body.equals(body) ? undefined : 'wrong body';
  };
  return { bytes: post('/', body, { close }), fault };
}

/**
 * @typedef {{ atMs: number, what: string }} Event atMs is a reading of performance.now()
 */

/**
 * @param {Server} server
 * @param {Event[]} events
 * @param {AbortSignal} stop
 * @returns {Promise<void>}
 */
async function killIdleWorkers(server, events, stop) {
  while (!stop.aborted) {
    const next = performance.now() + KILL_EVERY_MS;
    const pid = await killIdleWorker(server.contender, server.pid, stop);
    if (pid !== undefined) events.push({ atMs: performance.now(), what: `kill ${pid}` });
    await delay(Math.max(0, next - performance.now()), undefined, { signal: stop }).catch(() => {});
  }
}

/**
 * @param {Contender} contender
 * @param {number} reloads
 */
async function measureOne(contender, reloads) {
  const server = await Server.start(contender, { app: 'slow_import', workers: WORKERS, maxRequests: MAX_REQUESTS });
  const tally = newTally();
  const stop = new AbortController();
  /** @type {Event[]} */
  const events = [];
  const startMs = performance.now();
  let keepLog = true;
  try {
    const clients = Array.from({ length: KEEP_ALIVE_CLIENTS + NEW_CONNECTION_CLIENTS }, (_, index) => {
      const keepAlive = index < KEEP_ALIVE_CLIENTS;
      const next = () => nextRequest(!keepAlive);
      return runClient(
        { port: server.port, keepAlive, next, pauseMs: PAUSE_MS, timeoutMs: TIMEOUT_MS },
        tally,
        stop.signal,
      );
    });
    const killer = killIdleWorkers(server, events, stop.signal);
    for (let reload = 0; reload < reloads; reload++) {
      await delay(RELOAD_EVERY_MS);
      server.signal('SIGHUP');
      events.push({ atMs: performance.now(), what: 'reload' });
    }
    await delay(RELOAD_EVERY_MS);
    stop.abort();
    await killer;
    await Promise.all(clients);
    keepLog = tally.failedMs.length > 0 || !server.alive;
  } finally {
    stop.abort();
    const survived = server.alive;
    const { log, left } = await server.stop({ keepLog });
    if (log !== undefined) console.error(`storm: ${contender.title}: the log is kept: ${log}`);
    if (!survived) console.error(`storm: ${contender.title} did not survive`);
    if (left > 0) console.error(`storm: ${contender.title} left ${left} processes behind when it was stopped`);
  }
  const requests = tally.answeredMs.length + tally.failedMs.length;
  return {
    server: contender.name,
    title: contender.title,
    requests,
    failed: tally.failedMs.length,
    failures: Object.fromEntries(tally.failures),
    described: describeFailures(tally),
    killed: events.filter((event) => event.what.startsWith('kill')).length,
    p50Ms: percentile(tally.answeredMs, 0.5),
    p99Ms: percentile(tally.answeredMs, 0.99),
    slowestMs: maximum(tally.answeredMs.concat(tally.failedMs)),
    // The times, to find out why a request was slow or failed.
    events: events.map(({ atMs, what }) => ({ atMs: Math.round(atMs - startMs), what })),
    remarkable: tally.remarkable.map(({ beganMs, tookMs, outcome }) => ({
      beganMs: Math.round(beganMs - startMs),
      tookMs: Math.round(tookMs),
      outcome,
    })),
  };
}

/**
 * @param {readonly Contender[]} chosen
 * @param {import('../plan.mjs').RunOptions} options
 * @returns {Promise<import('../report.mjs').Report>}
 */
export async function measure(chosen, { quick }) {
  const reloads = quick ? 2 : 10;
  const results = [];
  for (const contender of chosen) {
    console.error(`storm: ${contender.title}, ${((reloads + 1) * RELOAD_EVERY_MS) / 1000} s`);
    results.push(await measureOne(contender, reloads));
  }
  const own = results.find((result) => result.server === tunicornSync.name);
  return {
    scenario: 'storm',
    summary:
      `${KEEP_ALIVE_CLIENTS} clients that keep their connection and ${NEW_CONNECTION_CLIENTS} that open one for each ` +
      `request POST ${BODY_BYTES / 1024} KiB bodies through ${reloads} HUPs, ${RELOAD_EVERY_MS / 1000} s apart; ` +
      `${WORKERS} workers, --max-requests ${MAX_REQUESTS}, kill -9 of an idle worker each second, ` +
      'an application that takes 2 s to import. Failed: no answer, a wrong one, or another status than 200.',
    tables: [
      {
        heading: 'Through the storm',
        columns: ['server', 'requests', 'failed', 'p50 ms', 'p99 ms', 'slowest s', 'idle workers killed'],
        rows: results.map((result) => [
          result.title,
          String(result.requests),
          String(result.failed),
          result.p50Ms.toFixed(1),
          result.p99Ms.toFixed(1),
          (result.slowestMs / 1000).toFixed(2),
          String(result.killed),
        ]),
      },
    ],
    goals: own === undefined ? [] : [judge(own)],
    findings: [
      ...results.filter((result) => result.failed > 0).map((result) => `${result.title} failed ${result.described}.`),
    ],
    data: { reloads, results },
  };
}

/**
 * @param {{ title: string, failed: number, slowestMs: number }} own
 * @returns {import('../goals.mjs').Verdict}
 */
function judge({ title, failed, slowestMs }) {
  return {
    goal: `${title}: none failed, slowest under ${GOAL_MS / 1000} s`,
    reached: `${failed} failed, slowest ${(slowestMs / 1000).toFixed(2)} s`,
    met: failed === 0 && slowestMs < GOAL_MS,
  };
}
