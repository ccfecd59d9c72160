// Distinguishes a signal sent to both arbiter and forkserver (Ctrl-C, systemd's KillMode=control-group) from one that an application sent
// to its parent process only. Pure.

import type { Phase } from '../arbiter-phase.ts';
import type { HandledSignal } from '../signals.ts';

/** Members of a process group get a signal at the same moment and report it in any order. */
const SAME_MS = 1000;
/** A second one of these stops the server immediately: only a signal to the arbiter itself may do that. */
const ENDING: ReadonlySet<HandledSignal> = new Set(['SIGTERM', 'SIGINT', 'SIGQUIT']);

export class SignalEchoes {
  readonly #own: Map<HandledSignal, number> = new Map();
  readonly #passed: Map<HandledSignal, number> = new Map();

  /** Whether to act on a signal that reached the arbiter. */
  own(signal: HandledSignal, nowMs: number): boolean {
    this.#own.set(signal, nowMs);
    const passedMs = this.#passed.get(signal);
    this.#passed.delete(signal);
    return passedMs === undefined || nowMs - passedMs > SAME_MS;
  }

  /** Whether to act on a signal that reached a forkserver at `atMs`. */
  passed(signal: HandledSignal, atMs: number, phase: Phase['kind'], nowMs: number): boolean {
    if (phase === 'stopping' && ENDING.has(signal)) return false;
    const before = [this.#own.get(signal), this.#passed.get(signal)];
    if (before.some((ms) => ms !== undefined && ms >= atMs - SAME_MS)) return false;
    this.#passed.set(signal, nowMs);
    return true;
  }
}
