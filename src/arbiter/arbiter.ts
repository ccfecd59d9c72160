// The arbiter: one loop over one queue of events. Signals, messages, ends of children and ticks are all put into the queue; what is
// done about each is said here, and nowhere else.

import fs from 'node:fs';
import type { ErrorLog } from '../log/error-log.ts';
import type { FromForkserver } from '../messages/between-arbiter-and-forkserver.ts';
import type { FromGateway } from '../messages/between-arbiter-and-gateway.ts';
import { ClaimsBoard, monotonicMs, WORKER_SLOTS } from '../runqueue/claims-board.ts';
import { afterCrash, type Backoff, NO_BACKOFF } from './boot-backoff.ts';
import { describeEnd } from './describe-end.ts';
import { type ForkserverEvents, ForkserverHandle } from './forkserver-handle.ts';
import { GatewayHandle } from './gateway-handle.ts';
import { Generation, type GenerationEvents, type Worker } from './generation.ts';
import type { Listeners } from './listeners.ts';
import type { PidFile } from './pid-file.ts';
import type { Resolution, ResolvedSettings } from './resolved-settings.ts';
import type { RuntimeDirectories } from './runtime-directory.ts';
import { HANDLED_SIGNALS, type HandledSignal } from './signals.ts';
import type { ProcessEnd } from './worker-life.ts';

const TICK_MS = 200;

/** Exit statuses, as Gunicorn's. */
export const EXIT_OK = 0;
export const EXIT_ERROR = 1;
export const EXIT_WORKER_BOOT = 3;
export const EXIT_APP_LOAD = 4;

/** What the command line has prepared before the arbiter takes over. */
export interface ArbiterStart {
  readonly python: string;
  readonly startDir: string;
  readonly config: string | null;
  /** The first generation's forkserver, which has evaluated the configuration file already. */
  readonly firstForkserver: (events: ForkserverEvents) => ForkserverHandle;
  readonly resolved: ResolvedSettings;
  /** Settings for a new generation, from what its forkserver found in the configuration file. */
  readonly resolve: (file: string | null, values: Readonly<Record<string, unknown>>) => Resolution;
  readonly log: ErrorLog;
  readonly listeners: Listeners;
  readonly pidFile: PidFile | null;
  readonly directories: RuntimeDirectories;
}

type ArbiterEvent =
  | { readonly type: 'signal'; readonly signal: HandledSignal }
  | { readonly type: 'forkserver-message'; readonly generation: Generation; readonly message: FromForkserver }
  | { readonly type: 'forkserver-gone'; readonly generation: Generation; readonly how: string }
  | { readonly type: 'gateway-message'; readonly gateway: GatewayHandle; readonly message: FromGateway }
  | { readonly type: 'gateway-gone'; readonly gateway: GatewayHandle; readonly how: string }
  | { readonly type: 'rebound'; readonly generation: Generation; readonly failure: string | null }
  | { readonly type: 'tick' };

type Phase =
  | { readonly kind: 'starting' }
  | { readonly kind: 'serving' }
  | { readonly kind: 'stopping'; readonly manner: 'graceful' | 'quick'; readonly sinceMs: number; readonly exitCode: number };

export class Arbiter {
  readonly #start: ArbiterStart;
  readonly #log: ErrorLog;
  readonly #board: ClaimsBoard;
  readonly #queue: ArbiterEvent[] = [];
  #handling: 'idle' | 'busy' = 'idle';
  #phase: Phase = { kind: 'starting' };
  #resolved: ResolvedSettings;
  readonly #gateways: Map<number, GatewayHandle> = new Map();
  readonly #gatewaysUp: Set<number> = new Set();
  #gatewayBackoff: Backoff = NO_BACKOFF;
  readonly #missingGateways: Set<number> = new Set();
  readonly #generations: Set<Generation> = new Set();
  #serving: Generation | null = null;
  #next: Generation | null = null;
  readonly #settingsOf: Map<Generation, ResolvedSettings> = new Map();
  /** Gateways that have still to say that they serve the next generation. */
  #switching: Set<number> | null = null;
  /** When a new forkserver is tried after one has died or its generation could not replace it. */
  #reviveAtMs: number | null = null;
  #revivals: Backoff = NO_BACKOFF;
  #generationNumber = 0;
  #gatewayNumber = 0;
  #age = 0;
  #lifelineFd: number | null = null;
  #ticker: NodeJS.Timeout | null = null;
  #finish: (exitCode: number) => void = () => {};

  constructor(start: ArbiterStart) {
    this.#start = start;
    this.#log = start.log;
    this.#resolved = start.resolved;
    this.#board = ClaimsBoard.create(start.directories.runtimeDir, start.resolved.settings.gateways);
  }

  /** Serves until a signal or a failed first boot ends it; resolves to the exit status. */
  run(): Promise<number> {
    const finished = new Promise<number>((resolve) => {
      this.#finish = resolve;
    });
    for (const signal of HANDLED_SIGNALS) process.on(signal, () => this.#post({ type: 'signal', signal }));
    this.#ticker = setInterval(() => this.#post({ type: 'tick' }), TICK_MS);
    for (let index = 0; index < this.#resolved.settings.gateways; index += 1) this.#startGateway(index);
    const generation = this.#newGeneration(this.#start.firstForkserver);
    this.#settingsOf.set(generation, this.#resolved);
    this.#next = generation;
    this.#prepare(generation);
    return finished;
  }

  #post(event: ArbiterEvent): void {
    this.#queue.push(event);
    if (this.#handling === 'busy') return;
    this.#handling = 'busy';
    // A handler may post; its event is handled after it, never inside it.
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#handle(next);
    this.#handling = 'idle';
  }

  #handle(event: ArbiterEvent): void {
    const nowMs = monotonicMs();
    switch (event.type) {
      case 'signal':
        return this.#onSignal(event.signal, nowMs);
      case 'forkserver-message':
        return this.#onForkserverMessage(event.generation, event.message, nowMs);
      case 'forkserver-gone':
        return this.#onForkserverGone(event.generation, event.how, nowMs);
      case 'gateway-message':
        return this.#onGatewayMessage(event.gateway, event.message, nowMs);
      case 'gateway-gone':
        return this.#onGatewayGone(event.gateway, event.how, nowMs);
      case 'rebound':
        return this.#onRebound(event.generation, event.failure, nowMs);
      case 'tick':
        return this.#onTick(nowMs);
    }
  }

  // Signals

  #onSignal(signal: HandledSignal, nowMs: number): void {
    this.#log.log('info', `Handling signal: ${signal.slice(3).toLowerCase()}`);
    switch (signal) {
      case 'SIGTERM':
        // A second TERM means now.
        return this.#stop(this.#phase.kind === 'stopping' ? 'quick' : 'graceful', EXIT_OK, nowMs);
      case 'SIGINT':
      case 'SIGQUIT':
        return this.#stop('quick', EXIT_OK, nowMs);
      case 'SIGHUP':
        if (this.#phase.kind === 'serving') {
          this.#log.log('info', 'Hang up: Arbiter');
          this.#reload(nowMs);
        }
        return;
      case 'SIGTTIN':
        return this.#resize(1, nowMs);
      case 'SIGTTOU':
        return this.#resize(-1, nowMs);
      case 'SIGUSR1':
        return this.#reopenLogs();
      case 'SIGUSR2':
        this.#log.log('warning', 'USR2 signal ignored. Upgrading the running program is not available yet.');
        return;
      case 'SIGWINCH':
        this.#log.log('debug', 'SIGWINCH ignored. Not daemonized');
        return;
    }
  }

  #resize(by: 1 | -1, nowMs: number): void {
    const generation = this.#serving;
    if (generation === null || this.#phase.kind !== 'serving') return;
    // As Gunicorn: TTOU stops at one worker.
    if (by < 0 && generation.target <= 1) return;
    generation.target += by;
    generation.manage(nowMs);
  }

  #reopenLogs(): void {
    this.#log.reopen();
    for (const gateway of this.#gateways.values()) gateway.send({ type: 'reopen-logs' });
    for (const generation of this.#generations) {
      generation.forkserver.send({ type: 'reopen-logs' });
      generation.signalAll('SIGUSR1');
    }
  }

  // Generations

  #newGeneration(start: (events: ForkserverEvents) => ForkserverHandle): Generation {
    this.#generationNumber += 1;
    // The listener is called only later, from the event loop: by then `generation` is there.
    const forkserver = start({
      message: (message) => this.#post({ type: 'forkserver-message', generation, message }),
      nonsense: (what) => this.#log.log('error', `A forkserver said something strange: ${what}`),
      gone: (code, signal) => this.#post({ type: 'forkserver-gone', generation, how: describeEnd(code, signal) }),
    });
    const generation: Generation = new Generation(
      this.#generationNumber,
      forkserver,
      this.#start.directories.runtimeDir,
      this.#board,
      this.#generationEvents(),
    );
    this.#generations.add(generation);
    return generation;
  }

  #generationEvents(): GenerationEvents {
    return {
      allot: () => {
        this.#age += 1;
        return { slot: this.#freeSlot(), age: this.#age };
      },
      gateways: () => [...this.#gatewaysUp],
      workerGone: (generation, worker, end) => this.#onWorkerGone(generation, worker, end),
      workersReady: (generation, count) => {
        for (const gateway of this.#gateways.values()) {
          gateway.send({ type: 'workers', generation: generation.number, workers: count });
        }
      },
      expire: (number, ticket) => this.#gateways.get(number)?.send({ type: 'expire', ticket }),
      log: (level, message) => this.#log.log(level, message),
    };
  }

  #freeSlot(): number {
    const taken = new Set<number>();
    for (const generation of this.#generations) for (const slot of generation.workers.keys()) taken.add(slot);
    let slot = this.#age % WORKER_SLOTS;
    while (taken.has(slot)) slot = (slot + 1) % WORKER_SLOTS;
    return slot;
  }

  #reload(nowMs: number): void {
    const underWay = this.#next;
    if (underWay !== null) {
      // What it would bring may be older than what the signal asks for.
      this.#log.log('info', `Generation ${underWay.number} is given up for a newer one`);
      this.#forgetNext(underWay, 'superseded', nowMs);
    }
    this.#reviveAtMs = null;
    const { python, startDir, config } = this.#start;
    const generation = this.#newGeneration((events) => new ForkserverHandle(python, startDir, events));
    this.#next = generation;
    generation.forkserver.send({ type: 'configure', config });
  }

  #configured(generation: Generation, found: FromForkserver & { type: 'configured' }, nowMs: number): void {
    const resolution = this.#start.resolve(found.path, found.values);
    if (!resolution.ok) return this.#giveUp(generation, EXIT_ERROR, resolution.errors.join('\n'), nowMs);
    for (const warning of resolution.warnings) this.#log.log('warning', warning);
    this.#settingsOf.set(generation, resolution.resolved);
    this.#prepare(generation);
  }

  #prepare(generation: Generation): void {
    const resolved = this.#settingsOf.get(generation) ?? this.#resolved;
    const settings = resolved.worker(generation.number, this.#start.directories, generation.ticketsPath);
    generation.settings = settings;
    generation.target = resolved.settings.workers;
    generation.timeoutMs = resolved.settings.timeout * 1000;
    generation.state = { kind: 'preparing' };
    generation.forkserver.send({ type: 'prepare', settings });
  }

  /** The forkserver has made the pipe by now; the end of this process is the end of its only writer. */
  #holdLifeline(generation: Generation): void {
    if (this.#lifelineFd !== null || generation.settings === null) return;
    const flags = fs.constants.O_WRONLY | fs.constants.O_NONBLOCK;
    this.#lifelineFd = fs.openSync(generation.settings.lifeline_path, flags);
  }

  /** The pipe is there, the application loaded if it is to be preloaded: workers can be forked once the gateways are up. */
  #boot(generation: Generation, nowMs: number): void {
    if (generation.state.kind !== 'preparing' || generation.capacity === 0) return;
    if (this.#gatewaysUp.size < this.#gateways.size) return;
    generation.state = { kind: 'booting' };
    generation.manage(nowMs);
    this.#bootedIfReady(generation, nowMs);
  }

  #bootedIfReady(generation: Generation, nowMs: number): void {
    if (generation !== this.#next || generation.state.kind !== 'booting' || this.#switching !== null) return;
    if (generation.count('ready') < generation.target) return;
    const resolved = this.#settingsOf.get(generation);
    if (resolved === undefined) return;
    if (this.#start.listeners.isSame(resolved.settings.bind)) return this.#switch(generation, nowMs);
    this.#switching = new Set();
    void this.#start.listeners.change(resolved.settings.bind).then((change) => {
      this.#post({ type: 'rebound', generation, failure: change.ok ? null : change.message });
    });
  }

  #onRebound(generation: Generation, failure: string | null, nowMs: number): void {
    this.#switching = null;
    if (generation !== this.#next) return;
    if (failure !== null) return this.#giveUp(generation, EXIT_ERROR, failure, nowMs);
    for (const gateway of this.#gateways.values()) this.#sendListeners(gateway);
    this.#log.log('info', this.#start.listeners.describe());
    this.#switch(generation, nowMs);
  }

  /** Every worker of the next generation is ready: the gateways write to its pipe from now on. */
  #switch(generation: Generation, nowMs: number): void {
    this.#switching = new Set(this.#gateways.keys());
    for (const gateway of this.#gateways.values()) this.#sendServe(gateway, generation);
    this.#switchedIfAll(nowMs);
  }

  #switchedIfAll(nowMs: number): void {
    const generation = this.#next;
    if (generation === null || this.#switching === null || this.#switching.size > 0) return;
    if (generation.state.kind !== 'booting') return;
    this.#switching = null;
    this.#next = null;
    const old = this.#serving;
    this.#serving = generation;
    this.#resolved = this.#settingsOf.get(generation) ?? this.#resolved;
    generation.state = { kind: 'serving' };
    this.#revivals = NO_BACKOFF;
    if (this.#phase.kind === 'starting') this.#phase = { kind: 'serving' };
    this.#log.log('info', `Generation ${generation.number} is serving`);
    if (old !== null) old.drain(nowMs);
    generation.manage(nowMs);
  }

  /** A generation that cannot serve. The first one ends the arbiter; a later one leaves things as they were. */
  #giveUp(generation: Generation, exitCode: number, reason: string, nowMs: number): void {
    if (generation !== this.#next) return;
    if (this.#serving === null && this.#phase.kind === 'starting') {
      this.#log.log('error', 'Shutting down: Arbiter');
      this.#log.log('error', `Reason: ${reason}`);
      this.#forgetNext(generation, reason, nowMs);
      return this.#stop('quick', exitCode, nowMs);
    }
    const keeps = this.#serving === null ? '' : `; generation ${this.#serving.number} keeps serving`;
    this.#log.log('error', `Generation ${generation.number} gave up: ${reason}${keeps}`);
    this.#forgetNext(generation, reason, nowMs);
    if (this.#serving?.forkserverState === 'dead') {
      this.#revivals = afterCrash(this.#revivals, nowMs);
      this.#reviveAtMs = this.#revivals.notBeforeMs;
    }
  }

  #forgetNext(generation: Generation, reason: string, nowMs: number): void {
    this.#next = null;
    this.#switching = null;
    generation.giveUp(reason, nowMs);
  }

  #onForkserverMessage(generation: Generation, message: FromForkserver, nowMs: number): void {
    switch (message.type) {
      case 'configured':
        if (generation === this.#next) this.#configured(generation, message, nowMs);
        return;
      case 'failed':
        if (message.traceback !== '') this.#log.log('error', message.traceback.trimEnd());
        return this.#giveUp(generation, message.code, failureReason(message.code, message.message), nowMs);
      case 'prepared':
        if (generation.state.kind !== 'preparing') return;
        generation.capacity = message.capacity;
        generation.holdTickets();
        this.#holdLifeline(generation);
        return this.#boot(generation, nowMs);
      case 'boot-failed': {
        const reason = failureReason(message.code, message.message);
        return this.#giveUp(generation, message.code, reason, nowMs);
      }
      case 'checked':
        return;
      case 'forked':
      case 'ready':
      case 'wants-successor':
      case 'exited':
        generation.heard(message, nowMs);
        this.#bootedIfReady(generation, nowMs);
        if (message.type !== 'forked') generation.manage(nowMs);
    }
  }

  #onWorkerGone(generation: Generation, worker: Worker, end: ProcessEnd): void {
    for (const gateway of this.#gateways.values()) {
      gateway.send({ type: 'worker-gone', slot: worker.slot, generation: generation.number });
    }
    if (generation !== this.#next || generation.state.kind !== 'booting') return;
    if (worker.state.kind === 'ready' || worker.state.kind === 'retiring') return;
    // Died without a report: killed, or out of memory, or a library called _exit().
    if (worker.state.kind === 'doomed' && this.#serving === null) return; // Slow at the first boot: tried again.
    const nowMs = monotonicMs();
    const how = worker.state.kind === 'doomed' ? 'was not ready within timeout' : describeEnd(end.code, end.signal);
    const code = end.code === EXIT_APP_LOAD ? EXIT_APP_LOAD : EXIT_WORKER_BOOT;
    this.#giveUp(generation, code, `Worker failed to boot (${how}).`, nowMs);
  }

  #onForkserverGone(generation: Generation, how: string, nowMs: number): void {
    generation.forkserverState = 'dead';
    if (generation.state.kind === 'draining' || generation.state.kind === 'given-up') {
      this.#retireGeneration(generation, nowMs);
      return;
    }
    if (generation === this.#next) {
      return this.#giveUp(generation, EXIT_WORKER_BOOT, `Its forkserver ${how}.`, nowMs);
    }
    if (generation === this.#serving && this.#phase.kind === 'serving') {
      this.#log.log('error', `The forkserver of generation ${generation.number} ${how}; starting a new one.`);
      if (this.#next === null) this.#reload(nowMs);
    }
    this.#stoppedIfAll(nowMs);
  }

  /** Takes a generation off the books once nothing of it runs any more. */
  #retireGeneration(generation: Generation, nowMs: number): void {
    if (generation.forkserverState === 'alive' || generation.workers.size > 0) return;
    generation.state = { kind: 'gone' };
    generation.releaseTickets();
    this.#generations.delete(generation);
    this.#settingsOf.delete(generation);
    for (const gateway of this.#gateways.values()) gateway.send({ type: 'generation-gone', generation: generation.number });
    this.#stoppedIfAll(nowMs);
  }

  // Gateways

  #startGateway(index: number): void {
    this.#gatewayNumber += 1;
    const gateway: GatewayHandle = new GatewayHandle(this.#gatewayNumber, index, {
      message: (message) => this.#post({ type: 'gateway-message', gateway, message }),
      gone: (code, signal) => this.#post({ type: 'gateway-gone', gateway, how: describeEnd(code, signal) }),
    });
    this.#gateways.set(gateway.number, gateway);
    gateway.send({
      type: 'start',
      number: gateway.number,
      index,
      gateways: this.#resolved.settings.gateways,
      runtimeDir: this.#start.directories.runtimeDir,
      spoolDir: this.#start.directories.spoolDir,
      settings: this.#resolved.gateway,
    });
    this.#sendListeners(gateway);
    if (this.#serving !== null) this.#sendServe(gateway, this.#serving);
    if (this.#next !== null && this.#switching !== null) {
      this.#switching.add(gateway.number);
      this.#sendServe(gateway, this.#next);
    }
  }

  #sendListeners(gateway: GatewayHandle): void {
    for (const listener of this.#start.listeners.current()) {
      gateway.send({ type: 'listen', listener: listener.address }, listener.handle);
    }
    for (const id of this.#start.listeners.closedIds()) gateway.send({ type: 'unlisten', id });
  }

  #sendServe(gateway: GatewayHandle, generation: Generation): void {
    const resolved = this.#settingsOf.get(generation) ?? this.#resolved;
    gateway.send({
      type: 'serve',
      generation: generation.number,
      capacity: generation.capacity,
      workers: Math.max(generation.count('ready'), 1),
      settings: resolved.gateway,
    });
  }

  #onGatewayMessage(gateway: GatewayHandle, message: FromGateway, nowMs: number): void {
    switch (message.type) {
      case 'up':
        this.#gatewaysUp.add(gateway.number);
        if (this.#next !== null) this.#boot(this.#next, nowMs);
        return;
      case 'serving':
        if (message.generation !== this.#next?.number) return;
        this.#switching?.delete(gateway.number);
        return this.#switchedIfAll(nowMs);
      case 'expired':
        for (const generation of this.#generations) {
          generation.expired(message.ticket, message.method, message.target, nowMs);
        }
        return;
      case 'channel-lost':
      case 'drained':
        return;
    }
  }

  #onGatewayGone(gateway: GatewayHandle, how: string, nowMs: number): void {
    this.#gateways.delete(gateway.number);
    this.#gatewaysUp.delete(gateway.number);
    this.#switching?.delete(gateway.number);
    if (this.#phase.kind === 'stopping') return this.#stoppedIfAll(nowMs);
    this.#log.log('error', `Gateway (pid:${gateway.pid}) ${how}; starting a new one.`);
    this.#gatewayBackoff = nowMs < this.#gatewayBackoff.notBeforeMs ? afterCrash(this.#gatewayBackoff, nowMs) : NO_BACKOFF;
    if (this.#gatewayBackoff.crashes === 0) {
      // The first one at once; another end within a second is a loop.
      this.#gatewayBackoff = { crashes: 0, notBeforeMs: nowMs + 1000 };
      this.#startGateway(gateway.index);
    } else {
      this.#missingGateways.add(gateway.index);
    }
    this.#switchedIfAll(nowMs);
  }

  // Time

  #onTick(nowMs: number): void {
    for (const generation of [...this.#generations]) {
      generation.tick(nowMs);
      this.#bootedIfReady(generation, nowMs);
      if (generation.state.kind === 'draining') {
        const graceMs = (generation.settings?.graceful_timeout ?? 0) * 1000;
        if (nowMs - generation.state.sinceMs > graceMs) generation.killAll('graceful-timeout', nowMs);
        this.#retireGeneration(generation, nowMs);
      } else if (generation.state.kind === 'given-up') {
        this.#retireGeneration(generation, nowMs);
      }
    }
    if (this.#phase.kind === 'stopping') return this.#pressStop(this.#phase, nowMs);
    if (nowMs >= this.#gatewayBackoff.notBeforeMs) {
      for (const index of [...this.#missingGateways]) {
        this.#missingGateways.delete(index);
        this.#startGateway(index);
      }
    }
    if (this.#reviveAtMs !== null && nowMs >= this.#reviveAtMs && this.#next === null) this.#reload(nowMs);
  }

  // The end

  #stop(manner: 'graceful' | 'quick', exitCode: number, nowMs: number): void {
    if (this.#phase.kind === 'stopping') {
      if (this.#phase.manner === 'quick' || manner === 'graceful') return;
      this.#log.log('info', 'Quick shutdown requested');
      exitCode = this.#phase.exitCode;
    }
    this.#phase = { kind: 'stopping', manner, sinceMs: nowMs, exitCode };
    if (this.#next !== null) this.#forgetNext(this.#next, 'the arbiter stops', nowMs);
    this.#start.listeners.close();
    for (const gateway of this.#gateways.values()) gateway.send({ type: 'drain', manner });
    if (manner === 'quick') {
      for (const generation of this.#generations) {
        generation.signalAll('SIGQUIT');
        // From here on nothing forks successors for the workers that go.
        if (generation.state.kind !== 'given-up') generation.drain(nowMs);
      }
    }
    this.#stoppedIfAll(nowMs);
  }

  /** Once the gateways are done, the workers' pipes end; once those are gone too, so is the arbiter. */
  #stoppedIfAll(nowMs: number): void {
    if (this.#phase.kind !== 'stopping' || this.#gateways.size > 0) return;
    for (const generation of [...this.#generations]) {
      if (generation.state.kind !== 'draining' && generation.state.kind !== 'given-up') generation.drain(nowMs);
      if (generation.forkserverState === 'dead' && generation.workers.size === 0) this.#generations.delete(generation);
    }
    if (this.#generations.size > 0) return;
    if (this.#ticker !== null) clearInterval(this.#ticker);
    this.#board.close();
    this.#start.pidFile?.remove();
    if (this.#lifelineFd !== null) fs.closeSync(this.#lifelineFd);
    this.#finish(this.#phase.exitCode);
  }

  #pressStop(phase: Phase & { kind: 'stopping' }, nowMs: number): void {
    const graceMs = this.#resolved.settings.graceful_timeout * 1000;
    if (nowMs - phase.sinceMs > graceMs) {
      for (const gateway of this.#gateways.values()) gateway.kill();
      for (const generation of this.#generations) {
        if (generation.state.kind === 'serving') generation.drain(nowMs);
        generation.killAll('graceful-timeout', nowMs);
        // Whatever still holds a forkserver up, it is not a worker any more.
        if (generation.workers.size === 0 && generation.forkserverState === 'alive') generation.forkserver.kill();
      }
    }
    this.#stoppedIfAll(nowMs);
  }
}

function failureReason(code: number, message: string): string {
  if (code === EXIT_APP_LOAD) return `App failed to load. ${message}`;
  if (code === EXIT_WORKER_BOOT) return `Worker failed to boot. ${message}`;
  return message;
}
