/** How long a scenario measures: the pace of a run, and what the command line overrides. */

/** full: for a quiet machine and some patience; brief: shorter turns, still valid; quick: only shows that everything works. */
/** @typedef {'full' | 'brief' | 'quick'} Pace */

/**
 * @typedef {object} RunOptions
 * @property {Pace} pace
 * @property {boolean} quick the same as pace 'quick'
 * @property {number} [rounds]
 * @property {number} [seconds] of one turn
 * @property {string} [baseline] the commit of the earlier Tunicorn, in the names of its contenders after '@'
 */

/** @typedef {{ rounds: number, seconds: number }} Plan */

/**
 * The usual turns. wrk takes whole seconds.
 * @type {Readonly<Record<Pace, Plan>>}
 */
export const TURNS = {
  full: { rounds: 3, seconds: 4 },
  brief: { rounds: 3, seconds: 2 },
  quick: { rounds: 1, seconds: 1 },
};

/**
 * @param {RunOptions} options
 * @param {Readonly<Record<Pace, Plan>>} plans
 * @returns {Plan}
 */
export function choosePlan({ pace, rounds, seconds }, plans) {
  return { rounds: rounds ?? plans[pace].rounds, seconds: seconds ?? plans[pace].seconds };
}
