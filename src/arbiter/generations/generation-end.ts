// How a generation ends: it drains when another one serves or the arbiter stops, and is given up when it must not serve. Processes that
// do not end in time are killed.

import type { Limits } from '../deadlines/limits.ts';
import type { Forkserver } from '../forkserver/forkserver.ts';
import type { Worker, WorkerRoster } from '../workers/worker-roster.ts';
import { type GenerationState, isEnding } from './generation-life.ts';
import type { TicketPipeEnd } from './ticket-pipe-end.ts';

/** A worker may serve already while the forkserver still has its report to be ready: on a busy machine for this long. */
const READY_REPORT_MS = 1000;
/** How long a forkserver may take to report the ends of its killed workers and to leave. */
const FORKSERVER_LEAVE_MS = 1000;
/** The same for a generation that is given up: its workers may call their last hook first. */
const GIVEN_UP_MS = 3000;

/** The parts of a generation that take part in its end. */
interface Ending {
  readonly number: number;
  readonly state: GenerationState;
  readonly workers: WorkerRoster;
  readonly forkserver: Forkserver;
  readonly tickets: TicketPipeEnd;
  readonly pool: { hasTakenTickets(worker: Worker): boolean };
  move(next: GenerationState): void;
}

/** The workers finish the tickets in the pipe, and leave at its end-of-file. */
export function drain(generation: Ending, reason: 'successor' | 'stop', nowMs: number): void {
  const { workers, tickets, forkserver, state } = generation;
  if (isEnding(state)) return;
  generation.move({ kind: 'draining', sinceMs: nowMs, for: reason });
  workers.announceEnd();
  tickets.release();
  forkserver.letGo();
}

/** For a generation that must not serve: ends the workers immediately and lets the forkserver leave. */
export function giveUp(generation: Ending, reason: string, nowMs: number): void {
  const { workers, tickets, forkserver } = generation;
  generation.move({ kind: 'given-up', sinceMs: nowMs, reason });
  const hasHook = forkserver.has('worker_exit');
  for (const worker of workers.all()) {
    // A worker that has booted, or has a hook to call at its end, gets a moment to exit.
    const how = hasHook || worker.state.kind === 'ready' ? 'SIGQUIT' : 'SIGKILL';
    workers.doom(worker, 'given-up', how, nowMs);
  }
  tickets.release();
  forkserver.letGo();
}

/** As giveUp(), for a healthy generation that is no longer wanted. Does not wait until its forkserver finishes evaluating or importing. */
export function breakOff(generation: Ending, reason: string, nowMs: number): void {
  giveUp(generation, reason, nowMs);
  if (generation.workers.size > 0) return;
  // The first forkserver calls on_exit, and writes the arbiter's last lines if Python writes the logs.
  if (generation.number === 1) generation.forkserver.interrupt();
  else generation.forkserver.killUnlessHeld();
}

/** Kills workers and forkservers that were asked to leave and exceed their time. */
export function endLate(generation: Ending, { graceMs }: Limits, nowMs: number): void {
  const { state, workers, forkserver } = generation;
  if (state.kind === 'draining') {
    if (nowMs - state.sinceMs > READY_REPORT_MS) endBoots(generation, nowMs);
    const overtimeMs = nowMs - state.sinceMs - graceMs;
    if (overtimeMs > 0) workers.killAll(nowMs);
    if (overtimeMs > FORKSERVER_LEAVE_MS) forkserver.killUnlessHeld();
  } else if (state.kind === 'given-up' && nowMs - state.sinceMs > GIVEN_UP_MS) forkserver.killUnlessHeld();
}

/** A worker that has taken no ticket: waiting for its imports would only delay the end. */
function endBoots({ workers, pool }: Ending, nowMs: number): void {
  for (const worker of workers.all()) {
    if (worker.state.kind !== 'booting' || pool.hasTakenTickets(worker)) continue;
    workers.doom(worker, 'not-needed', 'SIGKILL', nowMs);
  }
}
