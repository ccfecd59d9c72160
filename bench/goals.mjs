/** Goals as data, and whether the rows of a run reach them. A missed goal is a result, not an error. */

/**
 * @typedef {object} Goal
 * @property {string} cell the title of the cell whose rows are compared
 * @property {string} own the server that has the goal
 * @property {Measure} measure
 * @property {'at least' | 'at most'} bound
 * @property {number} value a multiple of the other's, or an amount if there is no other
 * @property {string} [than] a server's name, 'baseline' (the same server of the earlier commit), or 'best peer'
 */

/** @typedef {'requestsPerSecond' | 'echoesPerSecond' | 'p50Ms' | 'p99Ms' | 'startMs' | 'pssMiB'} Measure */
/** @typedef {{ server: string, title: string, failure?: string | undefined } & Partial<Record<Measure, number>>} GoalRow */
/** @typedef {{ title: string, rows: readonly GoalRow[] }} GoalCell */
/** @typedef {{ goal: string, reached: string, met: boolean | undefined }} Verdict met is undefined: could not be judged */

/** @type {Readonly<Record<Measure, string>>} */
const LABELS = {
  requestsPerSecond: 'requests/s',
  echoesPerSecond: 'echoes/s',
  p50Ms: 'p50',
  p99Ms: 'p99',
  startMs: 'time to the first answer',
  pssMiB: 'memory',
};

/** @type {Readonly<Record<Measure, string>>} */
const UNITS = {
  requestsPerSecond: '/s',
  echoesPerSecond: '/s',
  p50Ms: ' ms',
  p99Ms: ' ms',
  startMs: ' ms',
  pssMiB: ' MiB',
};

/** Two servers are level if one reaches this much of the other: rounds of the same server differ by as much. */
export const LEVEL = 0.95;

/**
 * @param {readonly Goal[]} goals
 * @param {readonly GoalCell[]} cells
 * @param {string | undefined} baseline the commit, if an earlier Tunicorn was measured
 * @returns {Verdict[]} for the goals whose servers took part
 */
export function judgeGoals(goals, cells, baseline) {
  return goals.flatMap((goal) => {
    const rows = cells.find(({ title }) => title === goal.cell)?.rows ?? [];
    const own = rows.find(({ server }) => server === goal.own);
    if (own === undefined) return [];
    if (goal.than === undefined) return [judgeAmount(goal, own)];
    const other = goal.than === 'best peer' ? bestPeer(goal, rows) : rows.find(isOther(goal, baseline));
    return other === undefined ? [] : [judgeRatio(goal, own, other)];
  });
}

/**
 * @param {Goal} goal
 * @param {string | undefined} baseline
 * @returns {(row: GoalRow) => boolean}
 */
function isOther({ own, than }, baseline) {
  const wanted = than === 'baseline' ? `${own}@${baseline}` : than;
  return ({ server }) => server === wanted;
}

/**
 * @param {Goal} goal
 * @param {readonly GoalRow[]} rows
 * @returns {GoalRow | undefined}
 */
function bestPeer({ measure, bound }, rows) {
  const peers = rows.filter((row) => !row.server.startsWith('tunicorn') && row.failure === undefined);
  const measured = peers.filter((row) => Number.isFinite(row[measure]));
  const better = bound === 'at most' ? -1 : 1;
  return measured.sort((a, b) => better * (Number(b[measure]) - Number(a[measure])))[0];
}

/**
 * @param {Goal} goal
 * @param {GoalRow} own
 * @returns {Verdict}
 */
function judgeAmount({ cell, measure, bound, value }, own) {
  const amount = own[measure] ?? Number.NaN;
  const goal = `${own.title}, ${cell}: ${LABELS[measure]} ${bound} ${value}${UNITS[measure]}`;
  if (own.failure !== undefined) return { goal, reached: own.failure, met: false };
  if (!Number.isFinite(amount)) return { goal, reached: 'not measured', met: undefined };
  return { goal, reached: `${amount.toFixed(1)}${UNITS[measure]}`, met: satisfies(amount, bound, value) };
}

/**
 * @param {Goal} goal
 * @param {GoalRow} own
 * @param {GoalRow} other
 * @returns {Verdict}
 */
function judgeRatio({ cell, measure, bound, value }, own, other) {
  const ratio = (own[measure] ?? Number.NaN) / (other[measure] ?? Number.NaN);
  const wanted = value === LEVEL ? `level with (${bound} ${value} ×)` : `${bound} ${value} ×`;
  const goal = `${own.title}, ${cell}: ${LABELS[measure]} ${wanted} ${other.title}`;
  if (own.failure !== undefined) return { goal, reached: own.failure, met: false };
  if (other.failure !== undefined || !Number.isFinite(ratio)) {
    return { goal, reached: other.failure ?? 'not measured', met: undefined };
  }
  return { goal, reached: `${ratio.toFixed(2)} ×`, met: satisfies(ratio, bound, value) };
}

/**
 * @param {number} amount
 * @param {Goal['bound']} bound
 * @param {number} value
 * @returns {boolean}
 */
function satisfies(amount, bound, value) {
  return bound === 'at least' ? amount >= value : amount <= value;
}

/**
 * @param {readonly Verdict[]} verdicts
 * @returns {import('./report.mjs').Table}
 */
export function goalTable(verdicts) {
  return {
    heading: 'Goals',
    columns: ['goal', 'reached', 'met'],
    rows: verdicts.map(({ goal, reached, met }) => [goal, reached, met === undefined ? '?' : met ? 'yes' : 'no']),
  };
}
