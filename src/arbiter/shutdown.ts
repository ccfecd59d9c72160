// The end of the arbiter, step by step: gateways drain, ticket pipes are closed, workers and forkservers leave, on_exit is called.
// Processes that are still there after graceful_timeout are killed.

import { ARBITER_MESSAGES } from '../log/catalog/arbiter.ts';
import type { ErrorLog } from '../log/error-log.ts';
import type { HookFailure } from '../messages/about-hooks.ts';
import { EXIT_ERROR, EXIT_OK } from '../messages/exit-status.ts';
import type { ArbiterPhase, Stopping } from './arbiter-phase.ts';
import { onExitStep } from './forkserver/on-exit-hook.ts';
import type { Gateways } from './gateways/gateways.ts';
import type { DrainNotice } from './generations/drain-notice.ts';
import type { Generation } from './generations/generation.ts';
import type { Generations } from './generations/generations.ts';
import type { Succession } from './generations/succession.ts';
import type { ArbiterPidFile } from './process/pid-file.ts';
import type { Upgrade } from './process/upgrade.ts';
import type { OtherArbiter } from './process/upgrade-state.ts';
import type { Reloader } from './reloader/reloader.ts';
import type { SettingsInForce } from './settings-in-force.ts';
import type { Listeners } from './sockets/listeners.ts';

const LAST_WORDS_MS = 1000;
const STOP_FORK_DELAY_MS = 500;

/** The arbiter has closed its listening sockets. */
export interface ShutdownEvent {
  readonly type: 'unbound';
}

export interface ShutdownParts {
  readonly log: ErrorLog;
  readonly phase: ArbiterPhase;
  readonly gateways: Gateways;
  readonly generations: Generations;
  readonly succession: Succession;
  readonly inForce: SettingsInForce;
  readonly listeners: Listeners;
  readonly pidFile: ArbiterPidFile;
  readonly reloader: Reloader;
  readonly drainNotice: DrainNotice;
  readonly upgrade: Upgrade;
  readonly otherArbiter: OtherArbiter;
  readonly post: (event: ShutdownEvent) => void;
  /** All other processes of the server are gone. */
  readonly ended: (exitCode: number) => void;
}

export class Shutdown {
  readonly #parts: ShutdownParts;
  #hasSaidGoodbye = false;

  constructor(parts: ShutdownParts) {
    this.#parts = parts;
  }

  /** SIGTERM. A second one stops the server immediately. */
  terminate(nowMs: number): void {
    const { phase, inForce, generations } = this.#parts;
    const delaysStop = inForce.settings.shutdown_delay > 0 && generations.serving !== null;
    if (phase.kind === 'running' && delaysStop) return this.#leave(nowMs);
    // Before the first generation serves, there is nothing to finish: waiting requests will never be served.
    const isGraceful = (phase.kind === 'running' || phase.kind === 'paused') && generations.serving !== null;
    this.stop(isGraceful ? 'graceful' : 'quick', EXIT_OK, nowMs);
  }

  /** SIGINT, SIGQUIT. */
  interrupt(nowMs: number): void {
    this.stop('quick', EXIT_OK, nowMs);
  }

  #leave(nowMs: number): void {
    const { log, phase, gateways, inForce } = this.#parts;
    const { shutdown_delay: delay } = inForce.settings;
    log.say(ARBITER_MESSAGES.shutdownDelayed, { seconds: delay });
    phase.move({ type: 'leave', delayMs: delay * 1000 }, nowMs);
    gateways.broadcast({ type: 'announce-close' });
  }

  stop(manner: Stopping['manner'], exitCode: number, nowMs: number): void {
    const { log, phase, gateways, generations, succession, listeners, reloader, upgrade, otherArbiter } = this.#parts;
    upgrade.lookForPromotion();
    const wasStopping = phase.kind === 'stopping';
    if (!phase.move({ type: 'stop', manner, exitCode }, nowMs)) return;
    if (wasStopping) log.say(ARBITER_MESSAGES.quickShutdown);
    if (phase.current.kind === 'stopping') generations.holdForOnExit(phase.current.exitCode);
    reloader.close();
    generations.handlers.end();
    succession.stopNext(nowMs);
    // Workers ended by the same TERM are replaced only if work is left after a moment.
    for (const generation of generations.all()) generation.pool.forkNothingBefore(nowMs + STOP_FORK_DELAY_MS);
    if (manner === 'graceful') this.#parts.drainNotice.allDrain(generations.serving, gateways);
    gateways.broadcast({ type: 'drain', manner, listeners: manner === 'graceful' ? 'kept' : 'closed' });
    const { sharing } = otherArbiter;
    // Only after the gateways got the drain: starting a process takes a while, during which they would still offer keep-alive.
    if (manner === 'graceful') {
      for (const generation of generations.all()) generation.workers.announceEnd();
      // The gateways close their copies later, when no connection can be lost.
      void listeners.sealAndClose(sharing).then(() => this.#parts.post({ type: 'unbound' }));
    } else listeners.close(sharing);
    if (manner === 'quick') {
      for (const generation of generations.all()) generation.workers.signalAll('SIGQUIT');
      succession.drainAll(nowMs);
    }
    this.endIfDone(nowMs);
  }

  /** No new connection can arrive on the listening sockets any more. */
  unbound(): void {
    const { gateways, listeners } = this.#parts;
    for (const id of listeners.closedIds()) gateways.broadcast({ type: 'unlisten', id });
  }

  /** A hook of the serving generation has raised. A stop that has begun continues in its manner. */
  failed(exitCode: number, nowMs: number): void {
    const { phase } = this.#parts;
    if (phase.kind === 'stopping') phase.move({ type: 'fail', exitCode }, nowMs);
    else this.stop('quick', exitCode, nowMs);
  }

  onExitCalled(generation: Generation, failure: HookFailure | null, nowMs: number): void {
    const { log, phase } = this.#parts;
    if (failure !== null) {
      const values = { failure: failure.message, traceback: failure.traceback.trimEnd() };
      log.say(ARBITER_MESSAGES.hookFailed, values);
      phase.move({ type: 'fail', exitCode: failure.code ?? EXIT_ERROR }, nowMs);
    }
    generation.forkserver.onExitCalled();
    this.endIfDone(nowMs);
  }

  tick(nowMs: number): void {
    const { current } = this.#parts.phase;
    if (current.kind === 'leaving' && nowMs >= current.untilMs) return this.stop('graceful', EXIT_OK, nowMs);
    if (current.kind !== 'stopping') return;
    this.#press(nowMs - current.sinceMs - this.#parts.inForce.settings.graceful_timeout * 1000, nowMs);
    this.endIfDone(nowMs);
  }

  #press(overtimeMs: number, nowMs: number): void {
    const { gateways, generations, succession } = this.#parts;
    // The gateways need a moment to answer the clients that still wait.
    const isLate = overtimeMs > LAST_WORDS_MS;
    if (isLate) gateways.kill();
    if (overtimeMs <= 0) return;
    gateways.broadcast({ type: 'drain', manner: 'quick', listeners: 'closed' });
    succession.drainAll(nowMs);
    for (const generation of generations.all()) {
      const { workers, forkserver } = generation;
      workers.killAll(nowMs);
      // A forkserver without workers is no longer waiting for a worker. One that has not reported their ends by now
      // does not answer at all.
      const isIdle = workers.size === 0 && forkserver.onExit !== 'to-come';
      const isMute = workers.size > 0 && isLate;
      if (isIdle || isMute) forkserver.kill();
    }
  }

  /** Closes the ticket pipes once the gateways are gone, and ends the arbiter once the workers and forkservers are gone, too. */
  endIfDone(nowMs: number): void {
    const { phase, gateways, generations, succession, ended } = this.#parts;
    if (phase.kind !== 'stopping' || gateways.size > 0) return;
    succession.drainAll(nowMs);
    if (this.#awaitsOnExit(nowMs) || generations.size > 0) return;
    this.#sayGoodbye();
    if (phase.current.kind === 'stopping') ended(phase.current.exitCode);
  }

  /** Calls on_exit when it is due. Returns whether to wait for it. */
  #awaitsOnExit(nowMs: number): boolean {
    const { phase, generations } = this.#parts;
    const { host, size } = generations;
    if (host === null) return false;
    const step = onExitStep(host.forkserver, { workers: host.workers.size, generations: size });
    if (step !== 'call') return step === 'wait';
    phase.move({ type: 'last-hook' }, nowMs);
    this.#sayGoodbye();
    host.forkserver.callOnExit();
    return true;
  }

  #sayGoodbye(): void {
    if (this.#hasSaidGoodbye) return;
    this.#hasSaidGoodbye = true;
    this.#parts.pidFile.remove();
    this.#parts.log.say(ARBITER_MESSAGES.shuttingDown);
  }
}
