/**
 * Requests per second, latency and memory under wrk: all servers in turns within one run, so that changes in the machine's speed affect
 * all alike.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { get, HttpConnection, request } from '../load/http-connection.mjs';
import { runWrk } from '../load/wrk.mjs';
import { Server } from '../server.mjs';
import { judge, summarize, toTable } from './throughput-table.mjs';

/** @typedef {import('../contenders/contender.mjs').Contender} Contender */
/** @typedef {import('../load/wrk.mjs').WrkResult & { pssMiB: number, newcomerMs: number | undefined }} Turn */
/** @typedef {{ server: Server, kept: boolean, closed: boolean, turns: Turn[] }} Entry */

/**
 * @typedef {object} Cell
 * @property {string} app
 * @property {string} title
 * @property {boolean} keepAlive
 * @property {number} [connections]
 * @property {readonly string[]} [servers] names; all of the scenario if not given
 */

export const WORKERS = 2;
export const CONNECTIONS = 32;
const NEWCOMER_WITHIN_MS = 1_000;

/**
 * Whether a server keeps connections by default, and closes and announces it when asked to. wrk opens a new connection only if the answer
 * announces the end of the old one: a server that did not would be measured with keep-alive connections.
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
 * @param {number} connections
 * @returns {Promise<Turn>}
 */
async function takeTurn(server, closeEach, seconds, connections) {
  const load = runWrk({ port: server.port, connections, seconds, closeEach });
  await delay((seconds * 1000) / 2);
  const pssMiB = server.pssKiB() / 1024;
  // wrk does not count connections that are never served. If a newcomer gets no answer under load, the server serves some clients and
  // leaves the rest waiting.
  const begin = performance.now();
  const newcomer = await request(server.port, get('/', { close: closeEach }), NEWCOMER_WITHIN_MS);
  const newcomerMs = newcomer.kind === 'answer' ? performance.now() - begin : undefined;
  return { ...(await load), pssMiB, newcomerMs };
}

/**
 * @param {Cell} cell
 * @param {readonly Contender[]} chosen
 * @param {{ rounds: number, seconds: number }} plan
 * @returns {Promise<Entry[]>}
 */
async function measureCell(cell, chosen, { rounds, seconds }) {
  const { connections = CONNECTIONS, servers } = cell;
  // An earlier commit's is measured wherever this working tree's is.
  const entered = chosen.filter(({ name }) => servers?.includes(name.replace(/@.*/, '')) ?? true);
  /** @type {Entry[]} */
  const entries = [];
  try {
    for (const contender of entered) {
      const server = await Server.start(contender, { app: cell.app, workers: WORKERS, keepAlive: cell.keepAlive });
      entries.push({ server, kept: false, closed: false, turns: [] });
    }
    for (const entry of entries) {
      Object.assign(entry, await probeConnections(entry.server.port));
      await runWrk({ port: entry.server.port, connections, seconds: 1, closeEach: !cell.keepAlive });
    }
    const measured = entries.filter((entry) => cell.keepAlive || entry.closed);
    for (let round = 0; round < rounds; round++) {
      console.error(`${cell.title}, round ${round + 1} of ${rounds}`);
      const turns = round % 2 === 0 ? measured : [...measured].reverse();
      for (const entry of turns) entry.turns.push(await takeTurn(entry.server, !cell.keepAlive, seconds, connections));
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
 * @param {object} scenario
 * @param {string} scenario.name
 * @param {string} scenario.what beside what is said of all
 * @param {readonly Cell[]} scenario.cells
 * @param {readonly import('./throughput-table.mjs').Goal[]} scenario.goals
 * @param {string} scenario.own the server that the others are compared with
 * @param {readonly Contender[]} chosen
 * @param {{ quick: boolean }} options
 * @returns {Promise<import('../report.mjs').Report>}
 */
export async function measureInTurns({ name, what, cells, goals, own }, chosen, { quick }) {
  const plan = quick ? { rounds: 1, seconds: 1 } : { rounds: 3, seconds: 4 };
  const measured = [];
  for (const cell of cells)
    measured.push({ title: cell.title, rows: (await measureCell(cell, chosen, plan)).map(summarize) });
  return {
    scenario: name,
    summary:
      `wrk with one thread on the same machine, ${what}; ${WORKERS} worker processes each; ` +
      `medians of ${plan.rounds} rounds of ${plan.seconds} s in turns; slowest and fastest round beside them. PSS: the whole process tree under load. ` +
      'Newcomers: whether one more connection, opened under load, is served within a second. ' +
      'Kept: whether the server keeps a connection at all.',
    tables: measured.map(({ title, rows }) => toTable(title, rows, own)),
    findings: judge(measured, goals, own),
    data: { plan, workers: WORKERS, cells: measured },
  };
}
