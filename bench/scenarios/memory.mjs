/** The memory of all processes of a server: after the start, and when it has been under load and is idle again. */
import { setTimeout as delay } from 'node:timers/promises';
import { tunicornSync } from '../contenders/tunicorn.mjs';
import { judgeGoals } from '../goals.mjs';
import { median } from '../load/statistics.mjs';
import { runWrk } from '../load/wrk.mjs';
import { choosePlan, TURNS } from '../plan.mjs';
import { contenders, lookInTurns, WORKERS, WSGI } from './start-and-memory.mjs';

export { contenders };

const CONNECTIONS = 32;
const IDLE_MS = 1_000;

/** @type {import('../goals.mjs').Goal[]} */
const GOALS = [{ cell: WSGI, own: tunicornSync.name, measure: 'pssMiB', bound: 'at most', value: 85 }];

/**
 * @param {number} seconds
 * @returns {(server: import('../server.mjs').Server) => Promise<{ fresh: number, busy: number, after: number }>} in MiB
 */
function look(seconds) {
  return async (server) => {
    const fresh = server.pssKiB() / 1024;
    const load = runWrk({ port: server.port, connections: CONNECTIONS, seconds, closeEach: false });
    await delay((seconds * 1000) / 2);
    const busy = server.pssKiB() / 1024;
    await load;
    await delay(IDLE_MS);
    return { fresh, busy, after: server.pssKiB() / 1024 };
  };
}

/**
 * @param {readonly import('../contenders/contender.mjs').Contender[]} chosen
 * @param {import('../plan.mjs').RunOptions} options
 * @returns {Promise<import('../report.mjs').Report>}
 */
export async function measure(chosen, options) {
  const { rounds, seconds } = choosePlan(options, { ...TURNS, brief: { rounds: 3, seconds: 1 } });
  const looked = await lookInTurns('memory', chosen, rounds, look(seconds));
  const cells = looked.map(({ title, rows }) => ({
    title,
    rows: rows.map((row) => ({
      ...row,
      freshMiB: median(row.turns.map(({ fresh }) => fresh)),
      busyMiB: median(row.turns.map(({ busy }) => busy)),
      pssMiB: median(row.turns.map(({ after }) => after)),
    })),
  }));
  return {
    scenario: 'memory',
    summary:
      `Proportional set size (smaps_rollup) of the whole process tree in MiB; ${WORKERS} worker processes; medians of ${rounds} fresh ` +
      `servers, in turns: when the first request is answered, during ${seconds} s of wrk with ${CONNECTIONS} connections, and ` +
      `${IDLE_MS / 1000} s after it.`,
    tables: cells.map(({ title, rows }) => ({
      heading: title,
      columns: ['server', 'after load', 'under load', 'fresh'],
      rows: rows.map(({ title: server, failure, pssMiB, busyMiB, freshMiB }) =>
        failure === undefined
          ? [server, pssMiB.toFixed(1), busyMiB.toFixed(1), freshMiB.toFixed(1)]
          : [server, `failed: ${failure}`, '', ''],
      ),
    })),
    goals: judgeGoals(GOALS, cells, options.baseline),
    findings: [],
    data: { plan: { rounds, seconds }, workers: WORKERS, cells },
  };
}
