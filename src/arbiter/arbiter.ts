// The arbiter: one loop over one queue of events. Signals, messages, ends of children and ticks are all put into the queue, and
// handled one after the other here.

import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import type { ErrorLog } from '../log/error-log.ts';
import { prepareLogFile } from '../log/log-file.ts';
import type { Asked, HookFailure } from '../messages/about-hooks.ts';
import type { Configure, Configured, FromForkserver } from '../messages/between-arbiter-and-forkserver.ts';
import type { FromGateway } from '../messages/between-arbiter-and-gateway.ts';
import type { Telemetry } from '../metrics/telemetry.ts';
import { ClaimsBoard, monotonicMs } from '../runqueue/claims-board.ts';
import type { Settings } from '../settings/settings.ts';
import { ArbiterMetrics } from './arbiter-metrics.ts';
import { type ArbiterPidFile, pidFilePath } from './arbiter-pid-file.ts';
import { setArbiterTitle } from './arbiter-title.ts';
import { EXIT_ERROR, EXIT_OK } from './exit-status.ts';
import type { ForkserverCommand } from './forkserver-command.ts';
import { type ForkserverEvents, ForkserverHandle } from './forkserver-handle.ts';
import type { GatewayHandle } from './gateway-handle.ts';
import { Gateways } from './gateways.ts';
import type { Generation } from './generation.ts';
import { Generations } from './generations.ts';
import { holdLastHook, lastHookStep } from './last-hook.ts';
import type { Listeners } from './listeners.ts';
import { obeyHook } from './obey-hook.ts';
import { Reloader } from './reloader/reloader.ts';
import type { Resolution, ResolvedSettings } from './resolved-settings.ts';
import type { RuntimeDirectories } from './runtime-directory.ts';
import { ServiceManager } from './service-manager.ts';
import { serviceState } from './service-state.ts';
import { type HookFacts, startContext } from './settle-message.ts';
import { HANDLED_SIGNALS, type HandledSignal } from './signals.ts';
import { nameSuffix, type OwnStart } from './start-self.ts';
import { Upgrade } from './upgrade.ts';

const TICK_MS = 200;
const LAST_WORDS_MS = 1000;
const STOP_FORK_DELAY_MS = 500;

/** What the command has prepared before the arbiter takes over. */
export interface ArbiterStart {
  readonly forkserverCommand: ForkserverCommand;
  /** What each new forkserver is told first. */
  readonly configure: Configure;
  /** The first generation's forkserver, which has evaluated the configuration file already. */
  readonly firstForkserver: (events: ForkserverEvents) => ForkserverHandle;
  readonly resolved: ResolvedSettings;
  /** The hooks that the first generation has. */
  readonly hooks: ReadonlySet<string>;
  readonly resolve: (found: Configured) => Resolution;
  readonly log: ErrorLog;
  readonly telemetry: Telemetry;
  readonly listeners: Listeners;
  readonly pidFile: ArbiterPidFile;
  readonly ownStart: OwnStart;
  /** An interpreter for what Node cannot do by itself, here and in the gateways. */
  readonly python: string;
  readonly directories: RuntimeDirectories;
}

type ArbiterEvent =
  | { readonly type: 'signal'; readonly signal: HandledSignal }
  | { readonly type: 'forkserver-message'; readonly generation: Generation; readonly message: FromForkserver }
  | { readonly type: 'forkserver-gone'; readonly generation: Generation; readonly how: string }
  | { readonly type: 'gateway-message'; readonly gateway: GatewayHandle; readonly message: FromGateway }
  | { readonly type: 'gateway-gone'; readonly gateway: GatewayHandle; readonly how: string }
  | { readonly type: 'rebound'; readonly generation: Generation; readonly failure: string | null }
  | { readonly type: 'new-arbiter-gone'; readonly child: ChildProcess; readonly how: string }
  | { readonly type: 'first-failed'; readonly exitCode: number }
  /** With `reload`: `why` is the line for the log. */
  | { readonly type: 'files-changed'; readonly why: string }
  | { readonly type: 'tick' };

type Phase =
  | { readonly kind: 'running' }
  /** Neither gateways nor workers, once the ones there were have finished: who connects waits in the sockets' backlogs. */
  | { readonly kind: 'paused' }
  /** Told to stop, and waiting for shutdown_delay to pass: load balancers shall notice first. */
  | { readonly kind: 'leaving'; readonly untilMs: number }
  | {
      readonly kind: 'stopping';
      readonly manner: 'graceful' | 'quick';
      readonly sinceMs: number;
      readonly exitCode: number;
    };

export class Arbiter {
  readonly #start: ArbiterStart;
  readonly #log: ErrorLog;
  readonly #metrics: ArbiterMetrics;
  readonly #board: ClaimsBoard;
  readonly #gateways: Gateways;
  readonly #generations: Generations;
  readonly #reloader: Reloader;
  readonly #upgrade: Upgrade;
  readonly #serviceManager: ServiceManager;
  readonly #queue: ArbiterEvent[] = [];
  #loop: 'idle' | 'busy' | 'ended' = 'idle';
  #phase: Phase = { kind: 'running' };
  /** Of the generation that serves. */
  #resolved: ResolvedSettings;
  /** Gateways that have still to say that they serve the next generation. */
  #unswitched: Set<number> | null = null;
  #lifelineFd: number | null = null;
  #ticker: NodeJS.Timeout | null = null;
  #goodbye: 'to-say' | 'said' = 'to-say';
  #finish: (exitCode: number) => void = () => {};

  constructor(start: ArbiterStart) {
    this.#start = start;
    this.#log = start.log;
    this.#metrics = new ArbiterMetrics(start.telemetry);
    this.#resolved = start.resolved;
    const { settings, ids } = start.resolved;
    this.#board = ClaimsBoard.create(start.directories.runtimeDir, settings.gateways, ids);
    this.#gateways = new Gateways(start.log, {
      message: (gateway, message) => this.#post({ type: 'gateway-message', gateway, message }),
      gone: (gateway, how) => this.#post({ type: 'gateway-gone', gateway, how }),
      introduce: (gateway) => this.#introduce(gateway),
    });
    this.#reloader = new Reloader(start.log, start.forkserverCommand.cwd, start.configure.config, (why) => {
      this.#post({ type: 'files-changed', why });
    });
    this.#generations = this.#makeGenerations();
    this.#upgrade = new Upgrade(start.ownStart, {
      log: (level, message) => this.#log.log(level, message),
      childGone: (child, how) => this.#post({ type: 'new-arbiter-gone', child, how }),
    });
    this.#serviceManager = new ServiceManager({
      python: start.python,
      environment: process.env,
      warn: (message) => this.#log.log('warning', message),
      ask: () => this.#gateways.broadcast({ type: 'ping' }),
    });
  }

  /** Serves until a signal or a failed first boot ends it; resolves to the exit status. */
  run(): Promise<number> {
    const finished = new Promise<number>((resolve) => {
      this.#finish = resolve;
    });
    for (const signal of HANDLED_SIGNALS) process.on(signal, () => this.#post({ type: 'signal', signal }));
    this.#ticker = setInterval(() => this.#post({ type: 'tick' }), TICK_MS);
    this.#gateways.complete(this.#start.resolved.settings.gateways);
    if (this.#upgrade.state.kind !== 'newer') this.#serviceManager.open();
    this.#generations.startFirst(this.#resolved, this.#start.hooks);
    return finished;
  }

  #post(event: ArbiterEvent): void {
    this.#queue.push(event);
    if (this.#loop !== 'idle') return;
    this.#loop = 'busy';
    // A handler may post; that event is handled after it, never inside it.
    while (this.#isBusy()) {
      const next = this.#queue.shift();
      if (next === undefined) this.#loop = 'idle';
      else {
        this.#handle(next, monotonicMs());
        this.#serviceManager.show(serviceState(this.#phase.kind, this.#generations, this.#upgrade.state));
      }
    }
  }

  /** A handler may have ended the loop. */
  #isBusy(): boolean {
    return this.#loop === 'busy';
  }

  #handle(event: ArbiterEvent, nowMs: number): void {
    switch (event.type) {
      case 'signal':
        return this.#onSignal(event.signal, nowMs);
      case 'forkserver-message':
        return this.#generations.heard(event.generation, event.message, nowMs);
      case 'forkserver-gone':
        this.#generations.forkserverGone(
          event.generation,
          event.how,
          !['paused', 'stopping'].includes(this.#phase.kind),
          nowMs,
        );
        return this.#endIfStopped(nowMs);
      case 'gateway-message':
        return this.#onGatewayMessage(event.gateway, event.message, nowMs);
      case 'gateway-gone':
        return this.#onGatewayGone(event.gateway, event.how, nowMs);
      case 'rebound':
        return this.#onRebound(event.generation, event.failure, nowMs);
      case 'new-arbiter-gone':
        this.#upgrade.childGone(event.child, event.how);
        return this.#tellFacts();
      case 'first-failed':
        return this.#stop('quick', event.exitCode, nowMs);
      case 'files-changed':
        if (this.#phase.kind !== 'running') return;
        this.#log.log('info', event.why);
        return this.#generations.reload(nowMs);
      case 'tick':
        return this.#onTick(nowMs);
    }
  }

  #onSignal(signal: HandledSignal, nowMs: number): void {
    const level = signal === 'SIGWINCH' && !this.#resolved.settings.daemon ? 'debug' : 'info';
    this.#log.log(level, `Handling signal: ${signal.slice(3).toLowerCase()}`);
    switch (signal) {
      case 'SIGTERM':
        // A second TERM means now.
        if (this.#phase.kind === 'running' && this.#resolved.settings.shutdown_delay > 0) return this.#leave(nowMs);
        return this.#stop(['running', 'paused'].includes(this.#phase.kind) ? 'graceful' : 'quick', EXIT_OK, nowMs);
      case 'SIGINT':
      case 'SIGQUIT':
        return this.#stop('quick', EXIT_OK, nowMs);
      case 'SIGHUP':
        if (this.#phase.kind === 'stopping') return;
        this.#log.log('info', 'Hang up: Arbiter');
        this.#reloader.forgetBurst();
        this.#resume(this.#resolved.settings.workers, nowMs);
        return this.#generations.reload(nowMs);
      case 'SIGTTIN':
        return this.#resize(1, nowMs);
      case 'SIGTTOU':
        return this.#resize(-1, nowMs);
      case 'SIGUSR1':
        return this.#reopenLogs();
      case 'SIGUSR2':
        return this.#beginUpgrade();
      case 'SIGWINCH':
        if (this.#resolved.settings.daemon) return this.#pause();
        this.#log.log('debug', 'SIGWINCH ignored. Not daemonized');
        return;
    }
  }

  #resize(by: 1 | -1, nowMs: number): void {
    const generation = this.#generations.serving;
    if (generation === null || this.#phase.kind === 'stopping') return;
    if (this.#phase.kind !== 'paused') return generation.resizeBy(by, nowMs);
    if (by > 0) this.#resume(1, nowMs);
  }

  #onAsk(ask: Asked, nowMs: number): void {
    const isStopping = this.#phase.kind === 'stopping';
    const stop = (manner: 'graceful' | 'quick'): void => this.#stop(manner, EXIT_OK, nowMs);
    obeyHook(ask, { generations: this.#generations, isStopping, stop }, nowMs);
  }

  /** SIGWINCH: everybody finishes what there is and goes, the arbiter stays. Undone by TTIN and HUP. */
  #pause(): void {
    if (this.#phase.kind !== 'running' || this.#generations.serving === null) return;
    this.#log.log('info', 'graceful stop of workers');
    this.#phase = { kind: 'paused' };
    // Gateways that went on accepting would take connections from a new arbiter that has workers. The workers go after them.
    this.#gateways.dismiss();
  }

  #resume(workers: number, nowMs: number): void {
    const { serving } = this.#generations;
    if (this.#phase.kind !== 'paused' || serving === null) return;
    this.#phase = { kind: 'running' };
    this.#gateways.complete(this.#start.resolved.settings.gateways);
    serving.resizeTo(workers, nowMs);
    // Nobody has missed it until now.
    if (serving.forkserverState === 'dead') this.#generations.reload(nowMs);
  }

  #beginUpgrade(): void {
    if (this.#phase.kind === 'stopping') return;
    const refusal = this.#upgrade.refusal();
    if (refusal !== null) return this.#log.log('warning', refusal);
    const { serving } = this.#generations;
    if (serving === null || !serving.hooks.has('pre_exec') || serving.forkserverState === 'dead') {
      return this.#startSuccessor();
    }
    serving.forkserver.send({ type: 'hook', hook: 'pre_exec' });
  }

  #startSuccessor(): void {
    this.#upgrade.begin(this.#start.listeners);
    this.#tellFacts();
  }

  #onPreExecDone(failure: HookFailure | null): void {
    if (this.#phase.kind === 'stopping' || this.#upgrade.refusal() !== null) return;
    if (failure === null) return this.#startSuccessor();
    const what = `The upgrade is given up: error in the hook ${failure.message}`;
    this.#log.log('error', `${what}\n${failure.traceback}`.trimEnd());
  }

  /** The older arbiter has gone: its names are this one's now. */
  #promote(): void {
    const { gateway, settings } = this.#resolved;
    this.#log.log('info', 'Arbiter has been promoted.');
    setArbiterTitle(gateway.procName.replace(/\.2$/, ''));
    this.#movePidFile(settings);
    this.#tellFacts();
    this.#serviceManager.open();
  }

  #movePidFile(settings: Settings): void {
    const failure = this.#start.pidFile.moveTo(pidFilePath(settings, nameSuffix(this.#start.ownStart)));
    if (failure !== null) this.#log.log('error', `The pid file stays where it is: ${failure}`);
  }

  #reopenLogs(): void {
    const { gateway, ids } = this.#resolved;
    this.#log.reopen();
    // Made here, where the directory may be writable for this process only; if it cannot be, the gateways will say so.
    prepareLogFile(gateway.accessLog, { uid: ids.userId, gid: ids.groupId });
    this.#gateways.broadcast({ type: 'reopen-logs' });
    for (const generation of this.#generations.all()) {
      generation.forkserver.send({ type: 'reopen-logs' });
      generation.signalAll('SIGUSR1');
    }
  }

  // Generations

  #makeGenerations(): Generations {
    const { directories, listeners, firstForkserver, forkserverCommand, configure: first, resolve } = this.#start;
    return new Generations({
      log: this.#log,
      board: this.#board,
      directories,
      resolve,
      startForkserver: (events, configure) => {
        if (!configure) return firstForkserver(events);
        const forkserver = new ForkserverHandle(forkserverCommand, events);
        forkserver.send(first);
        return forkserver;
      },
      forkserverMessage: (generation, message) => this.#post({ type: 'forkserver-message', generation, message }),
      forkserverGone: (generation, how) => this.#post({ type: 'forkserver-gone', generation, how }),
      gatewaysUp: () => this.#gateways.numbersUp(),
      areGatewaysUp: () => this.#gateways.areAllUp,
      prepared: (generation) => this.#holdLifeline(generation),
      switchTo: (generation, resolved) => {
        if (listeners.isSame(resolved.settings.bind)) return this.#switch(generation);
        const change = listeners.change(resolved.settings.bind, ({ address }) => {
          this.#gateways.broadcast({ type: 'unlisten', id: address.id });
        });
        void change.then((outcome) => {
          this.#post({ type: 'rebound', generation, failure: outcome.ok ? null : outcome.message });
        });
      },
      workerRetires: ({ slot, slots }) => this.#gateways.broadcast({ type: 'worker-retires', slot, slots }),
      workerGone: (generation, { slot, slots }) => {
        this.#gateways.broadcast({ type: 'worker-gone', slot, slots, generation: generation.number });
      },
      workersReady: (generation, concurrency) => {
        this.#gateways.broadcast({ type: 'workers', generation: generation.number, concurrency });
      },
      pipeEmpty: (generation) => this.#gateways.broadcast({ type: 'pipe-empty', generation: generation.number }),
      generationGone: (generation) => {
        this.#gateways.broadcast({ type: 'generation-gone', generation: generation.number });
      },
      started: ({ number }) => {
        // The first forkserver has been at work since the command was started.
        this.#reloader.generationStarts(number, number === 1 ? performance.timeOrigin : Date.now());
      },
      settled: ({ number }, { settings }) => this.#reloader.configure(number, settings),
      loaded: ({ number }, files) => this.#reloader.loaded(number, files),
      serves: ({ number }) => this.#reloader.serves(number),
      expire: (number, ticket) => this.#gateways.get(number)?.send({ type: 'expire', ticket }),
      holdLastHook: (exitCode) => holdLastHook(this.#generations.host, exitCode),
      firstFailed: (exitCode) => this.#post({ type: 'first-failed', exitCode }),
      hookFacts: () => this.#hookFacts(),
      asked: (ask, nowMs) => this.#onAsk(ask, nowMs),
      mainLoopFailed: (exitCode, nowMs) => this.#mainLoopFailed(exitCode, nowMs),
      preExecDone: (failure) => this.#onPreExecDone(failure),
      lastHookDone: (generation, failure, nowMs) => this.#onLastHookDone(generation, failure, nowMs),
    });
  }

  #tellFacts(): void {
    for (const generation of this.#generations.all()) generation.tellFacts(this.#hookFacts());
  }

  #hookFacts(): HookFacts {
    const { listeners, pidFile, forkserverCommand } = this.#start;
    const upgrade = this.#upgrade.state;
    return {
      listeners: listeners.current().map(({ address, bind }) => ({ label: address.label, bind: bind.text })),
      pidfile: pidFile.path,
      master_pid: upgrade.kind === 'newer' ? upgrade.parent : 0,
      reexec_pid: upgrade.kind === 'older' ? upgrade.pid : 0,
      start: startContext(forkserverCommand.cwd),
    };
  }

  /** The forkserver has made the pipe by now; the end of this process is the end of its only writer. */
  #holdLifeline(generation: Generation): void {
    if (this.#lifelineFd !== null || generation.settings === null) return;
    const flags = fs.constants.O_WRONLY | fs.constants.O_NONBLOCK;
    try {
      this.#lifelineFd = fs.openSync(generation.settings.lifeline_path, flags);
    } catch {
      // ENXIO: the forkserver that was to read it has just died; the next generation's will do.
    }
  }

  #onRebound(generation: Generation, failure: string | null, nowMs: number): void {
    const { listeners } = this.#start;
    for (const gateway of this.#gateways.running()) this.#sendListeners(gateway);
    if (generation !== this.#generations.switching) return;
    if (failure !== null) return this.#generations.switchFailed(failure, nowMs);
    this.#log.log('info', listeners.describe());
    this.#tellFacts();
    this.#switch(generation);
  }

  #switch(generation: Generation): void {
    this.#unswitched = new Set(this.#gateways.running().map((gateway) => gateway.number));
    for (const gateway of this.#gateways.running()) this.#sendServe(gateway, generation);
    // Paused: there may be none that had to be told.
    this.#switchedIfAll(monotonicMs());
  }

  #switchedIfAll(nowMs: number): void {
    const generation = this.#generations.switching;
    if (generation === null || this.#unswitched === null || this.#unswitched.size > 0) return;
    this.#unswitched = null;
    this.#resolved = this.#generations.settingsOf(generation) ?? this.#resolved;
    const { gateway, settings } = this.#resolved;
    this.#log.relay.target = gateway.logWriter === 'python' ? generation.forkserver : null;
    this.#log.configure(gateway.errorLog, settings.loglevel, gateway.logFormat);
    this.#start.telemetry.configure(gateway);
    setArbiterTitle(gateway.procName);
    this.#movePidFile(settings);
    this.#generations.switched(nowMs);
    if (this.#phase.kind === 'paused') this.#dismissWorkers(nowMs);
  }

  // Gateways

  #introduce(gateway: GatewayHandle): void {
    const { directories } = this.#start;
    gateway.send({
      type: 'start',
      number: gateway.number,
      index: gateway.index,
      gateways: this.#start.resolved.settings.gateways,
      runtimeDir: directories.runtimeDir,
      spoolDir: directories.spoolDir,
      python: this.#start.python,
      settings: this.#resolved.gateway,
    });
    this.#sendListeners(gateway);
    const { serving, switching } = this.#generations;
    if (serving !== null) this.#sendServe(gateway, serving);
    if (switching === null || this.#unswitched === null) return;
    this.#unswitched.add(gateway.number);
    this.#sendServe(gateway, switching);
  }

  #sendListeners(gateway: GatewayHandle): void {
    const { listeners } = this.#start;
    for (const { address, handle } of listeners.current()) gateway.listen(address, handle);
    for (const id of listeners.closedIds()) gateway.send({ type: 'unlisten', id });
  }

  #sendServe(gateway: GatewayHandle, generation: Generation): void {
    const resolved = this.#generations.settingsOf(generation) ?? this.#resolved;
    gateway.send({
      type: 'serve',
      generation: generation.number,
      capacity: generation.capacity,
      concurrency: generation.concurrency,
      settings: resolved.gateway,
    });
  }

  #onGatewayMessage(gateway: GatewayHandle, message: FromGateway, nowMs: number): void {
    switch (message.type) {
      case 'up':
        this.#gateways.isUp(gateway);
        return this.#generations.bootNext(nowMs);
      case 'serving':
        if (message.generation !== this.#generations.switching?.number) return;
        this.#unswitched?.delete(gateway.number);
        return this.#switchedIfAll(nowMs);
      case 'expired':
        for (const generation of this.#generations.all()) {
          generation.expired(message.ticket, message.method, message.target, nowMs);
        }
        return;
      case 'pong':
        return this.#serviceManager.answered();
      case 'log':
        return this.#log.logFor(message.pid, message.level, message.message);
      case 'access':
        return this.#log.relay.access(message);
      case 'drained':
        return;
    }
  }

  #onGatewayGone(gateway: GatewayHandle, how: string, nowMs: number): void {
    this.#gateways.forget(gateway);
    if (this.#phase.kind === 'stopping') return this.#endIfStopped(nowMs);
    this.#unswitched?.delete(gateway.number);
    if (this.#phase.kind === 'paused') this.#dismissWorkers(nowMs);
    else this.#gateways.replace(gateway, how, nowMs);
    this.#switchedIfAll(nowMs);
  }

  /** Paused: once the last gateway has finished, the workers have nothing more to do. */
  #dismissWorkers(nowMs: number): void {
    const { serving } = this.#generations;
    if (this.#gateways.size > 0 || serving === null) return;
    serving.resizeTo(0, nowMs);
  }

  // Time, and the end

  #onTick(nowMs: number): void {
    if (this.#upgrade.isPromoted()) this.#promote();
    this.#serviceManager.tick(nowMs);
    this.#generations.tick(nowMs);
    this.#measure(nowMs);
    if (this.#phase.kind === 'stopping') return this.#press(this.#phase, nowMs);
    this.#gateways.tick(nowMs);
    if (this.#phase.kind === 'leaving' && nowMs >= this.#phase.untilMs) this.#stop('graceful', EXIT_OK, nowMs);
  }

  #measure(nowMs: number): void {
    const workers = [...this.#generations.all()].reduce((sum, generation) => sum + generation.workers.size, 0);
    const addresses = this.#start.listeners.current().map((listener) => listener.address);
    const listening = addresses
      .filter(({ kind }) => kind === 'tcp')
      .map(({ host, port }) => ({ host, port: Number(port) }));
    this.#metrics.tick(nowMs, workers, listening, this.#resolved.settings.enable_backlog_metric);
  }

  #leave(nowMs: number): void {
    const { shutdown_delay: delay } = this.#resolved.settings;
    this.#log.log('info', `Serving for ${delay} s more before the drain (shutdown_delay)`);
    this.#phase = { kind: 'leaving', untilMs: nowMs + delay * 1000 };
    this.#gateways.broadcast({ type: 'announce-close' });
  }

  #stop(manner: 'graceful' | 'quick', exitCode: number, nowMs: number): void {
    const before = this.#phase;
    if (this.#upgrade.isPromoted()) this.#promote();
    if (before.kind === 'stopping') {
      if (before.manner === 'quick' || manner === 'graceful') return;
      this.#log.log('info', 'Quick shutdown requested');
    }
    const first = before.kind === 'stopping' ? before : { sinceMs: nowMs, exitCode };
    this.#phase = { kind: 'stopping', manner, sinceMs: first.sinceMs, exitCode: first.exitCode };
    holdLastHook(this.#generations.host, first.exitCode);
    this.#reloader.close();
    this.#generations.stopNext(nowMs);
    // An older or newer arbiter that lives listens on the same Unix sockets.
    this.#start.listeners.close(this.#upgrade.state.kind === 'alone' ? 'remove' : 'keep');
    // Workers that the same TERM has ended are needed again only if there is work left.
    for (const generation of this.#generations.all()) generation.forkNothingBefore(nowMs + STOP_FORK_DELAY_MS);
    this.#gateways.broadcast({ type: 'drain', manner });
    if (manner === 'quick') {
      for (const generation of this.#generations.all()) generation.signalAll('SIGQUIT');
      this.#generations.drainAll(nowMs);
    }
    this.#endIfStopped(nowMs);
  }

  /** Once the gateways are done, the ticket pipes end; once the workers and forkservers are gone too, so is the arbiter. */
  #endIfStopped(nowMs: number): void {
    const phase = this.#phase;
    if (phase.kind !== 'stopping' || this.#gateways.size > 0 || this.#loop === 'ended') return;
    this.#generations.drainAll(nowMs);
    if (this.#callsLastHook(phase, nowMs) || this.#generations.size > 0) return;
    this.#loop = 'ended';
    if (this.#ticker !== null) clearInterval(this.#ticker);
    this.#board.close();
    if (this.#lifelineFd !== null) fs.closeSync(this.#lifelineFd);
    this.#sayGoodbye();
    this.#finish(phase.exitCode);
  }

  #sayGoodbye(): void {
    if (this.#goodbye === 'said') return;
    this.#goodbye = 'said';
    this.#start.pidFile.remove();
    this.#log.log('info', 'Shutting down: Arbiter');
  }

  /** Whether there is something to wait for. */
  #callsLastHook(phase: Phase & { kind: 'stopping' }, nowMs: number): boolean {
    const { host, size } = this.#generations;
    const step = lastHookStep(host, size);
    if (step !== 'call' || host === null) return step === 'wait';
    host.lastHook = 'under-way';
    // It has as much time as the workers had.
    this.#phase = { ...phase, sinceMs: nowMs };
    this.#sayGoodbye();
    host.forkserver.send({ type: 'hook', hook: 'on_exit' });
    return true;
  }

  #mainLoopFailed(exitCode: number, nowMs: number): void {
    // A stop that is under way goes on as it was asked for.
    if (this.#phase.kind === 'stopping') this.#phase = { ...this.#phase, exitCode };
    else this.#stop('quick', exitCode, nowMs);
  }

  #onLastHookDone(generation: Generation, failure: HookFailure | null, nowMs: number): void {
    if (failure !== null) {
      this.#log.log('error', `Error in the hook ${failure.message}\n${failure.traceback.trimEnd()}`);
      if (this.#phase.kind === 'stopping') this.#phase = { ...this.#phase, exitCode: failure.code ?? EXIT_ERROR };
    }
    generation.lastHookDone();
    this.#endIfStopped(nowMs);
  }

  #press(phase: Phase & { kind: 'stopping' }, nowMs: number): void {
    const overtimeMs = nowMs - phase.sinceMs - this.#resolved.settings.graceful_timeout * 1000;
    // The gateways tell the clients that still wait, and need a moment for it.
    if (overtimeMs > LAST_WORDS_MS) this.#gateways.kill();
    if (overtimeMs > 0) {
      this.#gateways.broadcast({ type: 'drain', manner: 'quick' });
      this.#generations.drainAll(nowMs);
      for (const generation of this.#generations.all()) {
        generation.killAll('graceful-timeout', nowMs);
        // Whatever still holds its forkserver up, it is not a worker any more.
        if (
          generation.workers.size === 0 &&
          generation.forkserverState === 'alive' &&
          generation.lastHook !== 'to-come'
        )
          generation.forkserver.kill();
      }
    }
    this.#endIfStopped(nowMs);
  }
}
