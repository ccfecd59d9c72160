// The workers of a snapshot: what the arbiter, the claims board and /proc know about each.

import type { ClaimsBoard } from '../../runqueue/claims-board.ts';
import { zeroes } from '../../telemetry/snapshot/gateway-report.ts';
import {
  type ProcessUsage,
  WORKER_STATES,
  type WorkerSnapshot,
  type WorkerStateName,
} from '../../telemetry/snapshot/snapshot.ts';
import type { Generation } from '../generations/generation.ts';
import type { Generations } from '../generations/generations.ts';
import type { WorkerState } from '../workers/worker-life.ts';
import type { Worker } from '../workers/worker-roster.ts';

export interface WorkerSources {
  readonly generations: Pick<Generations, 'all'>;
  readonly board: Pick<ClaimsBoard, 'usage'>;
}

export function describeWorkers(
  { generations, board }: WorkerSources,
  usages: ReadonlyMap<number, ProcessUsage>,
  nowMs: number,
): readonly WorkerSnapshot[] {
  const found = generations
    .all()
    .flatMap((generation) =>
      generation.workers.all().map((worker) => ({ generation, worker, ...board.usage(worker) })),
    );
  const all = found.reduce((sum, { taken }) => sum + taken, 0);
  return found.map(({ generation, worker, taken, running }) => ({
    slot: worker.slot,
    pid: worker.process?.pid ?? null,
    generation: generation.number,
    age: worker.age,
    state: stateName(generation, worker, running),
    life: inWords(worker.state),
    sinceSeconds: worker.state.kind === 'gone' ? 0 : (nowMs - worker.state.sinceMs) / 1000,
    running,
    requests: taken,
    share: all === 0 ? 0 : taken / all,
    usage: usages.get(worker.process?.pid ?? 0) ?? null,
  }));
}

function inWords(state: WorkerState): string {
  return state.kind === 'retiring' || state.kind === 'doomed' ? `${state.kind}: ${state.reason}` : state.kind;
}

function stateName(generation: Generation, { state }: Worker, running: number): WorkerStateName {
  switch (state.kind) {
    case 'forking':
    case 'booting':
      return 'booting';
    case 'ready':
      if (generation.state.kind === 'draining') return 'draining';
      return running > 0 ? 'busy' : 'ready';
    case 'retiring':
    case 'exiting':
    case 'doomed':
    case 'gone':
      return 'draining';
  }
}

export function countWorkers(workers: readonly WorkerSnapshot[]): Record<WorkerStateName, number> {
  const counts = zeroes(WORKER_STATES);
  for (const { state } of workers) counts[state] += 1;
  return counts;
}
