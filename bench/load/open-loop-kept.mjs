/**
 * Sends requests at times fixed in advance over keep-alive connections, as many independent clients do: each request takes a random idle
 * connection, and opens another one if none is idle. Latency counts from the moment at which a request is due, so a server that is behind
 * cannot hide it by holding back the client.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { get, HttpConnection } from './http-connection.mjs';
import { arrivals } from './open-loop.mjs';
import { uniform } from './random.mjs';

/** @typedef {{ dueMs: number, path: string }} Due */
/** @typedef {{ path: string, tookMs: number, failure: string | undefined }} Ended tookMs: from the moment at which it was due */

/**
 * Independent arrivals, some of them to another path. Times are whole milliseconds: a timer cannot do better, and its delay would count as
 * the server's.
 * @param {{ perSecond: number, seconds: number, seed: number, path: string, otherPath: string, otherShare: number }} load
 * @returns {Due[]}
 */
export function mixedSchedule({ perSecond, seconds, seed, path, otherPath, otherShare }) {
  const next = uniform(seed + 0x9e3779b9);
  return arrivals(perSecond, seconds, seed).map((atMs) => ({
    dueMs: Math.ceil(atMs),
    path: next() <= otherShare ? otherPath : path,
  }));
}

/**
 * @param {number} port
 * @param {readonly Due[]} schedule ascending
 * @param {{ clients: number, timeoutMs: number, seed: number }} options clients: connections that are open from the beginning on
 * @returns {Promise<{ ended: Ended[], lagMs: number[] }>} lagMs: how late each request was sent
 */
export async function runSchedule(port, schedule, { clients, timeoutMs, seed }) {
  const next = uniform(seed);
  const idle = Array.from({ length: clients }, () => new HttpConnection(port));
  /** @returns {HttpConnection | undefined} */
  const takeIdle = () => {
    while (idle.length > 0) {
      const index = Math.min(idle.length - 1, Math.floor(next() * idle.length));
      const [connection] = idle.splice(index, 1);
      if (connection?.usable) return connection;
    }
    return undefined;
  };
  // Connected, before the clock starts.
  await delay(100);
  const startMs = performance.now();
  const runOne = async (/** @type {Due} */ { dueMs, path }) => {
    const request = get(path);
    const kept = takeIdle();
    let connection = kept ?? new HttpConnection(port);
    let answer = await connection.exchange(request, timeoutMs);
    // A server may close an idle connection at any time: clients then send a GET once more. The time goes on.
    if (kept !== undefined && answer.kind === 'failure' && answer.reason.startsWith('closed without an answer')) {
      connection = new HttpConnection(port);
      answer = await connection.exchange(request, timeoutMs);
    }
    const tookMs = performance.now() - startMs - dueMs;
    if (connection.usable) idle.push(connection);
    const failure =
      answer.kind === 'failure' ? answer.reason : answer.status === 200 ? undefined : `HTTP ${answer.status}`;
    return { path, tookMs, failure };
  };
  /** @type {Promise<Ended>[]} */
  const running = [];
  /** @type {number[]} */
  const lagMs = [];
  for (const due of schedule) {
    let lateMs = performance.now() - startMs - due.dueMs;
    while (lateMs < 0) {
      await delay(-lateMs);
      lateMs = performance.now() - startMs - due.dueMs;
    }
    lagMs.push(lateMs);
    running.push(runOne(due));
  }
  const ended = await Promise.all(running);
  for (const connection of idle) connection.close();
  return { ended, lagMs };
}
