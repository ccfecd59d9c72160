// How many workers to fork and which to retire, from nothing but the states of a generation's workers. Pure.

import type { WorkerState } from './worker-life.ts';

export interface PlannedWorker {
  readonly slot: number;
  /** Position in the order of forks; the lowest is the oldest. */
  readonly age: number;
  readonly state: WorkerState;
}

export interface WorkerPlan {
  readonly fork: number;
  /** Slots, in the order in which to retire them. */
  readonly retire: readonly number[];
}

/**
 * Keeps `target` workers in service. A worker that wants a successor stays until the successor is ready, and only a few
 * at a time are succeeded, so that recycling never costs more than a part of the capacity.
 */
export function planWorkers(workers: readonly PlannedWorker[], target: number): WorkerPlan {
  const oldestFirst = [...workers].sort((a, b) => a.age - b.age);
  const ready = oldestFirst.filter((worker) => worker.state.kind === 'ready');
  const coming = oldestFirst.filter((worker) => worker.state.kind === 'forking' || worker.state.kind === 'booting');
  const wanting = ready.filter((worker) => worker.state.kind === 'ready' && worker.state.successor === 'wanted');
  const successions = Math.min(wanting.length, atOnce(target));
  const fork = Math.max(0, target + successions - ready.length - coming.length);
  const surplus = Math.max(0, ready.length - target);
  const order = [...wanting, ...ready.filter((worker) => !wanting.includes(worker))];
  return { fork, retire: order.slice(0, surplus).map((worker) => worker.slot) };
}

function atOnce(target: number): number {
  return Math.max(1, Math.floor(target / 4));
}
