// The end of the arbiter, step by step: gateways drain, ticket pipes end, workers and forkservers go, on_exit is called. What has not
// gone by graceful_timeout is killed.

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

/** The listening sockets are closed here. */
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
  /** Nothing is left of the server. */
  readonly ended: (exitCode: number) => void;
}

export class Shutdown {
  readonly #parts: ShutdownParts;
  #hasSaidGoodbye = false;

  constructor(parts: ShutdownParts) {
    this.#parts = parts;
  }

  /** SIGTERM. A second one means now. */
  terminate(nowMs: number): void {
    const { phase, inForce, generations } = this.#parts;
    const delaysStop = inForce.settings.shutdown_delay > 0 && generations.serving !== null;
    if (phase.kind === 'running' && delaysStop) return this.#leave(nowMs);
    // Before a generation serves, none ever will what waits in the gateways.
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
    // Workers that the same TERM has ended are needed again only if there is work left.
    for (const generation of generations.all()) generation.pool.forkNothingBefore(nowMs + STOP_FORK_DELAY_MS);
    if (manner === 'graceful') this.#parts.drainNotice.allDrain(generations.serving, gateways);
    gateways.broadcast({ type: 'drain', manner, listeners: manner === 'graceful' ? 'kept' : 'closed' });
    const { sharing } = otherArbiter;
    // After the gateways have been sent the drain: to start a process takes a while, in which they would promise to keep connections.
    if (manner === 'graceful') {
      for (const generation of generations.all()) generation.workers.announceEnd();
      // The gateways close theirs when nothing can be lost by it.
      void listeners.sealAndClose(sharing).then(() => this.#parts.post({ type: 'unbound' }));
    } else listeners.close(sharing);
    if (manner === 'quick') {
      for (const generation of generations.all()) generation.workers.signalAll('SIGQUIT');
      succession.drainAll(nowMs);
    }
    this.endIfDone(nowMs);
  }

  /** No connection can come on the listening sockets any more. */
  unbound(): void {
    const { gateways, listeners } = this.#parts;
    for (const id of listeners.closedIds()) gateways.broadcast({ type: 'unlisten', id });
  }

  /** A hook that belongs to the serving generation has raised. A stop that is under way goes on as it was asked for. */
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
    // The gateways answer the clients that still wait, and need a moment for it.
    const isLate = overtimeMs > LAST_WORDS_MS;
    if (isLate) gateways.kill();
    if (overtimeMs <= 0) return;
    gateways.broadcast({ type: 'drain', manner: 'quick', listeners: 'closed' });
    succession.drainAll(nowMs);
    for (const generation of generations.all()) {
      const { workers, forkserver } = generation;
      workers.killAll(nowMs);
      // Whatever still holds up a forkserver without workers, it is not a worker any more. One that has not reported their ends
      // by now does not answer at all.
      const isIdle = workers.size === 0 && forkserver.onExit !== 'to-come';
      const isMute = workers.size > 0 && isLate;
      if (isIdle || isMute) forkserver.kill();
    }
  }

  /** Once the gateways are done, the ticket pipes end; once the workers and forkservers are gone too, so is the arbiter. */
  endIfDone(nowMs: number): void {
    const { phase, gateways, generations, succession, ended } = this.#parts;
    if (phase.kind !== 'stopping' || gateways.size > 0) return;
    succession.drainAll(nowMs);
    if (this.#awaitsOnExit(nowMs) || generations.size > 0) return;
    this.#sayGoodbye();
    if (phase.current.kind === 'stopping') ended(phase.current.exitCode);
  }

  /** Whether there is something to wait for. */
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
