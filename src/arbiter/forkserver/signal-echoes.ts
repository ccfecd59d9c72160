// Tells a signal that reached the arbiter and a forkserver alike, as Ctrl-C and systemd's KillMode=control-group send them, from one
// that an application sent to its parent process alone. Pure.

import type { Phase } from '../arbiter-phase.ts';
import type { HandledSignal } from '../signals.ts';

/** Members of a process group get a signal at the same moment, and say so in any order. */
const SAME_MS = 1000;
/** A second one of these means now: only a signal to the arbiter itself can mean that. */
const ENDING: ReadonlySet<HandledSignal> = new Set(['SIGTERM', 'SIGINT', 'SIGQUIT']);

export class SignalEchoes {
  readonly #own: Map<HandledSignal, number> = new Map();
  readonly #passed: Map<HandledSignal, number> = new Map();

  /** Whether one that has reached the arbiter is to be acted on. */
  own(signal: HandledSignal, nowMs: number): boolean {
    this.#own.set(signal, nowMs);
    const passedMs = this.#passed.get(signal);
    this.#passed.delete(signal);
    return passedMs === undefined || nowMs - passedMs > SAME_MS;
  }

  /** Whether one is to be acted on that has reached a forkserver at `atMs`. */
  passed(signal: HandledSignal, atMs: number, phase: Phase['kind'], nowMs: number): boolean {
    if (phase === 'stopping' && ENDING.has(signal)) return false;
    const before = [this.#own.get(signal), this.#passed.get(signal)];
    if (before.some((ms) => ms !== undefined && ms >= atMs - SAME_MS)) return false;
    this.#passed.set(signal, nowMs);
    return true;
  }
}
