// SIGWINCH of a daemon: gateways and workers finish their work and leave, the arbiter stays. TTIN and HUP undo it. Meanwhile new
// connections wait in the backlogs of the listening sockets, or another arbiter with the same sockets serves them.

import { ARBITER_MESSAGES } from '../log/catalog/arbiter.ts';
import type { ErrorLog } from '../log/error-log.ts';
import type { ArbiterPhase } from './arbiter-phase.ts';
import type { Gateways } from './gateways/gateways.ts';
import type { DrainNotice } from './generations/drain-notice.ts';
import type { Generations } from './generations/generations.ts';
import type { Succession } from './generations/succession.ts';

/** Beyond graceful_timeout, for the last responses of the gateways. */
const LATE_MS = 1000;

export interface PauseParts {
  readonly log: ErrorLog;
  readonly phase: ArbiterPhase;
  readonly gateways: Gateways;
  readonly generations: Generations;
  readonly succession: Succession;
  readonly drainNotice: DrainNotice;
  /** The number of gateways while the arbiter is not paused. */
  readonly gatewayCount: number;
}

export class Pause {
  readonly #parts: PauseParts;
  #sinceMs = 0;

  constructor(parts: PauseParts) {
    this.#parts = parts;
  }

  begin(nowMs: number): void {
    const { log, phase, gateways, generations, drainNotice } = this.#parts;
    if (generations.serving === null || !phase.move({ type: 'pause' }, nowMs)) return;
    log.say(ARBITER_MESSAGES.pausing);
    // Gateways that still accepted would take connections from a new arbiter that has workers. The workers leave after them.
    drainNotice.allDrain(generations.serving, gateways);
    gateways.dismiss();
    this.#sinceMs = nowMs;
  }

  tick(nowMs: number): void {
    const { phase, gateways, generations } = this.#parts;
    const graceMs = (generations.serving?.gracefulTimeout ?? 0) * 1000;
    if (phase.kind === 'paused' && nowMs - this.#sinceMs > graceMs + LATE_MS) gateways.kill();
  }

  /** Resumes with this many workers. Does nothing if the arbiter is not paused. */
  end(workers: number, nowMs: number): void {
    const { phase, gateways, generations, succession, gatewayCount } = this.#parts;
    const { serving } = generations;
    if (serving === null || !phase.move({ type: 'resume' }, nowMs)) return;
    gateways.complete(gatewayCount);
    serving.resizeTo(workers, nowMs);
    // A forkserver that died during the pause has not been replaced yet.
    if (!serving.forkserver.isAlive) succession.reload(nowMs);
  }

  /** Stops the workers once the last gateway has finished. */
  dismissWorkers(nowMs: number): void {
    const { phase, gateways, generations } = this.#parts;
    if (phase.kind === 'paused' && gateways.size === 0) generations.serving?.resizeTo(0, nowMs);
  }
}
