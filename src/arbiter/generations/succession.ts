// How one generation succeeds another: the next one boots beside the serving one and takes over when it is ready; if it fails,
// the serving one continues.

import { ARBITER_MESSAGES } from '../../log/catalog/arbiter.ts';
import { GENERATION_MESSAGES } from '../../log/catalog/generations.ts';
import type { HookFailure } from '../../messages/about-hooks.ts';
import { EXIT_WORKER_BOOT } from '../../messages/exit-status.ts';
import { lifelinePath } from '../../runqueue/runtime-files.ts';
import type { ResolvedSettings } from '../../settings/for-processes/resolved-settings.ts';
import type { ArbiterPhase } from '../arbiter-phase.ts';
import type { Reloader } from '../reloader/reloader.ts';
import type { Lifeline } from '../workers/lifeline.ts';
import type { WorkerEnds } from '../workers/worker-ends.ts';
import type { ProcessEnd } from '../workers/worker-life.ts';
import type { Worker } from '../workers/worker-roster.ts';
import { failureOfWorker } from './boot-failure.ts';
import type { Generation, GenerationEvent } from './generation.ts';
import { GenerationBoot } from './generation-boot.ts';
import { breakOff, drain, giveUp } from './generation-end.ts';
import { GenerationLaunch, type LaunchOptions } from './generation-launch.ts';
import { afterMessage, type GenerationMessage } from './generation-messages.ts';
import { GenerationRetry } from './generation-retry.ts';
import type { Generations } from './generations.ts';
import type { ReloadHistory } from './reload-history.ts';
import { serveMessage } from './serve-message.ts';

export type SuccessionEvent =
  | GenerationEvent
  /** The first generation cannot serve, and there is no other to fall back on. */
  | { readonly type: 'first-failed'; readonly exitCode: number };

export interface SuccessionOptions extends Omit<LaunchOptions, 'post' | 'workerGone'> {
  readonly generations: Generations;
  readonly lifeline: Lifeline;
  readonly reloader: Reloader;
  readonly reloads: ReloadHistory;
  readonly workerEnds: WorkerEnds;
  readonly phase: ArbiterPhase;
  readonly post: (event: SuccessionEvent) => void;
}

export class Succession {
  readonly #options: SuccessionOptions;
  readonly #generations: Generations;
  readonly #launch: GenerationLaunch;
  readonly #boot: GenerationBoot;
  readonly #retry: GenerationRetry = new GenerationRetry();
  /** Why the last reload failed. */
  #failure: string | null = null;

  constructor(options: SuccessionOptions) {
    const { start, reloader, generations } = options;
    this.#options = options;
    this.#generations = generations;
    this.#launch = new GenerationLaunch({ ...options, workerGone: this.#workerGone });
    this.#boot = new GenerationBoot({ start, reloader, generations, succession: this });
  }

  get failure(): string | null {
    return this.#failure;
  }

  // A new generation

  /** Its forkserver has already evaluated the configuration file and called the first hooks. */
  startFirst(resolved: ResolvedSettings, hooks: ReadonlySet<string>): void {
    // It started with the command.
    this.#boot.first(this.#enter(this.#launch.first(), performance.timeOrigin), resolved, hooks);
  }

  /** Starts a generation with new settings and new code. One that is still booting is abandoned: it may have read older files. */
  reload(nowMs: number): void {
    const { next } = this.#generations;
    if (next !== null) {
      this.#options.start.log.say(GENERATION_MESSAGES.superseded, { generation: next.number });
      this.#takeGatewaysBack(next);
      this.#options.reloads.ended(next.number, 'superseded', null, Date.now());
      breakOff(next, 'superseded', nowMs);
      this.#forgetIfGone(next);
    }
    this.#retry.cancel();
    const begun = this.#enter(this.#launch.next(), Date.now());
    this.#options.reloads.begins(begun.number, Date.now());
  }

  #enter(generation: Generation, bornMs: number): Generation {
    this.#generations.add(generation);
    this.#options.reloader.generationStarts(generation.number, bornMs);
    return generation;
  }

  /** The next generation's forkserver has made the pipe, and the lifeline if that was missing. */
  booted(nowMs: number): void {
    const { lifeline, start } = this.#options;
    lifeline.hold(lifelinePath(start.directories.runtimeDir));
    this.bootNext(nowMs);
  }

  /** The gateways are up: a generation that waited for them can fork its workers. */
  bootNext(nowMs: number): void {
    const { next, serving } = this.#generations;
    if (next?.state.kind !== 'prepared' || !this.#options.gateways.areAllUp) return;
    if (serving !== null) next.pool.follow(serving.pool);
    next.begin(nowMs);
  }

  /** All gateways write to the next generation's pipe now: it serves, and the previous one drains. */
  switched(generation: Generation, nowMs: number): void {
    const { start, reloader } = this.#options;
    const old = this.#generations.serving;
    if (old !== null) drain(old, 'successor', nowMs);
    generation.move({ kind: 'serving' });
    this.#retry.succeeded();
    this.#failure = null;
    this.#options.reloads.ended(generation.number, 'succeeded', null, Date.now());
    start.log.say(GENERATION_MESSAGES.serving, { generation: generation.number });
    reloader.serves(generation.number);
    generation.manage(nowMs);
  }

  // Reports of forkservers

  heard(generation: Generation, message: GenerationMessage, nowMs: number): void {
    const { start, gateways, reloader } = this.#options;
    const parts = {
      log: start.log,
      gateways,
      reloader,
      reloads: this.#options.reloads,
      generations: this.#generations,
      boot: this.#boot,
      succession: this,
    };
    afterMessage(generation, message, parts, nowMs);
  }

  /** Whether its boot waits for the hook that the forkserver has called. */
  awaitsHook({ state }: Generation): boolean {
    return state.kind === 'counting' || state.kind === 'announcing';
  }

  hookDone(generation: Generation, failure: HookFailure | null, nowMs: number): void {
    this.#boot.hookDone(generation, failure, nowMs);
  }

  readonly #workerGone = (generation: Generation, worker: Worker, end: ProcessEnd, nowMs: number): void => {
    const { kind } = generation.state;
    const { phase, workerEnds } = this.#options;
    const isWanted = kind === 'serving' && (phase.kind === 'running' || phase.kind === 'leaving');
    workerEnds.ended(worker.process?.pid ?? 0, worker.state, end, isWanted, Date.now());
    if (kind !== 'booting' && kind !== 'rebinding' && kind !== 'switching') return;
    const reason = failureOfWorker(worker.state, end, this.#generations.serving === null);
    if (reason !== null) this.giveUp(generation, EXIT_WORKER_BOOT, reason, nowMs);
  };

  /** `isMissed`: a serving generation needs a forkserver in this phase. */
  forkserverGone(generation: Generation, how: string, isMissed: boolean, nowMs: number): void {
    const { next, serving, otherWorkers, handlers } = this.#generations;
    generation.forkserverDied();
    otherWorkers.forget(generation);
    handlers.forget(generation);
    if (next?.state.kind === 'inheriting' && generation === serving) this.#boot.carryState(next, '');
    if (generation === next) return this.giveUp(generation, EXIT_WORKER_BOOT, `Its forkserver ${how}.`, nowMs);
    if (generation === serving && isMissed) {
      const { log } = this.#options.start;
      log.say(GENERATION_MESSAGES.forkserverGone, { generation: generation.number, how });
      if (next === null) this.reload(nowMs);
    }
    this.#forgetIfGone(generation);
  }

  // Time

  tick(nowMs: number): void {
    this.#boot.tick(this.#generations.next, nowMs);
    for (const generation of this.#generations.all()) {
      generation.tick(nowMs);
      this.#forgetIfGone(generation);
    }
    if (this.#retry.isDue(nowMs) && this.#generations.next === null) this.reload(nowMs);
  }

  // Ends

  /** Ends a generation that cannot serve. For the first one that is the end of the arbiter; after a later one the serving one continues. */
  giveUp(generation: Generation, exitCode: number, reason: string, nowMs: number): void {
    const { next, serving } = this.#generations;
    const { start, post } = this.#options;
    if (generation !== next) return;
    this.#failure = reason;
    this.#options.reloads.ended(generation.number, 'failed', reason, Date.now());
    if (serving === null) {
      start.log.say(ARBITER_MESSAGES.reason, { reason });
      // Its forkserver may still have to call on_exit.
      this.#generations.holdForOnExit(exitCode);
      giveUp(generation, reason, nowMs);
      this.#forgetIfGone(generation);
      return post({ type: 'first-failed', exitCode });
    }
    const clause = reason.replace(/\.$/, '');
    const values = { generation: generation.number, reason: clause, serving: serving.number };
    start.log.say(GENERATION_MESSAGES.gaveUp, values);
    this.#takeGatewaysBack(generation);
    giveUp(generation, reason, nowMs);
    this.#forgetIfGone(generation);
    if (!serving.forkserver.isAlive) this.#retry.putOff(nowMs);
  }

  /** The arbiter is stopping: a generation that does not serve yet never will. */
  stopNext(nowMs: number): void {
    const { next } = this.#generations;
    this.#retry.cancel();
    if (next === null) return;
    this.#takeGatewaysBack(next);
    breakOff(next, 'the arbiter stops', nowMs);
    this.#forgetIfGone(next);
  }

  /** In the middle of a switch, some gateways write for the next generation already. Its tickets come back to them when it is gone. */
  #takeGatewaysBack({ state }: Generation): void {
    const { serving } = this.#generations;
    if (state.kind === 'switching' && serving !== null) this.#options.gateways.broadcast(serveMessage(serving));
  }

  /** Every generation finishes its tickets and forks no more workers. */
  drainAll(nowMs: number): void {
    this.#retry.cancel();
    for (const generation of this.#generations.all()) {
      drain(generation, 'stop', nowMs);
      this.#forgetIfGone(generation);
    }
  }

  #forgetIfGone(generation: Generation): void {
    const { state, forkserver, workers } = generation;
    const isRunning = forkserver.isAlive || workers.size > 0;
    if ((state.kind === 'draining' || state.kind === 'given-up') && !isRunning) this.forget(generation);
  }

  /** Removes a generation whose processes are gone or no longer matter. */
  forget(generation: Generation): void {
    generation.move({ kind: 'gone' });
    generation.tickets.release();
    this.#generations.remove(generation);
    this.#options.gateways.broadcast({ type: 'generation-gone', generation: generation.number });
  }
}
