// The end of the arbiter, step by step: gateways drain, ticket pipes end, workers and forkservers go, on_exit is called. What has not
// gone by graceful_timeout is killed.

import type { ErrorLog } from '../log/error-log.ts';
import type { HookFailure } from '../messages/about-hooks.ts';
import { EXIT_ERROR, EXIT_OK } from '../messages/exit-status.ts';
import type { ArbiterPhase, Stopping } from './arbiter-phase.ts';
import { holdLastHook, lastHookStep } from './forkserver/on-exit-hook.ts';
import type { Gateways } from './gateways/gateways.ts';
import type { DrainNotice } from './generations/drain-notice.ts';
import type { Generation } from './generations/generation.ts';
import type { Generations } from './generations/generations.ts';
import type { ArbiterPidFile } from './process/pid-file.ts';
import type { Upgrade } from './process/upgrade.ts';
import type { Reloader } from './reloader/reloader.ts';
import type { SettingsInForce } from './settings-in-force.ts';
import type { Listeners } from './sockets/listeners.ts';

const LAST_WORDS_MS = 1000;
const STOP_FORK_DELAY_MS = 500;

export interface ShutdownParts {
  readonly log: ErrorLog;
  readonly phase: ArbiterPhase;
  readonly gateways: Gateways;
  readonly generations: Generations;
  readonly inForce: SettingsInForce;
  readonly listeners: Listeners;
  readonly pidFile: ArbiterPidFile;
  readonly reloader: Reloader;
  readonly drainNotice: DrainNotice;
  readonly upgrade: Upgrade;
  /** The listening sockets are closed here; belongs into the arbiter's queue, and comes back as a call of `unbound`. */
  unbound(): void;
  /** Nothing is left of the server. */
  ended(exitCode: number): void;
}

export class Shutdown {
  readonly #parts: ShutdownParts;
  #goodbye: 'to-say' | 'said' = 'to-say';

  constructor(parts: ShutdownParts) {
    this.#parts = parts;
  }

  /** SIGTERM. A second one means now. */
  terminate(nowMs: number): void {
    const { phase, inForce, generations } = this.#parts;
    const delaysStop = inForce.settings.shutdown_delay > 0 && generations.serving !== null;
    if (phase.kind === 'running' && delaysStop) return this.#leave(nowMs);
    // What waits in the gateways before anything serves, nobody ever will.
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
    log.log('info', `Serving for ${delay} s more before the drain (shutdown_delay)`);
    phase.move({ type: 'leave', delayMs: delay * 1000 }, nowMs);
    gateways.broadcast({ type: 'announce-close' });
  }

  stop(manner: Stopping['manner'], exitCode: number, nowMs: number): void {
    const { log, phase, gateways, generations, listeners, reloader, upgrade } = this.#parts;
    upgrade.lookForPromotion();
    const wasStopping = phase.kind === 'stopping';
    if (!phase.move({ type: 'stop', manner, exitCode }, nowMs)) return;
    if (wasStopping) log.log('info', 'Quick shutdown requested');
    if (phase.current.kind === 'stopping') holdLastHook(generations.host, phase.current.exitCode);
    reloader.close();
    generations.handlers.end();
    generations.stopNext(nowMs);
    // Workers that the same TERM has ended are needed again only if there is work left.
    for (const generation of generations.all()) generation.forkNothingBefore(nowMs + STOP_FORK_DELAY_MS);
    if (manner === 'graceful') this.#parts.drainNotice.allDrain(generations.serving, gateways);
    gateways.broadcast({ type: 'drain', manner, listeners: manner === 'graceful' ? 'kept' : 'closed' });
    const sharing = upgrade.state.kind === 'alone' ? 'alone' : 'shared';
    // After the gateways have been sent the drain: to start a process takes a while, in which they would promise to keep connections.
    if (manner === 'graceful') {
      for (const generation of generations.all()) generation.announceEnd();
      // The gateways close theirs when nothing can be lost by it.
      void listeners.sealAndClose(sharing).then(() => this.#parts.unbound());
    } else listeners.close(sharing);
    if (manner === 'quick') {
      for (const generation of generations.all()) generation.workers.signalAll('SIGQUIT');
      generations.drainAll(nowMs);
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

  lastHookDone(generation: Generation, failure: HookFailure | null, nowMs: number): void {
    const { log, phase } = this.#parts;
    if (failure !== null) {
      log.log('error', `Error in the hook ${failure.message}\n${failure.traceback.trimEnd()}`);
      phase.move({ type: 'fail', exitCode: failure.code ?? EXIT_ERROR }, nowMs);
    }
    generation.lastHookDone();
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
    const { gateways, generations } = this.#parts;
    // The gateways tell the clients that still wait, and need a moment for it.
    const isLate = overtimeMs > LAST_WORDS_MS;
    if (isLate) gateways.kill();
    if (overtimeMs <= 0) return;
    gateways.broadcast({ type: 'drain', manner: 'quick', listeners: 'closed' });
    generations.drainAll(nowMs);
    for (const generation of generations.all()) {
      generation.killAll(nowMs);
      // Whatever still holds up a forkserver without workers, it is not a worker any more. One that has not reported their ends
      // by now does not answer at all.
      const isIdle = generation.workers.size === 0 && generation.lastHook !== 'to-come';
      const isMute = generation.workers.size > 0 && isLate;
      if ((isIdle || isMute) && generation.forkserverState === 'alive') generation.forkserver.kill();
    }
  }

  /** Once the gateways are done, the ticket pipes end; once the workers and forkservers are gone too, so is the arbiter. */
  endIfDone(nowMs: number): void {
    const { phase, gateways, generations, ended } = this.#parts;
    if (phase.kind !== 'stopping' || gateways.size > 0) return;
    generations.drainAll(nowMs);
    if (this.#awaitsLastHook(nowMs) || generations.size > 0) return;
    this.#sayGoodbye();
    if (phase.current.kind === 'stopping') ended(phase.current.exitCode);
  }

  /** Whether there is something to wait for. */
  #awaitsLastHook(nowMs: number): boolean {
    const { phase, generations } = this.#parts;
    const { host, size } = generations;
    const step = lastHookStep(host, size);
    if (step !== 'call' || host === null) return step === 'wait';
    host.lastHook = 'under-way';
    phase.move({ type: 'last-hook' }, nowMs);
    this.#sayGoodbye();
    host.forkserver.send({ type: 'hook', hook: 'on_exit' });
    return true;
  }

  #sayGoodbye(): void {
    if (this.#goodbye === 'said') return;
    this.#goodbye = 'said';
    this.#parts.pidFile.remove();
    this.#parts.log.log('info', 'Shutting down: Arbiter');
  }
}
