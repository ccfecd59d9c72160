/**
 * Requests per second, latency and memory under wrk: all servers in turns within one run, so that changes in the machine's speed affect
 * all alike. A server that cannot be measured is reported with the reason, and the others are measured all the same.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { judgeGoals } from '../goals.mjs';
import { get, HttpConnection, request } from '../load/http-connection.mjs';
import { runWrk } from '../load/wrk.mjs';
import { choosePlan, TURNS } from '../plan.mjs';
import { reasonOf, Server } from '../server.mjs';
import { summarize, toTable } from './throughput-table.mjs';

/** @typedef {import('../contenders/contender.mjs').Contender} Contender */
/** @typedef {import('../contenders/contender.mjs').Launch} Launch */
/** @typedef {import('../load/wrk.mjs').WrkLoad} WrkLoad */
/** @typedef {import('../load/wrk.mjs').WrkResult & { pssMiB: number, newcomerMs: number | undefined }} Turn */

/**
 * @typedef {object} Entry
 * @property {Contender} contender
 * @property {Server | undefined} server undefined: could not be started
 * @property {string | undefined} failure why it is not measured
 * @property {boolean} kept
 * @property {boolean} closed
 * @property {Turn[]} turns
 */

/**
 * @typedef {object} Cell
 * @property {string} app
 * @property {string} title
 * @property {boolean} keepAlive
 * @property {number} [connections]
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
 * @param {Omit<WrkLoad, 'port'>} load
 * @returns {Promise<Turn>}
 */
async function takeTurn(server, load) {
  const running = runWrk({ ...load, port: server.port });
  await delay((load.seconds * 1000) / 2);
  const pssMiB = server.pssKiB() / 1024;
  // wrk does not count connections that are never served. If a newcomer gets no answer under load, the server serves some clients and
  // leaves the rest waiting.
  const begin = performance.now();
  const newcomer = await request(server.port, get('/', { close: load.closeEach }), NEWCOMER_WITHIN_MS);
  const newcomerMs = newcomer.kind === 'answer' ? performance.now() - begin : undefined;
  return { ...(await running), pssMiB, newcomerMs };
}

/**
 * Starts all servers, passes them to `use`, and stops them.
 * @template T
 * @param {readonly Contender[]} chosen
 * @param {(contender: Contender) => Omit<Launch, 'port'>} launchOf
 * @param {(entries: Entry[]) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withEntries(chosen, launchOf, use) {
  /** @type {Entry[]} */
  const entries = [];
  let keepLog = true;
  try {
    for (const contender of chosen) entries.push(await startEntry(contender, launchOf(contender)));
    const result = await use(entries);
    keepLog = false;
    return result;
  } finally {
    await Promise.all(
      entries.map(async ({ server, failure }) => {
        const stopped = await server?.stop({ keepLog: keepLog || (failure !== undefined && failure !== NOT_CLOSING) });
        if (stopped?.log !== undefined) console.error(`Log kept: ${stopped.log}`);
      }),
    );
  }
}

/**
 * @param {Contender} contender
 * @param {Omit<Launch, 'port'>} launch
 * @returns {Promise<Entry>}
 */
async function startEntry(contender, launch) {
  const empty = { contender, kept: false, closed: false, turns: [] };
  try {
    const server = await Server.start(contender, launch);
    return { ...empty, server, failure: undefined, ...(await probeConnections(server.port)) };
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return { ...empty, server: undefined, failure: reasonOf(error) };
  }
}

const NOT_CLOSING = 'does not close when asked';

/**
 * Measures servers that run, in turns; the order is reversed in every second round.
 * @param {string} title
 * @param {readonly Entry[]} started
 * @param {Omit<WrkLoad, 'port' | 'seconds'>} load
 * @param {import('../plan.mjs').Plan} plan
 * @param {{ warmUp: boolean }} [options]
 * @returns {Promise<Entry[]>}
 */
export async function takeTurns(title, started, load, { rounds, seconds }, { warmUp } = { warmUp: true }) {
  const entries = started.map((entry) => ({ ...entry, turns: /** @type {Turn[]} */ ([]) }));
  const attempt = async (/** @type {Entry} */ entry, /** @type {(server: Server) => Promise<void>} */ act) => {
    if (entry.failure !== undefined || entry.server === undefined) return;
    try {
      await act(entry.server);
      if (!entry.server.alive) throw new Error('ended while it was measured');
    } catch (error) {
      entry.failure = reasonOf(error);
      console.error(`${entry.contender.title}: ${entry.failure}`);
    }
  };
  for (const entry of entries) {
    if (load.closeEach && !entry.closed && entry.failure === undefined) entry.failure = NOT_CLOSING;
    if (warmUp) await attempt(entry, async ({ port }) => void (await runWrk({ ...load, port, seconds: 1 })));
  }
  for (let round = 0; round < rounds; round++) {
    console.error(`${title}, round ${round + 1} of ${rounds}`);
    for (const entry of round % 2 === 0 ? entries : [...entries].reverse()) {
      await attempt(entry, async (server) => void entry.turns.push(await takeTurn(server, { ...load, seconds })));
    }
  }
  return entries;
}

/**
 * @param {Cell} cell
 * @param {readonly Contender[]} chosen
 * @param {import('../plan.mjs').Plan} plan
 * @returns {Promise<Entry[]>}
 */
function measureCell({ app, title, keepAlive, connections = CONNECTIONS }, chosen, plan) {
  return withEntries(
    chosen,
    () => ({ app, workers: WORKERS, keepAlive }),
    (entries) => takeTurns(title, entries, { connections, closeEach: !keepAlive }, plan),
  );
}

/**
 * @param {object} scenario
 * @param {string} scenario.name
 * @param {string} scenario.what in addition to the common text
 * @param {readonly Cell[]} scenario.cells
 * @param {readonly import('../goals.mjs').Goal[]} scenario.goals
 * @param {string} scenario.own the server that the others are compared with
 * @param {readonly Contender[]} chosen
 * @param {import('../plan.mjs').RunOptions} options
 * @returns {Promise<import('../report.mjs').Report>}
 */
export async function measureInTurns({ name, what, cells, goals, own }, chosen, options) {
  const plan = choosePlan(options, TURNS);
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
    goals: judgeGoals(goals, measured, options.baseline),
    findings: [],
    data: { plan, workers: WORKERS, own, cells: measured },
  };
}
