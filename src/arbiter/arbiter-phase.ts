// The phase of the arbiter's life: a state moved by one pure function, and its holder, which the parts of the arbiter share.

import { type IllegalMoveLog, illegalMove } from '../log/illegal-move.ts';

export type Phase =
  | { readonly kind: 'running' }
  /** Gateways and workers finish and leave. New connections wait in the backlogs of the sockets. */
  | { readonly kind: 'paused' }
  /** Asked to stop; still serving for shutdown_delay, so that load balancers notice. */
  | { readonly kind: 'leaving'; readonly untilMs: number }
  | Stopping;

export interface Stopping {
  readonly kind: 'stopping';
  readonly manner: 'graceful' | 'quick';
  /** Start of graceful_timeout. */
  readonly sinceMs: number;
  readonly exitCode: number;
}

export type PhaseEvent =
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  | { readonly type: 'leave'; readonly delayMs: number }
  | { readonly type: 'stop'; readonly manner: Stopping['manner']; readonly exitCode: number }
  /** on_exit is called now; graceful_timeout starts again for it. */
  | { readonly type: 'last-hook' }
  /** Something failed during the stop: changes its exit status. */
  | { readonly type: 'fail'; readonly exitCode: number };

/**
 * The phase after `event`. Returns the same phase if a signal or hook requests something that is already so or that this phase rules out, and null if
 * the event cannot happen in this phase.
 */
export function movePhase(phase: Phase, event: PhaseEvent, nowMs: number): Phase | null {
  switch (event.type) {
    case 'pause':
      return phase.kind === 'running' ? { kind: 'paused' } : phase;
    case 'resume':
      return phase.kind === 'paused' ? { kind: 'running' } : phase;
    case 'leave':
      return phase.kind === 'running' ? { kind: 'leaving', untilMs: nowMs + event.delayMs } : null;
    case 'stop':
      if (phase.kind !== 'stopping') {
        return { kind: 'stopping', manner: event.manner, sinceMs: nowMs, exitCode: event.exitCode };
      }
      return phase.manner === 'graceful' && event.manner === 'quick' ? { ...phase, manner: 'quick' } : phase;
    case 'last-hook':
      return phase.kind === 'stopping' ? { ...phase, sinceMs: nowMs } : null;
    case 'fail':
      return phase.kind === 'stopping' ? { ...phase, exitCode: event.exitCode } : null;
  }
}

export class ArbiterPhase {
  readonly #log: IllegalMoveLog;
  #current: Phase = { kind: 'running' };

  constructor(log: IllegalMoveLog) {
    this.#log = log;
  }

  get current(): Phase {
    return this.#current;
  }

  get kind(): Phase['kind'] {
    return this.#current.kind;
  }

  /** Returns whether the event has changed the phase. */
  move(event: PhaseEvent, nowMs: number): boolean {
    const before = this.#current;
    const next = movePhase(before, event, nowMs);
    if (next === null) illegalMove(this.#log, `arbiter: '${event.type}' in phase '${before.kind}'`);
    else this.#current = next;
    return next !== null && next !== before;
  }
}
