// All generations of one arbiter: the one that serves, the one that is to serve next, and those that drain. The next one
// takes over only when it is ready; if it fails, everything stays as it was.

import type { ErrorLog } from '../../log/error-log.ts';
import type { HookFailure } from '../../messages/about-hooks.ts';
import type { FromForkserver } from '../../messages/between-arbiter-and-forkserver.ts';
import { EXIT_ERROR, EXIT_WORKER_BOOT } from '../../messages/exit-status.ts';
import type { ResolvedSettings } from '../../settings/for-processes/resolved-settings.ts';
import type { ArbiterStart } from '../arbiter-start.ts';
import { HookHandlers } from '../forkserver/hook-handlers.ts';
import { holdLastHook } from '../forkserver/on-exit-hook.ts';
import type { HookFacts } from '../forkserver/server-facts.ts';
import type { Gateways } from '../gateways/gateways.ts';
import type { Reloader } from '../reloader/reloader.ts';
import type { Lifeline } from '../workers/lifeline.ts';
import { OtherWorkers } from '../workers/other-workers.ts';
import type { ProcessEnd } from '../workers/worker-life.ts';
import type { Worker } from '../workers/worker-roster.ts';
import { failureOfWorker, reportedFailure } from './boot-failure.ts';
import type { Generation } from './generation.ts';
import { GenerationBoot } from './generation-boot.ts';
import { GenerationLaunch, type LaunchOwner } from './generation-launch.ts';
import { Revival } from './generation-retry.ts';

/** What the generations ask of the arbiter. */
export interface GenerationsOwner extends Omit<LaunchOwner, 'workerGone'> {
  readonly start: ArbiterStart;
  readonly gateways: Gateways;
  readonly lifeline: Lifeline;
  readonly reloader: Reloader;
  /** Have everything point to this generation; `switched` is called when that is done. */
  switchTo(generation: Generation, resolved: ResolvedSettings): void;
  /** The first generation cannot serve: there is nothing to fall back on. */
  firstFailed(exitCode: number): void;
  /** Hooks see them as `server.LISTENERS`, `server.pidfile` and the like. */
  hookFacts(): HookFacts;
}

export class Generations {
  readonly handlers: HookHandlers = new HookHandlers();
  readonly #owner: GenerationsOwner;
  readonly #log: ErrorLog;
  readonly #launch: GenerationLaunch;
  readonly #boot: GenerationBoot;
  readonly #census: OtherWorkers = new OtherWorkers();
  readonly #revival: Revival = new Revival();
  readonly #all: Set<Generation> = new Set();
  readonly #settingsOf: Map<Generation, ResolvedSettings> = new Map();
  #serving: Generation | null = null;
  #next: Generation | null = null;
  /** The next generation is ready, and the gateways are being told. */
  #switching: Generation | null = null;
  /** Why the last reload failed. */
  #failure: string | null = null;

  constructor(owner: GenerationsOwner) {
    this.#owner = owner;
    this.#log = owner.start.log;
    this.#launch = new GenerationLaunch({
      ...owner,
      workerGone: (generation, worker, end, nowMs) => this.#workerGone(generation, worker, end, nowMs),
    });
    this.#boot = new GenerationBoot({
      start: owner.start,
      serving: () => this.#serving,
      facts: () => {
        const elsewhere = this.#census.outside(null, this.all());
        return { ...owner.hookFacts(), worker_age: this.#launch.lastAge, elsewhere };
      },
      resolved: (generation, resolved) => {
        this.#settingsOf.set(generation, resolved);
        owner.reloader.configure(generation.number, resolved.settings);
      },
      settingsOf: (generation) => this.#settingsOf.get(generation),
      booted: (generation, nowMs) => this.#booted(generation, nowMs),
      giveUp: (generation, exitCode, reason, nowMs) => this.giveUp(generation, exitCode, reason, nowMs),
    });
  }

  get serving(): Generation | null {
    return this.#serving;
  }

  get next(): Generation | null {
    return this.#next;
  }

  get switching(): Generation | null {
    return this.#switching;
  }

  get failure(): string | null {
    return this.#failure;
  }

  get size(): number {
    return this.#all.size;
  }

  all(): readonly Generation[] {
    return [...this.#all];
  }

  settingsOf(generation: Generation): ResolvedSettings | undefined {
    return this.#settingsOf.get(generation);
  }

  /** The generation whose forkserver runs the hooks of the arbiter's end. */
  get host(): Generation | null {
    return this.#serving ?? (this.#launch.lastNumber === 1 ? (this.all()[0] ?? null) : null);
  }

  /** What the arbiter knows has changed. */
  tellFacts(): void {
    for (const generation of this.#all) generation.tellFacts(this.#owner.hookFacts());
  }

  /** Signals a worker of whatever generation. */
  killWorker(pid: number, signal: number, nowMs: number): boolean {
    return this.all().some((generation) => generation.killWorker(pid, signal, nowMs));
  }

  /** A gateway has answered the client of an overdue ticket. */
  expired(ticket: number, what: string, nowMs: number): void {
    for (const generation of this.all()) generation.expired(ticket, what, nowMs);
  }

  // A new one

  /** Its forkserver has evaluated the configuration file, and called the first hooks, already. */
  startFirst(resolved: ResolvedSettings, hooks: ReadonlySet<string>): void {
    // It has been at work since the command was started.
    this.#boot.first(this.#enter(this.#launch.first(), performance.timeOrigin), resolved, hooks);
  }

  /** A new generation with new settings and new code. One that is under way is given up: it may be older than what is wanted now. */
  reload(nowMs: number): void {
    const underWay = this.#next;
    if (underWay !== null) {
      this.#log.log('info', `Generation ${underWay.number} is given up for a newer one`);
      this.#breakOffNext(underWay, 'superseded', nowMs);
    }
    this.#revival.cancel();
    this.#enter(this.#launch.next(), Date.now());
  }

  #enter(generation: Generation, bornMs: number): Generation {
    this.#all.add(generation);
    this.#next = generation;
    this.#owner.reloader.generationStarts(generation.number, bornMs);
    return generation;
  }

  #booted(generation: Generation, nowMs: number): void {
    if (generation.settings !== null) this.#owner.lifeline.hold(generation.settings.lifeline_path);
    this.bootNext(nowMs);
  }

  /** The gateways have come up: a generation that waited for them can fork its workers. */
  bootNext(nowMs: number): void {
    const generation = this.#next;
    if (generation?.state.kind !== 'prepared' || !this.#owner.gateways.areAllUp) return;
    generation.begin(nowMs);
    this.#switchIfReady(generation);
  }

  #switchIfReady(generation: Generation): void {
    if (generation !== this.#next || generation.state.kind !== 'booting' || this.#switching !== null) return;
    const resolved = this.#settingsOf.get(generation);
    // With nothing to fall back on, one worker serves sooner than all.
    const enough = this.#serving === null ? Math.min(1, generation.target) : generation.target;
    if (resolved === undefined || generation.workers.count('ready') < enough) return;
    this.#switching = generation;
    this.#owner.switchTo(generation, resolved);
  }

  /** The gateways write to the next generation's pipe now: it serves, and the one before drains. */
  switched(nowMs: number): void {
    const generation = this.#switching;
    if (generation === null) return;
    this.#switching = null;
    this.#next = null;
    const old = this.#serving;
    this.#serving = generation;
    generation.move({ kind: 'serving' });
    this.#revival.succeeded();
    this.#failure = null;
    this.#log.log('info', `Generation ${generation.number} is serving`);
    this.#owner.reloader.serves(generation.number);
    old?.drain(nowMs);
    generation.manage(nowMs);
  }

  /** The switch could not be made. */
  switchFailed(reason: string, nowMs: number): void {
    if (this.#switching !== null) this.giveUp(this.#switching, EXIT_ERROR, reason, nowMs);
  }

  // What forkservers say

  /** Whether the hook that its forkserver has called is a step of its boot. */
  awaitsHook({ state }: Generation): boolean {
    return state.kind === 'counting' || state.kind === 'announcing';
  }

  hookDone(generation: Generation, failure: HookFailure | null, nowMs: number): void {
    this.#boot.hookDone(generation, failure, nowMs);
  }

  heard(
    generation: Generation,
    message: Exclude<FromForkserver, { type: 'ask' | 'hook-done' | 'signalled' }>,
    nowMs: number,
  ): void {
    switch (message.type) {
      case 'configured':
        if (generation === this.#next) this.#boot.configured(generation, message, nowMs);
        return;
      case 'settled':
        return this.#boot.settled(generation, message.hooks);
      case 'state':
        if (this.#next?.state.kind === 'inheriting') this.#boot.carryState(this.#next, message.state);
        return;
      case 'prepared':
        return this.#boot.prepared(generation, message.capacity, nowMs);
      case 'failed':
      case 'boot-failed':
        if (message.type === 'failed' && message.traceback !== '') this.#log.log('error', message.traceback.trimEnd());
        return this.giveUp(generation, message.code, reportedFailure(message.code, message.message), nowMs);
      case 'loaded':
        return this.#owner.reloader.loaded(generation.number, message.files);
      case 'drained':
        return this.#owner.gateways.broadcast({ type: 'pipe-empty', generation: generation.number });
      case 'handles':
        return this.handlers.set(generation, message.signal);
      case 'lingers':
        return this.#lingers(generation, message);
      case 'forked':
      case 'ready':
      case 'wants-successor':
      case 'spent':
      case 'exiting':
      case 'exited':
      case 'not-forked':
        generation.heard(message, nowMs);
        if (message.type === 'forked' || message.type === 'exited') this.#census.tell(this.all());
        this.#switchIfReady(generation);
        if (message.type !== 'forked' && message.type !== 'not-forked') generation.manage(nowMs);
        return;
      case 'checked':
        return;
    }
  }

  #workerGone(generation: Generation, worker: Worker, end: ProcessEnd, nowMs: number): void {
    if (generation !== this.#next || generation.state.kind !== 'booting') return;
    const reason = failureOfWorker(worker.state, end, this.#serving === null);
    if (reason !== null) this.giveUp(generation, EXIT_WORKER_BOOT, reason, nowMs);
  }

  /** `isMissed`: a serving generation cannot do without. */
  forkserverGone(generation: Generation, how: string, isMissed: boolean, nowMs: number): void {
    generation.forkserverDied();
    this.#census.forget(generation);
    this.handlers.forget(generation);
    if (this.#next?.state.kind === 'inheriting' && generation === this.#serving) this.#boot.carryState(this.#next, '');
    if (generation === this.#next) return this.giveUp(generation, EXIT_WORKER_BOOT, `Its forkserver ${how}.`, nowMs);
    if (generation === this.#serving && isMissed) {
      this.#log.log('error', `The forkserver of generation ${generation.number} ${how}; starting a new one.`);
      if (this.#next === null) this.reload(nowMs);
    }
    this.#retireIfGone(generation);
  }

  // Time

  tick(nowMs: number): void {
    this.#boot.tick(this.#next, nowMs);
    for (const generation of this.all()) {
      generation.tick(nowMs);
      this.#switchIfReady(generation);
      this.#retireIfGone(generation);
    }
    if (this.#revival.isDue(nowMs) && this.#next === null) this.reload(nowMs);
  }

  // Ends

  /** A generation that cannot serve. The first one ends the arbiter; a later one leaves things as they were. */
  giveUp(generation: Generation, exitCode: number, reason: string, nowMs: number): void {
    if (generation !== this.#next) return;
    this.#failure = reason;
    if (this.#serving === null) {
      this.#log.log('error', `Reason: ${reason}`);
      // Its forkserver may have to call on_exit.
      holdLastHook(this.host, exitCode);
      this.#abandonNext(generation, reason, nowMs);
      return this.#owner.firstFailed(exitCode);
    }
    const failure = `Generation ${generation.number} gave up: ${reason.replace(/\.$/, '')}`;
    this.#log.log('error', `${failure}; generation ${this.#serving.number} keeps serving`);
    this.#abandonNext(generation, reason, nowMs);
    if (this.#serving.forkserverState === 'dead') this.#revival.putOff(nowMs);
  }

  /** The arbiter stops: a generation that does not serve yet never will. */
  stopNext(nowMs: number): void {
    if (this.#next !== null) this.#breakOffNext(this.#next, 'the arbiter stops', nowMs);
  }

  #abandonNext(generation: Generation, reason: string, nowMs: number): void {
    this.#forgetNext();
    generation.giveUp(reason, nowMs);
    this.#retireIfGone(generation);
  }

  #breakOffNext(generation: Generation, reason: string, nowMs: number): void {
    this.#forgetNext();
    generation.breakOff(reason, nowMs);
    this.#retireIfGone(generation);
  }

  #forgetNext(): void {
    this.#next = null;
    this.#switching = null;
  }

  /** Lets every generation finish what it has been given, and fork nothing any more. */
  drainAll(nowMs: number): void {
    this.#revival.cancel();
    for (const generation of this.all()) {
      generation.drain(nowMs);
      this.#retireIfGone(generation);
    }
  }

  #lingers(generation: Generation, { threads, handled }: FromForkserver & { type: 'lingers' }): void {
    // What a generation has started that never served goes with it.
    if (generation.state.kind === 'given-up') return generation.forkserver.kill();
    if (generation.state.kind !== 'draining') return;
    if (threads.length === 0 && !this.handlers.isNeeded(generation)) {
      return generation.forkserver.send({ type: 'release-handlers' });
    }
    const reasons = [...threads.map((name) => `thread ${name}`), ...handled.map((signal) => `handler of ${signal}`)];
    this.#log.log('debug', `The forkserver of generation ${generation.number} stays for: ${reasons.join(', ')}`);
    this.#census.linger(generation);
    this.#takeOffTheBooks(generation);
  }

  /** Takes a generation off the books once nothing of it runs any more. */
  #retireIfGone(generation: Generation): void {
    if (generation.state.kind !== 'draining' && generation.state.kind !== 'given-up') return;
    if (generation.forkserverState === 'alive' || generation.workers.size > 0) return;
    this.#takeOffTheBooks(generation);
  }

  #takeOffTheBooks(generation: Generation): void {
    generation.move({ kind: 'gone' });
    generation.tickets.release();
    this.#all.delete(generation);
    this.#settingsOf.delete(generation);
    this.#owner.gateways.broadcast({ type: 'generation-gone', generation: generation.number });
  }
}
