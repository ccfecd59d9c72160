// How many workers of a generation boot at the same time: in a large generation, one per processor. More would all become ready late,
// and take processor time from the workers that serve. Pure.

import { GENERATION_MESSAGES } from '../../log/catalog/generations.ts';
import { type Entry, entry } from '../../log/message.ts';
import type { WorkerState } from './worker-life.ts';

/** A boot that takes longer is waiting for something, or hangs: it does not delay the others. */
const LONG_BOOT_MS = 3000;

/** Up to this many workers boot together on any machine: all are ready sooner than if they booted one after the other. */
const FEW = 8;

/** How many of `missing` workers to fork now. */
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

/** For the log; null if all boot together. */
export function describePace(generation: number, target: number, processors: number): Entry | null {
  if (target <= Math.max(processors, FEW)) return null;
  return entry(GENERATION_MESSAGES.boots, { generation, workers: target, processors });
}
