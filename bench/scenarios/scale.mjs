/**
 * How a server behaves as something grows: connections from 1 to 10,000, workers from 1 to 32, bodies from nothing to 64 MiB. A good one is
 * flat: a request costs the same however many connections are open, and a MiB however large its body is.
 */
import { readFileSync } from 'node:fs';
import { granianWsgi } from '../contenders/asgi-servers.mjs';
import { gunicornGthread } from '../contenders/gunicorn.mjs';
import { tunicornSync } from '../contenders/tunicorn.mjs';
import { uwsgiHttpSocket } from '../contenders/uwsgi.mjs';
import { choosePlan } from '../plan.mjs';
import { describePoint, formatBytes, judgeFlatness } from './flatness.mjs';
import { describeErrors, summarize } from './throughput-table.mjs';
import { CONNECTIONS, takeTurns, WORKERS, withEntries } from './turns.mjs';

/** @typedef {import('../contenders/contender.mjs').Contender} Contender */
/** @typedef {import('../plan.mjs').Plan} Plan */
/** @typedef {ReturnType<typeof summarize> & { unitsPerSecond: number }} Row unitsPerSecond: requests, or MiB */
/** @typedef {{ at: number, rows: Row[] }} Point */
/** @typedef {import('./flatness.mjs').SeriesName} SeriesName */
/** @typedef {{ name: SeriesName, title: string, unit: string, points: Point[] }} Series */

export const contenders = [tunicornSync, gunicornGthread, uwsgiHttpSocket, granianWsgi];

const MANY = 10_000;
const KIB = 1024;
const MIB = 1024 * KIB;
const BODY_CONNECTIONS = 2;
/** A server with more errors than this share of its answers has failed. */
const TOLERATED_ERRORS = 0.1;

const PLANS = {
  full: { rounds: 3, seconds: 3 },
  brief: { rounds: 3, seconds: 1 },
  quick: { rounds: 1, seconds: 1 },
};

/** Short paces leave out points in between. @type {Record<import('../plan.mjs').Pace, { connections: number[], workers: number[], bytes: number[] }>} */
const POINTS = {
  full: {
    connections: [1, 10, 100, 1_000, MANY],
    workers: [1, 2, 4, 8, 16, 32],
    bytes: [0, KIB, 16 * KIB, 64 * KIB, MIB, 16 * MIB, 64 * MIB],
  },
  brief: {
    connections: [1, 100, 1_000, MANY],
    workers: [1, 2, 8, 32],
    bytes: [0, 64 * KIB, MIB, 64 * MIB],
  },
  quick: { connections: [1, 100, MANY], workers: [1, 32], bytes: [0, MIB, 64 * MIB] },
};

/** The queue of connections that nothing has accepted yet is bounded by the kernel, too. */
const BACKLOG = Math.min(4_096, Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8')));

/** Servers that limit their connections must not do so below what is measured. @type {ReadonlyMap<string, string[]>} */
const ARGS = new Map([
  [tunicornSync.name, [`--backlog=${BACKLOG}`]],
  [gunicornGthread.name, [`--backlog=${BACKLOG}`, `--worker-connections=${MANY}`]],
  [uwsgiHttpSocket.name, [`--listen=${BACKLOG}`]],
  [granianWsgi.name, [`--backlog=${BACKLOG}`]],
]);

/**
 * @param {string} app
 * @param {number} workers
 */
function launch(app, workers) {
  return (/** @type {Contender} */ { name }) => ({ app, workers, args: ARGS.get(name.replace(/@.*/, '')) ?? [] });
}

/**
 * @param {import('./turns.mjs').Entry} entry
 * @param {(row: ReturnType<typeof summarize>) => number} unitsOf
 * @returns {Row}
 */
function toRow(entry, unitsOf) {
  const row = summarize(entry);
  const errors = Object.values(row.errors).reduce((sum, count) => sum + count, 0);
  const answers = row.turns.reduce((sum, turn) => sum + turn.requestsPerSecond, 0);
  if (row.failure === undefined && errors > TOLERATED_ERRORS * answers) row.failure = `errors: ${describeErrors(row)}`;
  if (row.failure === undefined && answers === 0) row.failure = 'no answer in time';
  return { ...row, unitsPerSecond: row.failure === undefined ? unitsOf(row) : Number.NaN };
}

/**
 * @param {readonly Contender[]} chosen
 * @param {readonly number[]} numbers
 * @param {Plan} plan
 * @returns {Promise<Series>}
 */
function measureConnections(chosen, numbers, plan) {
  return withEntries(chosen, launch('hello', WORKERS), async (entries) => {
    const points = [];
    for (const connections of numbers) {
      // Opening many connections takes a while, and is part of the measurement.
      const seconds = connections < 1_000 ? plan.seconds : plan.seconds + (connections < MANY ? 1 : 4);
      const load = { connections, closeEach: false, timeoutSeconds: 10 };
      const turned = await takeTurns(
        `scale: ${connections} connections`,
        entries,
        load,
        { ...plan, seconds },
        {
          warmUp: connections === numbers[0],
        },
      );
      points.push({ at: connections, rows: turned.map((entry) => toRow(entry, (row) => row.requestsPerSecond)) });
    }
    return { name: 'connections', title: 'Connections', unit: 'requests/s', points };
  });
}

/**
 * @param {readonly Contender[]} chosen
 * @param {readonly number[]} numbers
 * @param {Plan} plan
 * @returns {Promise<Series>}
 */
async function measureWorkers(chosen, numbers, plan) {
  const points = [];
  for (const workers of numbers) {
    points.push(
      await withEntries(chosen, launch('hello', workers), async (entries) => {
        const load = { connections: CONNECTIONS, closeEach: false };
        const turned = await takeTurns(`scale: ${workers} workers`, entries, load, plan);
        return { at: workers, rows: turned.map((entry) => toRow(entry, (row) => row.requestsPerSecond)) };
      }),
    );
  }
  return { name: 'workers', title: 'Worker processes', unit: 'requests/s', points };
}

/**
 * @param {readonly Contender[]} chosen
 * @param {readonly number[]} sizes
 * @param {Plan} plan
 * @returns {Promise<Series[]>}
 */
function measureBodies(chosen, sizes, plan) {
  return withEntries(chosen, launch('sized', WORKERS), async (entries) => {
    /** @type {Series[]} */
    const series = [];
    for (const kind of /** @type {const} */ (['response', 'request'])) {
      const points = [];
      for (const bytes of sizes) {
        // Only whole requests count, so that there must be time for some.
        const more = bytes < 16 * MIB ? 0 : kind === 'response' ? 2 : 4;
        const seconds = plan.seconds + more;
        const body = kind === 'response' ? { path: `/${bytes}` } : { uploadBytes: bytes };
        const load = { connections: BODY_CONNECTIONS, closeEach: false, timeoutSeconds: 10, ...body };
        const title = `scale: ${kind} bodies of ${formatBytes(bytes)}`;
        const turned = await takeTurns(title, entries, load, { ...plan, seconds }, { warmUp: bytes === sizes[0] });
        // Parts of responses count, too. Of requests only whole ones can be counted.
        const mibOf = (/** @type {ReturnType<typeof summarize>} */ row) =>
          (kind === 'response' && bytes > 0 ? row.bytesPerSecond : row.requestsPerSecond * bytes) / MIB;
        points.push({ at: bytes, rows: turned.map((entry) => toRow(entry, mibOf)) });
      }
      series.push({
        name: /** @type {const} */ (`${kind}-bodies`),
        title: `Bodies of ${kind}s`,
        unit: 'MiB/s',
        points,
      });
    }
    return series;
  });
}

/**
 * @param {Series} series
 * @returns {import('../report.mjs').Table}
 */
function toTable({ name, title, unit, points }) {
  const servers = points[0]?.rows ?? [];
  const isBody = name.endsWith('bodies');
  return {
    heading: `${title}: ${unit} (p99 ms)`,
    columns: ['server', ...points.map(({ at }) => (isBody ? formatBytes(at) : at.toLocaleString('en')))],
    rows: servers.map(({ title: server }, index) => [
      server,
      ...points.map(({ at, rows }) => {
        const row = rows[index];
        if (row === undefined || row.failure !== undefined) return 'failed';
        const amount = isBody && at === 0 ? `${row.requestsPerSecond.toFixed(0)}/s` : toPrecision(row.unitsPerSecond);
        return `${amount} (${toPrecision(row.p99Ms)})`;
      }),
    ]),
  };
}

/** @param {number} amount */
function toPrecision(amount) {
  return amount >= 100 ? amount.toFixed(0) : amount.toPrecision(3);
}

/**
 * @param {readonly Series[]} all
 * @returns {string[]}
 */
function describeFailures(all) {
  return all.flatMap(({ name, points }) =>
    points.flatMap(({ at, rows }) =>
      rows.flatMap(({ title, failure }) =>
        failure === undefined ? [] : [`Failed: ${title} with ${describePoint(name, at)}: ${failure}.`],
      ),
    ),
  );
}

/**
 * @param {readonly Contender[]} chosen
 * @param {import('../plan.mjs').RunOptions} options
 * @returns {Promise<import('../report.mjs').Report>}
 */
export async function measure(chosen, options) {
  const plan = choosePlan({ ...options, seconds: undefined }, PLANS);
  const { connections, workers, bytes } = POINTS[options.pace];
  const series = [
    await measureConnections(chosen, connections, plan),
    await measureWorkers(chosen, workers, plan),
    ...(await measureBodies(chosen, bytes, plan)),
  ];
  return {
    scenario: 'scale',
    summary:
      `wrk with one thread on the same machine; medians of ${plan.rounds} rounds of ${plan.seconds} s in turns, longer ones at 1,000 ` +
      `connections and more and at 16 MiB and more. Connections: hello, ${WORKERS} workers, keep-alive where the server has it. Workers: ` +
      `hello, ${CONNECTIONS} connections. Bodies: ${BODY_CONNECTIONS} connections, ${WORKERS} workers, which make the response in one ` +
      'piece and read the request to its end.',
    tables: series.map(toTable),
    goals: judgeFlatness(series, tunicornSync.name),
    findings: describeFailures(series),
    data: { plan, series },
  };
}
