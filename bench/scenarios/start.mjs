/** The time from the start of the command until the first request is answered: how long a deployment is away. */
import { gunicornAsgi, gunicornSync } from '../contenders/gunicorn.mjs';
import { tunicornAsgi, tunicornSync } from '../contenders/tunicorn.mjs';
import { judgeGoals } from '../goals.mjs';
import { maximum, median, percentile } from '../load/statistics.mjs';
import { choosePlan } from '../plan.mjs';
import { ASGI, contenders, lookInTurns, WORKERS, WSGI } from './start-and-memory.mjs';

export { contenders };

const PLANS = {
  full: { rounds: 11, seconds: 0 },
  brief: { rounds: 5, seconds: 0 },
  quick: { rounds: 2, seconds: 0 },
};

const AT_MOST = /** @type {const} */ ({ measure: 'startMs', bound: 'at most' });

/** @type {import('../goals.mjs').Goal[]} */
const GOALS = [
  { ...AT_MOST, cell: WSGI, own: tunicornSync.name, than: 'baseline', value: 0.5 },
  { ...AT_MOST, cell: WSGI, own: tunicornSync.name, than: gunicornSync.name, value: 2 },
  { ...AT_MOST, cell: ASGI, own: tunicornAsgi.name, than: 'baseline', value: 0.5 },
  { ...AT_MOST, cell: ASGI, own: tunicornAsgi.name, than: gunicornAsgi.name, value: 2 },
];

/**
 * @param {readonly import('../contenders/contender.mjs').Contender[]} chosen
 * @param {import('../plan.mjs').RunOptions} options
 * @returns {Promise<import('../report.mjs').Report>}
 */
export async function measure(chosen, options) {
  // Rounds of other scenarios take seconds: their number says nothing about the number of starts.
  const { rounds } = choosePlan({ pace: options.pace, quick: options.quick }, PLANS);
  const looked = await lookInTurns('start', chosen, rounds, async ({ firstAnswerMs }) => firstAnswerMs);
  const cells = looked.map(({ title, rows }) => ({
    title,
    rows: rows.map((row) => ({ ...row, startMs: median(row.turns) })),
  }));
  return {
    scenario: 'start',
    summary:
      `From the start of the command to the first answer; ${WORKERS} worker processes; median of ${rounds} starts, in turns. A client ` +
      'tries every 5 ms.',
    tables: cells.map(({ title, rows }) => ({
      heading: title,
      columns: ['server', 'ms to the first answer', 'fastest', 'slowest'],
      rows: rows.map(({ title: server, failure, startMs, turns }) =>
        failure === undefined
          ? [server, startMs.toFixed(0), percentile(turns, 0).toFixed(0), maximum(turns).toFixed(0)]
          : [server, `failed: ${failure}`, '', ''],
      ),
    })),
    goals: judgeGoals(GOALS, cells, options.baseline),
    findings: [],
    data: { plan: { rounds }, workers: WORKERS, cells },
  };
}
