// How many workers to fork and which to retire, from the states of a generation's workers. Pure.

import type { WorkerState } from './worker-life.ts';

export interface PlannedWorker {
  readonly slot: number;
  /** Position in the order of forks; the oldest worker has the lowest. */
  readonly age: number;
  readonly state: WorkerState;
}

export interface WorkerPlan {
  readonly fork: number;
  /** Slots, in the order in which to retire them. */
  readonly retire: readonly number[];
}

/** How long a worker that will soon be spent may continue beside its successor. */
const BESIDE_SUCCESSOR_MS = 5000;

/**
 * Keeps `target` workers in service. A worker that wants a successor stays until the successor is ready, and only a few are replaced
 * at a time, so that recycling never costs more than a fraction of the capacity.
 */
export function planWorkers(workers: readonly PlannedWorker[], target: number, nowMs: number = 0): WorkerPlan {
  const oldestFirst = [...workers].sort((a, b) => a.age - b.age);
  const ready = oldestFirst.filter((worker) => worker.state.kind === 'ready');
  const coming = oldestFirst.filter((worker) => worker.state.kind === 'forking' || worker.state.kind === 'booting');
  const wanting = ready.filter((worker) => worker.state.kind === 'ready' && worker.state.successor !== 'not-needed');
  const successions = Math.min(wanting.length, atOnce(target));
  const fork = Math.max(0, target + successions - ready.length - coming.length);
  const staying = wanting.filter((worker) => mayStay(worker, ready, nowMs));
  const surplus = Math.max(0, ready.length - staying.length - target);
  const leaving = wanting.filter((worker) => !staying.includes(worker));
  const order = [...leaving, ...ready.filter((worker) => !wanting.includes(worker))];
  return { fork, retire: order.slice(0, surplus).map((worker) => worker.slot) };
}

/** A worker that will soon be spent continues for a moment beside a successor that has just become ready. */
function mayStay({ age, state }: PlannedWorker, ready: readonly PlannedWorker[], nowMs: number): boolean {
  if (state.kind !== 'ready' || state.successor !== 'soon') return false;
  return ready.some((other) => {
    return other.age > age && other.state.kind === 'ready' && nowMs - other.state.sinceMs <= BESIDE_SUCCESSOR_MS;
  });
}

function atOnce(target: number): number {
  return Math.max(1, Math.floor(target / 4));
}
