/**
 * Requests per second, latency and memory: two applications, with kept connections and with a connection for each
 * request, all servers in turns within one run so that a machine that gets slower or faster meanwhile touches all alike.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { gunicornGthread, gunicornSync } from '../contenders/gunicorn.mjs';
import { tunicornSync } from '../contenders/tunicorn.mjs';
import { uwsgiHttp11Socket, uwsgiHttpRouter, uwsgiHttpSocket } from '../contenders/uwsgi.mjs';
import { get, HttpConnection, request } from '../load/http-connection.mjs';
import { runWrk } from '../load/wrk.mjs';
import { Server } from '../server.mjs';
import { judge, summarize, toTable } from './throughput-table.mjs';

/** @typedef {import('../contenders/contender.mjs').Contender} Contender */
/** @typedef {import('../load/wrk.mjs').WrkResult & { pssMiB: number, newcomerMs: number | undefined }} Turn */
/** @typedef {{ server: Server, kept: boolean, closed: boolean, turns: Turn[] }} Entry */

const WORKERS = 2;
const CONNECTIONS = 32;
const NEWCOMER_WITHIN_MS = 1_000;

export const contenders = [
  tunicornSync,
  gunicornSync,
  gunicornGthread,
  uwsgiHttpSocket,
  uwsgiHttpRouter,
  uwsgiHttp11Socket,
];

const CELLS = [
  { app: 'hello', title: 'hello, keep-alive', keepAlive: true },
  { app: 'hello', title: 'hello, a connection for each request', keepAlive: false },
  { app: 'flask_app', title: 'Flask, keep-alive', keepAlive: true },
  { app: 'flask_app', title: 'Flask, a connection for each request', keepAlive: false },
];

/**
 * Whether a server keeps a connection that nobody asks it to close, and closes one that it is asked to close, saying so.
 * wrk opens a new connection only when the answer announces the end of the old one: a server that did not would be
 * measured with kept connections.
 * @param {number} port
 * @returns {Promise<{ kept: boolean, closed: boolean }>}
 */
async function probeConnections(port) {
  const connection = new HttpConnection(port);
  const first = await connection.exchange(get('/'), 2_000);
  const second = connection.usable ? await connection.exchange(get('/'), 2_000) : undefined;
  connection.close();
  const asked = await request(port, get('/', { close: true }), 2_000);
  return {
    kept: first.kind === 'answer' && !first.closes && second?.kind === 'answer',
    closed: asked.kind === 'answer' && asked.fields.get('connection')?.toLowerCase() === 'close',
  };
}

/**
 * @param {Server} server
 * @param {boolean} closeEach
 * @param {number} seconds
 * @returns {Promise<Turn>}
 */
async function takeTurn(server, closeEach, seconds) {
  const load = runWrk({ port: server.port, connections: CONNECTIONS, seconds, closeEach });
  await delay((seconds * 1000) / 2);
  const pssMiB = server.pssKiB() / 1024;
  // wrk does not count a connection that is never served. A newcomer that gets no answer under load shows that the
  // server serves some of its clients and leaves the rest waiting.
  const begin = performance.now();
  const newcomer = await request(server.port, get('/', { close: closeEach }), NEWCOMER_WITHIN_MS);
  const newcomerMs = newcomer.kind === 'answer' ? performance.now() - begin : undefined;
  return { ...(await load), pssMiB, newcomerMs };
}

/**
 * @param {typeof CELLS[number]} cell
 * @param {readonly Contender[]} chosen
 * @param {{ rounds: number, seconds: number }} plan
 * @returns {Promise<Entry[]>}
 */
async function measureCell(cell, chosen, { rounds, seconds }) {
  /** @type {Entry[]} */
  const entries = [];
  try {
    for (const contender of chosen) {
      const server = await Server.start(contender, { app: cell.app, workers: WORKERS, keepAlive: cell.keepAlive });
      entries.push({ server, kept: false, closed: false, turns: [] });
    }
    for (const entry of entries) {
      Object.assign(entry, await probeConnections(entry.server.port));
      await runWrk({ port: entry.server.port, connections: CONNECTIONS, seconds: 1, closeEach: !cell.keepAlive });
    }
    const measured = entries.filter((entry) => cell.keepAlive || entry.closed);
    for (let round = 0; round < rounds; round++) {
      console.error(`throughput: ${cell.title}, round ${round + 1} of ${rounds}`);
      const turns = round % 2 === 0 ? measured : [...measured].reverse();
      for (const entry of turns) entry.turns.push(await takeTurn(entry.server, !cell.keepAlive, seconds));
    }
    const dead = entries.find((entry) => !entry.server.alive);
    if (dead !== undefined) throw new Error(`${dead.server.contender.title} ended while it was measured`);
  } catch (error) {
    for (const { server } of entries) console.error(`Log kept: ${(await server.stop({ keepLog: true })).log}`);
    throw error;
  }
  await Promise.all(entries.map((entry) => entry.server.stop()));
  return entries;
}

/**
 * @param {readonly Contender[]} chosen
 * @param {{ quick: boolean }} options
 * @returns {Promise<import('../report.mjs').Report>}
 */
export async function measure(chosen, { quick }) {
  const plan = quick ? { rounds: 1, seconds: 1 } : { rounds: 3, seconds: 4 };
  const cells = [];
  for (const cell of CELLS)
    cells.push({ title: cell.title, rows: (await measureCell(cell, chosen, plan)).map(summarize) });
  return {
    scenario: 'throughput',
    summary:
      `wrk with ${CONNECTIONS} connections and one thread on the same machine; ${WORKERS} worker processes each; ` +
      `medians of ${plan.rounds} rounds of ${plan.seconds} s in turns; slowest and fastest round beside them. PSS: the whole process tree under load. ` +
      'Newcomers: whether one more connection, opened under load, is served within a second. ' +
      'Kept: whether the server keeps a connection at all.',
    tables: cells.map(({ title, rows }) => toTable(title, rows)),
    findings: judge(cells),
    data: { plan, workers: WORKERS, connections: CONNECTIONS, cells },
  };
}
