// How many workers of a generation boot at the same time: as many as there are processors, once there are many. More would all become ready late, and take
// the processors from those that serve. Pure.

import { GENERATION_MESSAGES } from '../../log/catalog/generations.ts';
import { type Entry, entry } from '../../log/message.ts';
import type { WorkerState } from './worker-life.ts';

/** A boot that takes longer waits for something, or for ever: it does not keep the others from beginning. */
const LONG_BOOT_MS = 3000;

/** So few boot at once, whatever there is of processors: all are ready sooner than one after the other. */
const FEW = 8;

/** Of `missing` workers, how many are forked now. */
export function bootsNow(
  missing: number,
  workers: readonly { readonly state: WorkerState }[],
  processors: number,
  nowMs: number,
): number {
  if (missing + workers.length <= FEW) return missing;
  const booting = workers.filter(({ state }) => isBooting(state) && nowMs - state.sinceMs < LONG_BOOT_MS);
  return Math.max(0, Math.min(missing, processors - booting.length));
}

function isBooting(state: WorkerState): state is Extract<WorkerState, { kind: 'forking' | 'booting' }> {
  return state.kind === 'forking' || state.kind === 'booting';
}

/** For the log; null where all boot at once. */
export function describePace(generation: number, target: number, processors: number): Entry | null {
  if (target <= Math.max(processors, FEW)) return null;
  return entry(GENERATION_MESSAGES.boots, { generation, workers: target, processors });
}
