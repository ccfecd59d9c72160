/**
 * Sends requests at times fixed in advance, whatever the server does: they pile up before a server that is too slow, as on the open
 * Internet. Each has its own connection, and a client that gives up at its deadline.
 */
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { get, parseAnswer } from './http-connection.mjs';
import { uniform } from './random.mjs';

/**
 * The outcome of a request.
 * @typedef {object} Outcome
 * @property {string} id
 * @property {number} dueMs when it was due, from the beginning of the schedule
 * @property {number} tookMs from that moment, not from the actual sending
 * @property {'served' | 'turned away' | 'gave up' | 'failed'} kind turned away: 503
 * @property {bigint} goneNs when the client closed its connection, on the clock of hrtime
 */

/**
 * Arrivals of independent clients: exponential gaps, the same ones for the same seed.
 * @param {number} perSecond
 * @param {number} seconds
 * @param {number} seed
 * @returns {number[]} milliseconds, ascending
 */
export function arrivals(perSecond, seconds, seed) {
  const times = [];
  const next = uniform(seed);
  for (let atMs = 0; ; ) {
    atMs += (-Math.log(next()) / perSecond) * 1000;
    if (atMs >= seconds * 1000) return times;
    times.push(atMs);
  }
}

/**
 * @param {number} port
 * @param {string} label the ids' beginning
 * @param {readonly number[]} timesMs
 * @param {number} deadlineMs
 * @returns {Promise<{ outcomes: Outcome[], lagMs: number }>} lagMs: the longest delay of a request behind its schedule
 */
export async function runOpenLoop(port, label, timesMs, deadlineMs) {
  const startMs = performance.now();
  /** @type {Promise<Outcome>[]} */
  const running = [];
  let lagMs = 0;
  for (let next = 0; next < timesMs.length; ) {
    for (let dueMs = timesMs[next]; dueMs !== undefined; dueMs = timesMs[++next]) {
      const lateMs = performance.now() - startMs - dueMs;
      if (lateMs < 0) break;
      lagMs = Math.max(lagMs, lateMs);
      running.push(runOne(port, `${label}-${next}`, startMs, dueMs, deadlineMs));
    }
    await delay(1);
  }
  return { outcomes: await Promise.all(running), lagMs };
}

/**
 * @param {number} port
 * @param {string} id
 * @param {number} startMs
 * @param {number} dueMs
 * @param {number} deadlineMs
 * @returns {Promise<Outcome>}
 */
function runOne(port, id, startMs, dueMs, deadlineMs) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    /** @type {Buffer[]} */
    const received = [];
    const end = (/** @type {Outcome['kind']} */ kind) => {
      clearTimeout(timer);
      socket.destroy();
      const tookMs = performance.now() - startMs - dueMs;
      resolve({ id, dueMs, tookMs, kind, goneNs: process.hrtime.bigint() });
    };
    const look = (/** @type {boolean} */ ended) => {
      const answer = parseAnswer(Buffer.concat(received), ended);
      if (answer === undefined) return;
      if (answer.kind === 'failure') end('failed');
      else if (answer.status === 200) end('served');
      else end(answer.status === 503 ? 'turned away' : 'failed');
    };
    const timer = setTimeout(() => end('gave up'), dueMs + deadlineMs - (performance.now() - startMs));
    socket.on('data', (chunk) => {
      received.push(chunk);
      look(false);
    });
    socket.on('end', () => look(true));
    socket.on('error', () => end('failed'));
    socket.write(get(`/?${id}`, { close: true }));
  });
}
