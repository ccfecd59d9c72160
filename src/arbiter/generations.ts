// All generations of one arbiter: the one that serves, the one that is to serve next, and those that drain. The next one
// takes over only when it is ready; if it fails, everything stays as it was.

import type { ErrorLog } from '../log/error-log.ts';
import type { Configured, FromForkserver } from '../messages/between-arbiter-and-forkserver.ts';
import { type ClaimsBoard, type SlotRange, WORKER_SLOTS } from '../runqueue/claims-board.ts';
import { BoardSlots } from './board-slots.ts';
import { afterCrash, type Backoff, NO_BACKOFF } from './boot-backoff.ts';
import { describeEnd } from './describe-end.ts';
import { EXIT_APP_LOAD, EXIT_ERROR, EXIT_WORKER_BOOT } from './exit-status.ts';
import type { ForkserverEvents, ForkserverHandle } from './forkserver-handle.ts';
import { Generation, type GenerationEvents, type Worker } from './generation.ts';
import type { Resolution, ResolvedSettings } from './resolved-settings.ts';
import type { RuntimeDirectories } from './runtime-directory.ts';
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
  workerGone(generation: Generation, slots: SlotRange): void;
  workersReady(generation: Generation, concurrency: number): void;
  /** A worker of a draining generation has read end-of-file on its pipe. */
  pipeEmpty(generation: Generation): void;
  generationGone(generation: Generation): void;
  expire(gateway: number, ticket: number): void;
  /** The first generation cannot serve: there is nothing to fall back on. */
  firstFailed(exitCode: number): void;
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

  constructor(owner: GenerationsOwner) {
    this.#owner = owner;
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

  /** The first generation: its forkserver has evaluated the configuration file already. */
  startFirst(resolved: ResolvedSettings): void {
    const generation = this.#launch(false);
    this.#settingsOf.set(generation, resolved);
    this.#prepare(generation, resolved);
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
        if (generation === this.#next) this.#configured(generation, message, nowMs);
        return;
      case 'failed':
        if (message.traceback !== '') this.#owner.log.log('error', message.traceback.trimEnd());
        return this.#giveUp(generation, message.code, failureReason(message.code, message.message), nowMs);
      case 'prepared':
        if (generation.state.kind !== 'preparing') return;
        if (!generation.holdTickets()) return;
        generation.state = { kind: 'prepared' };
        generation.capacity = message.capacity;
        this.#owner.prepared(generation);
        return this.bootNext(nowMs);
      case 'boot-failed':
        return this.#giveUp(generation, message.code, failureReason(message.code, message.message), nowMs);
      case 'checked':
        return;
      case 'drained':
        return this.#owner.pipeEmpty(generation);
      case 'forked':
      case 'ready':
      case 'wants-successor':
      case 'exited':
        generation.heard(message, nowMs);
        this.#switchIfReady(generation);
        if (message.type !== 'forked') generation.manage(nowMs);
    }
  }

  forkserverGone(generation: Generation, how: string, isServing: boolean, nowMs: number): void {
    generation.forkserverState = 'dead';
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
      workerGone: (generation, worker, end, nowMs) => this.#workerGone(generation, worker, end, nowMs),
      workersReady: (generation, concurrency) => owner.workersReady(generation, concurrency),
      expire: (gateway, ticket) => owner.expire(gateway, ticket),
      log: (level, message) => owner.log.log(level, message),
    };
  }

  #configured(generation: Generation, found: Configured, nowMs: number): void {
    const resolution = this.#owner.resolve(found);
    if (!resolution.ok) return this.#giveUp(generation, EXIT_ERROR, resolution.errors.join('\n'), nowMs);
    for (const warning of resolution.warnings) this.#owner.log.log('warning', warning);
    this.#settingsOf.set(generation, resolution.resolved);
    this.#prepare(generation, resolution.resolved);
  }

  #prepare(generation: Generation, resolved: ResolvedSettings): void {
    const settings = resolved.worker(generation.number, this.#owner.directories, generation.ticketsPath);
    generation.settings = settings;
    generation.target = resolved.settings.workers;
    generation.timeoutMs = resolved.settings.timeout * 1000;
    generation.onDeadline = resolved.workerClass.onDeadline;
    generation.state = { kind: 'preparing' };
    generation.forkserver.send({ type: 'prepare', settings });
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
  return message;
}
