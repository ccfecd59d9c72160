/**
 * A client that sends a request, waits for the answer, pauses, and repeats this until it is stopped. The tally counts every request:
 * correctly answered, or failed with a reason.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { HttpConnection } from './http-connection.mjs';

/** @typedef {import('./http-connection.mjs').Answer} Answer */

/**
 * The outcomes of the requests of all clients of a measurement.
 * @typedef {object} Tally
 * @property {number[]} answeredMs how long each right answer took, from the first byte sent (or the connect) on
 * @property {number[]} failedMs how long each failed request took until it had failed
 * @property {Map<string, number>} failures how often each reason
 * @property {{ beganMs: number, tookMs: number, outcome: string }[]} remarkable the requests that failed or took longer
 *   than SLOW_MS; beganMs is a reading of performance.now()
 */

const SLOW_MS = 500;

/** @returns {Tally} */
export function newTally() {
  return { answeredMs: [], failedMs: [], failures: new Map(), remarkable: [] };
}

/**
 * @param {Tally} tally
 * @returns {string} for example "2 (1 HTTP 502, 1 closed without an answer)"
 */
export function describeFailures(tally) {
  const reasons = [...tally.failures].sort((a, b) => b[1] - a[1]).map(([reason, count]) => `${count} ${reason}`);
  return reasons.length === 0 ? '0' : `${tally.failedMs.length} (${reasons.join(', ')})`;
}

/**
 * @typedef {object} Client
 * @property {number} port
 * @property {boolean} keepAlive false: a connection for each request
 * @property {() => { bytes: Buffer, fault: (answer: Answer) => string | undefined }} next the next request, and the check
 *   of its answer: its fault, if any
 * @property {number} pauseMs on average: clients that all paused for the same time would fall into step
 * @property {number} timeoutMs
 */

/**
 * @param {Client} client
 * @param {Tally} tally
 * @param {AbortSignal} stop
 * @returns {Promise<void>} resolved when the last request has ended
 */
export async function runClient(client, tally, stop) {
  /** @type {HttpConnection | undefined} */
  let connection;
  while (!stop.aborted) {
    const { bytes, fault } = client.next();
    const begin = performance.now();
    // If the server has closed an idle connection, the client opens another one, as all clients do; that is not a failure. If the server
    // closes it during a request, it is: a POST may not be repeated.
    if (connection === undefined || !connection.usable) connection = new HttpConnection(client.port);
    const answer = await connection.exchange(bytes, client.timeoutMs);
    const tookMs = performance.now() - begin;
    const reason = answer.kind === 'failure' ? answer.reason : fault(answer);
    if (reason !== undefined || tookMs > SLOW_MS) {
      tally.remarkable.push({ beganMs: begin, tookMs, outcome: reason ?? 'answered' });
    }
    if (reason === undefined) {
      tally.answeredMs.push(tookMs);
    } else {
      tally.failedMs.push(tookMs);
      tally.failures.set(reason, (tally.failures.get(reason) ?? 0) + 1);
    }
    if (!client.keepAlive) {
      connection.close();
      connection = undefined;
    }
    await delay(client.pauseMs * (0.5 + Math.random()));
  }
  connection?.close();
}
