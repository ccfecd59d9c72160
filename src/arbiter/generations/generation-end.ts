// How a generation ends: drained when another one serves or the arbiter stops, given up when it must not serve. What does not end in time
// is killed.

import type { Limits } from '../deadlines/limits.ts';
import type { Forkserver } from '../forkserver/forkserver.ts';
import type { WorkerRoster } from '../workers/worker-roster.ts';
import { type GenerationState, isEnding } from './generation-life.ts';
import type { TicketPipeEnd } from './ticket-pipe-end.ts';

/** After its workers have been killed, a forkserver has so long to report their ends and to leave. */
const FORKSERVER_LEAVE_MS = 1000;
/** The same for a generation that is given up, whose workers may call their last hook first. */
const GIVEN_UP_MS = 3000;

/** The parts of a generation that end. */
interface Ending {
  readonly number: number;
  readonly state: GenerationState;
  readonly workers: WorkerRoster;
  readonly forkserver: Forkserver;
  readonly tickets: TicketPipeEnd;
  move(next: GenerationState): void;
}

/** Lets the workers finish what they have been given; at the pipe's end-of-file they leave. */
export function drain(generation: Ending, reason: 'successor' | 'stop', nowMs: number): void {
  const { workers, tickets, forkserver, state } = generation;
  if (isEnding(state)) return;
  generation.move({ kind: 'draining', sinceMs: nowMs, for: reason });
  workers.announceEnd();
  for (const worker of workers.all()) {
    // It has not taken a ticket yet; waiting for its imports would only keep the generation from its end.
    if (worker.state.kind === 'booting') workers.doom(worker, 'not-needed', 'SIGKILL', nowMs);
  }
  tickets.release();
  forkserver.letGo();
}

/** Ends the workers immediately and lets the forkserver go: for a generation that must not serve. */
export function giveUp(generation: Ending, reason: string, nowMs: number): void {
  const { workers, tickets, forkserver } = generation;
  generation.move({ kind: 'given-up', sinceMs: nowMs, reason });
  const hasHook = forkserver.has('worker_exit');
  for (const worker of workers.all()) {
    // One that has booted, or has a hook for its end, gets a moment to end by itself.
    const how = hasHook || worker.state.kind === 'ready' ? 'SIGQUIT' : 'SIGKILL';
    workers.doom(worker, 'given-up', how, nowMs);
  }
  tickets.release();
  forkserver.letGo();
}

/** As giveUp(), for a generation that nothing is wrong with: what its forkserver evaluates or imports is not waited for. */
export function breakOff(generation: Ending, reason: string, nowMs: number): void {
  giveUp(generation, reason, nowMs);
  if (generation.workers.size > 0) return;
  // The first one writes the arbiter's last lines to the log, if Python does, and calls on_exit.
  if (generation.number === 1) generation.forkserver.interrupt();
  else generation.forkserver.killUnlessHeld();
}

/** No worker and no forkserver that has been asked to leave is waited for without end. */
export function endLate({ state, workers, forkserver }: Ending, { graceMs }: Limits, nowMs: number): void {
  if (state.kind === 'draining') {
    const overtimeMs = nowMs - state.sinceMs - graceMs;
    if (overtimeMs > 0) workers.killAll(nowMs);
    if (overtimeMs > FORKSERVER_LEAVE_MS) forkserver.killUnlessHeld();
  } else if (state.kind === 'given-up' && nowMs - state.sinceMs > GIVEN_UP_MS) forkserver.killUnlessHeld();
}
