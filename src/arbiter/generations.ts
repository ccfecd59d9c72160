// All generations of one arbiter: the one that serves, the one that is to serve next, and those that drain. The next one
// takes over only when it is ready; if it fails, everything stays as it was.

import type { ErrorLog } from '../log/error-log.ts';
import type { Asked, HookFailure } from '../messages/about-hooks.ts';
import type { Configured, FromForkserver } from '../messages/between-arbiter-and-forkserver.ts';
import { type ClaimsBoard, type SlotRange, WORKER_SLOTS } from '../runqueue/claims-board.ts';
import { BoardSlots } from './board-slots.ts';
import { afterCrash, type Backoff, NO_BACKOFF } from './boot-backoff.ts';
import { describeEnd } from './describe-end.ts';
import { EXIT_APP_LOAD, EXIT_ERROR, EXIT_UNHANDLED, EXIT_WORKER_BOOT } from './exit-status.ts';
import type { ForkserverEvents, ForkserverHandle } from './forkserver-handle.ts';
import { Generation, type GenerationEvents, type Worker } from './generation.ts';
import { GenerationBoot } from './generation-boot.ts';
import type { Resolution, ResolvedSettings } from './resolved-settings.ts';
import type { RuntimeDirectories } from './runtime-directory.ts';
import type { HookFacts } from './settle-message.ts';
import { WorkerCensus } from './worker-census.ts';
import type { ProcessEnd } from './worker-life.ts';

/** What the generations ask of the arbiter. */
export interface GenerationsOwner {
  readonly log: ErrorLog;
  readonly board: ClaimsBoard;
  readonly directories: RuntimeDirectories;
  startForkserver(events: ForkserverEvents, configure: boolean): ForkserverHandle;
  resolve(found: Configured): Resolution;
  /** Their messages and ends belong into the arbiter's queue. */
  forkserverMessage(generation: Generation, message: FromForkserver): void;
  forkserverGone(generation: Generation, how: string): void;
  gatewaysUp(): readonly number[];
  areGatewaysUp(): boolean;
  /** The pipe of the generation is there. */
  prepared(generation: Generation): void;
  /** Have everything point to this generation; `switched` is called when that is done. */
  switchTo(generation: Generation, resolved: ResolvedSettings): void;
  workerRetires(slots: SlotRange): void;
  workerGone(generation: Generation, slots: SlotRange): void;
  workersReady(generation: Generation, concurrency: number): void;
  /** A worker of a draining generation has read end-of-file on its pipe. */
  pipeEmpty(generation: Generation): void;
  generationGone(generation: Generation): void;
  expire(gateway: number, ticket: number): void;
  /** Before the first generation is given up: its forkserver may have to call on_exit. */
  holdLastHook(exitCode: number): void;
  /** A generation is being made, and later: its settings are known, its processes have loaded files, it serves. */
  started(generation: Generation): void;
  settled(generation: Generation, resolved: ResolvedSettings): void;
  loaded(generation: Generation, files: readonly string[]): void;
  serves(generation: Generation): void;
  /** The first generation cannot serve: there is nothing to fall back on. */
  firstFailed(exitCode: number): void;
  /** Hooks see them as `server.LISTENERS` and `server.pidfile`. */
  hookFacts(): HookFacts;
  asked(ask: Asked, nowMs: number): void;
  /** A hook that belongs to the serving generation has raised. */
  mainLoopFailed(exitCode: number, nowMs: number): void;
  preExecDone(failure: HookFailure | null): void;
  lastHookDone(generation: Generation, failure: HookFailure | null, nowMs: number): void;
}

export class Generations {
  readonly #owner: GenerationsOwner;
  readonly #all: Set<Generation> = new Set();
  readonly #settingsOf: Map<Generation, ResolvedSettings> = new Map();
  #serving: Generation | null = null;
  #next: Generation | null = null;
  /** The next generation is ready, and the gateways are being told. */
  #switching: Generation | null = null;
  /** When to try again to replace a generation whose forkserver has died. */
  #reviveAtMs: number | null = null;
  #revivals: Backoff = NO_BACKOFF;
  /** Why the last reload failed. */
  #failure: string | null = null;
  #lastNumber = 0;
  #lastAge = 0;
  readonly #slots: BoardSlots = new BoardSlots(WORKER_SLOTS);
  readonly #boot: GenerationBoot;
  readonly #census: WorkerCensus = new WorkerCensus();

  constructor(owner: GenerationsOwner) {
    this.#owner = owner;
    this.#boot = new GenerationBoot({
      log: owner.log,
      directories: owner.directories,
      resolve: (found) => owner.resolve(found),
      serving: () => this.#serving,
      facts: () => ({
        ...owner.hookFacts(),
        worker_age: this.#lastAge,
        elsewhere: this.#census.outside(null, this.all()),
      }),
      resolved: (generation, resolved) => {
        this.#settingsOf.set(generation, resolved);
        this.#owner.settled(generation, resolved);
      },
      settingsOf: (generation) => this.#settingsOf.get(generation),
      booted: (generation, nowMs) => this.#booted(generation, nowMs),
      giveUp: (generation, exitCode, reason, nowMs) => this.#giveUp(generation, exitCode, reason, nowMs),
    });
  }

  get serving(): Generation | null {
    return this.#serving;
  }

  get next(): Generation | null {
    return this.#next;
  }

  get failure(): string | null {
    return this.#failure;
  }

  get switching(): Generation | null {
    return this.#switching;
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
    return this.#serving ?? (this.#lastNumber === 1 ? ([...this.#all][0] ?? null) : null);
  }

  /** The first generation: its forkserver has evaluated the configuration file, and called the first hooks, already. */
  startFirst(resolved: ResolvedSettings, hooks: ReadonlySet<string>): void {
    this.#boot.first(this.#launch(false), resolved, hooks);
  }

  /** A new generation with new settings and new code. One that is under way is given up: it may be older than what is wanted now. */
  reload(nowMs: number): void {
    const underWay = this.#next;
    if (underWay !== null) {
      this.#owner.log.log('info', `Generation ${underWay.number} is given up for a newer one`);
      this.#abandonNext(underWay, 'superseded', nowMs);
    }
    this.#reviveAtMs = null;
    this.#launch(true);
  }

  /** The gateways have come up: a generation that waited for them can fork its workers. */
  bootNext(nowMs: number): void {
    const generation = this.#next;
    if (generation?.state.kind !== 'prepared' || !this.#owner.areGatewaysUp()) return;
    generation.state = { kind: 'booting' };
    generation.manage(nowMs);
    this.#switchIfReady(generation);
  }

  /** The gateways write to the next generation's pipe now: it serves, and the one before drains. */
  switched(nowMs: number): void {
    const generation = this.#switching;
    if (generation === null) return;
    this.#switching = null;
    this.#next = null;
    const old = this.#serving;
    this.#serving = generation;
    generation.state = { kind: 'serving' };
    this.#revivals = NO_BACKOFF;
    this.#failure = null;
    this.#owner.log.log('info', `Generation ${generation.number} is serving`);
    this.#owner.serves(generation);
    old?.drain(nowMs);
    generation.manage(nowMs);
  }

  /** The switch could not be made. */
  switchFailed(reason: string, nowMs: number): void {
    if (this.#switching !== null) this.#giveUp(this.#switching, EXIT_ERROR, reason, nowMs);
  }

  heard(generation: Generation, message: FromForkserver, nowMs: number): void {
    switch (message.type) {
      case 'configured':
        if (generation === this.#next) this.#boot.configured(generation, message, nowMs);
        return;
      case 'failed':
        if (message.traceback !== '') this.#owner.log.log('error', message.traceback.trimEnd());
        return this.#giveUp(generation, message.code, failureReason(message.code, message.message), nowMs);
      case 'prepared':
        if (generation.state.kind !== 'preparing') return;
        if (!generation.holdTickets()) return;
        generation.capacity = message.capacity;
        return this.#boot.prepared(generation, nowMs);
      case 'boot-failed':
        return this.#giveUp(generation, message.code, failureReason(message.code, message.message), nowMs);
      case 'checked':
        return;
      case 'loaded':
        return this.#owner.loaded(generation, message.files);
      case 'drained':
        return this.#owner.pipeEmpty(generation);
      case 'settled':
        return this.#boot.settled(generation, message.hooks);
      case 'state':
        if (this.#next?.state.kind === 'inheriting') this.#boot.carryState(this.#next, message.state);
        return;
      case 'hook-done':
        return this.#hookDone(generation, message.hook, message.failure, nowMs);
      case 'ask':
        return this.#owner.asked(message, nowMs);
      case 'lingers':
        return this.#lingers(generation, message.threads);
      case 'forked':
      case 'ready':
      case 'wants-successor':
      case 'exited':
      case 'not-forked':
        generation.heard(message, nowMs);
        if (message.type === 'forked' || message.type === 'exited') this.#census.tell(this.all());
        this.#switchIfReady(generation);
        if (message.type !== 'forked' && message.type !== 'not-forked') generation.manage(nowMs);
    }
  }

  forkserverGone(generation: Generation, how: string, isServing: boolean, nowMs: number): void {
    generation.forkserverState = 'dead';
    this.#census.forget(generation);
    if (this.#next?.state.kind === 'inheriting' && generation === this.#serving) this.#boot.carryState(this.#next, '');
    if (generation === this.#next) return this.#giveUp(generation, EXIT_WORKER_BOOT, `Its forkserver ${how}.`, nowMs);
    if (generation === this.#serving && isServing) {
      this.#owner.log.log('error', `The forkserver of generation ${generation.number} ${how}; starting a new one.`);
      if (this.#next === null) this.reload(nowMs);
    }
    this.#retireIfGone(generation);
  }

  tick(nowMs: number): void {
    for (const generation of this.all()) {
      generation.tick(nowMs);
      this.#switchIfReady(generation);
      this.#retireIfGone(generation);
    }
    if (this.#reviveAtMs !== null && nowMs >= this.#reviveAtMs && this.#next === null) this.reload(nowMs);
  }

  /** Lets every generation finish what it has been given, and fork nothing any more. */
  drainAll(nowMs: number): void {
    this.#reviveAtMs = null;
    for (const generation of this.all()) {
      generation.drain(nowMs);
      this.#retireIfGone(generation);
    }
  }

  /** The arbiter stops: a generation that does not serve yet never will. */
  stopNext(nowMs: number): void {
    if (this.#next !== null) this.#abandonNext(this.#next, 'the arbiter stops', nowMs);
  }

  #launch(configure: boolean): Generation {
    this.#lastNumber += 1;
    // The events come from the event loop only: by then `generation` is there.
    const forkserver = this.#owner.startForkserver(
      {
        message: (message) => this.#owner.forkserverMessage(generation, message),
        nonsense: (what) => this.#owner.log.log('error', `A forkserver said something strange: ${what}`),
        gone: (code, signal) => this.#owner.forkserverGone(generation, describeEnd(code, signal)),
      },
      configure,
    );
    const { directories, board } = this.#owner;
    const events = this.#generationEvents();
    const generation: Generation = new Generation(this.#lastNumber, forkserver, directories.runtimeDir, board, events);
    this.#all.add(generation);
    this.#next = generation;
    this.#owner.started(generation);
    return generation;
  }

  #generationEvents(): GenerationEvents {
    const owner = this.#owner;
    return {
      allot: (slots) => {
        const slot = this.#slots.take(slots);
        if (slot === null) return null;
        this.#lastAge += 1;
        return { slot, age: this.#lastAge };
      },
      gateways: () => owner.gatewaysUp(),
      workerRetires: (worker) => owner.workerRetires(worker),
      workerGone: (generation, worker, end, nowMs) => this.#workerGone(generation, worker, end, nowMs),
      workersReady: (generation, concurrency) => owner.workersReady(generation, concurrency),
      notForked: (worker) => this.#slots.giveBack(worker),
      expire: (gateway, ticket) => owner.expire(gateway, ticket),
      log: (level, message) => owner.log.log(level, message),
    };
  }

  #booted(generation: Generation, nowMs: number): void {
    this.#owner.prepared(generation);
    this.bootNext(nowMs);
  }

  #hookDone(generation: Generation, hook: string, failure: HookFailure | null, nowMs: number): void {
    const { kind } = generation.state;
    if (kind === 'counting' || kind === 'announcing') return this.#boot.hookDone(generation, failure, nowMs);
    if (hook === 'pre_exec') return this.#owner.preExecDone(failure);
    if (hook === 'on_exit') return this.#owner.lastHookDone(generation, failure, nowMs);
    if (failure === null) return hook === 'nworkers_changed' ? generation.resized(nowMs) : undefined;
    const { log } = this.#owner;
    const isMain = generation === this.#serving || (generation === this.#next && this.#serving === null);
    const what = isMain ? 'Unhandled exception in main loop' : `Error in the hook ${failure.message}`;
    log.log('error', `${what}\n${failure.traceback.trimEnd()}`);
    const exitCode = failure.code ?? EXIT_UNHANDLED;
    if (generation === this.#next) {
      this.#giveUp(generation, exitCode, `Error in the hook ${failure.message}`, nowMs);
    } else if (isMain) {
      log.log('error', `Reason: Error in the hook ${failure.message}`);
      this.#owner.mainLoopFailed(exitCode, nowMs);
    }
  }

  /** Signals a worker of whatever generation. */
  killWorker(pid: number, signal: number, nowMs: number): boolean {
    return this.all().some((generation) => generation.killWorker(pid, signal, nowMs));
  }

  #lingers(generation: Generation, threads: readonly string[]): void {
    // What a generation has started that never served goes with it.
    if (generation.state.kind === 'given-up') return generation.forkserver.kill();
    if (generation.state.kind !== 'draining') return;
    const names = threads.join(', ');
    this.#owner.log.log('debug', `The forkserver of generation ${generation.number} stays for its threads: ${names}`);
    this.#census.linger(generation);
    this.#takeOffTheBooks(generation);
  }

  #switchIfReady(generation: Generation): void {
    if (generation !== this.#next || generation.state.kind !== 'booting' || this.#switching !== null) return;
    const resolved = this.#settingsOf.get(generation);
    if (resolved === undefined || generation.count('ready') < generation.target) return;
    this.#switching = generation;
    this.#owner.switchTo(generation, resolved);
  }

  #workerGone(generation: Generation, worker: Worker, end: ProcessEnd, nowMs: number): void {
    this.#slots.giveBack(worker);
    this.#owner.workerGone(generation, worker);
    if (generation !== this.#next || generation.state.kind !== 'booting') return;
    const { state } = worker;
    if (state.kind === 'ready' || state.kind === 'retiring') return;
    // Slow at the first boot: tried again, because there is nothing that could serve in its place.
    if (state.kind === 'doomed' && this.#serving === null) return;
    // Otherwise it died without a report: killed, or out of memory, or a library called _exit().
    const how = state.kind === 'doomed' ? 'it was not ready within timeout' : `it ${describeEnd(end.code, end.signal)}`;
    this.#giveUp(generation, EXIT_WORKER_BOOT, `Worker failed to boot: ${how}.`, nowMs);
  }

  /** A generation that cannot serve. The first one ends the arbiter; a later one leaves things as they were. */
  #giveUp(generation: Generation, exitCode: number, reason: string, nowMs: number): void {
    if (generation !== this.#next) return;
    const { log } = this.#owner;
    this.#failure = reason;
    if (this.#serving === null) {
      log.log('error', `Reason: ${reason}`);
      this.#owner.holdLastHook(exitCode);
      this.#abandonNext(generation, reason, nowMs);
      return this.#owner.firstFailed(exitCode);
    }
    log.log(
      'error',
      `Generation ${generation.number} gave up: ${reason.replace(/\.$/, '')}; generation ${this.#serving.number} keeps serving`,
    );
    this.#abandonNext(generation, reason, nowMs);
    if (this.#serving.forkserverState === 'dead') {
      this.#revivals = afterCrash(this.#revivals, nowMs);
      this.#reviveAtMs = this.#revivals.notBeforeMs;
    }
  }

  #abandonNext(generation: Generation, reason: string, nowMs: number): void {
    this.#next = null;
    this.#switching = null;
    generation.giveUp(reason, nowMs);
    this.#retireIfGone(generation);
  }

  /** Takes a generation off the books once nothing of it runs any more. */
  #retireIfGone(generation: Generation): void {
    if (generation.state.kind !== 'draining' && generation.state.kind !== 'given-up') return;
    if (generation.forkserverState === 'alive' || generation.workers.size > 0) return;
    this.#takeOffTheBooks(generation);
  }

  #takeOffTheBooks(generation: Generation): void {
    generation.state = { kind: 'gone' };
    generation.releaseTickets();
    this.#all.delete(generation);
    this.#settingsOf.delete(generation);
    this.#owner.generationGone(generation);
  }
}

function failureReason(code: number, message: string): string {
  if (code === EXIT_APP_LOAD) return `App failed to load. ${message}`;
  if (code === EXIT_WORKER_BOOT) return `Worker failed to boot. ${message}`;
  // The texts of the command line say first what they are.
  return message.replace(/^Error: /, '');
}
