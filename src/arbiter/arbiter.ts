// The arbiter: one loop over one queue of events. Signals, messages, ends of children and ticks are all put into the queue, and
// handled one after the other here; what each of them sets going is in the parts that are made below.

import type { ChildProcess } from 'node:child_process';
import type { ErrorLog } from '../log/error-log.ts';
import type { FromForkserver } from '../messages/between-arbiter-and-forkserver.ts';
import type { FromGateway } from '../messages/between-arbiter-and-gateway.ts';
import { ClaimsBoard, monotonicMs } from '../runqueue/claims-board.ts';
import { ArbiterMetrics } from './arbiter-metrics.ts';
import { ArbiterPhase } from './arbiter-phase.ts';
import type { ArbiterStart } from './arbiter-start.ts';
import { EventQueue } from './event-queue.ts';
import { obeyHook } from './forkserver/hook-requests.ts';
import { afterHook } from './forkserver/hook-results.ts';
import { hookFacts } from './forkserver/server-facts.ts';
import { SignalEchoes } from './forkserver/signal-echoes.ts';
import type { GatewayHandle } from './gateways/gateway-handle.ts';
import { Gateways } from './gateways/gateways.ts';
import { StreamTotals } from './gateways/stream-totals.ts';
import { DrainNotice } from './generations/drain-notice.ts';
import type { Generation } from './generations/generation.ts';
import { Generations } from './generations/generations.ts';
import { Switchover } from './generations/switchover.ts';
import { Pause } from './pause.ts';
import { removeFilesOfGateway } from './process/runtime-directory.ts';
import { Upgrade } from './process/upgrade.ts';
import { Reloader } from './reloader/reloader.ts';
import { SettingsInForce } from './settings-in-force.ts';
import { Shutdown } from './shutdown.ts';
import { HANDLED_SIGNALS, type HandledSignal } from './signals.ts';
import { ServiceManager, serviceState } from './systemd/service-manager.ts';
import { Lifeline } from './workers/lifeline.ts';

const TICK_MS = 200;

type ArbiterEvent =
  | { readonly type: 'signal'; readonly signal: HandledSignal }
  | { readonly type: 'forkserver-message'; readonly generation: Generation; readonly message: FromForkserver }
  | { readonly type: 'forkserver-gone'; readonly generation: Generation; readonly how: string }
  | { readonly type: 'gateway-message'; readonly gateway: GatewayHandle; readonly message: FromGateway }
  | { readonly type: 'gateway-gone'; readonly gateway: GatewayHandle; readonly how: string }
  | { readonly type: 'unbound' }
  | { readonly type: 'rebound'; readonly generation: Generation; readonly failure: string | null }
  | { readonly type: 'new-arbiter-gone'; readonly child: ChildProcess; readonly how: string }
  | { readonly type: 'first-failed'; readonly exitCode: number }
  /** With `reload`: `why` is the line for the log. */
  | { readonly type: 'files-changed'; readonly why: string }
  | { readonly type: 'tick' };

export class Arbiter {
  readonly #start: ArbiterStart;
  readonly #log: ErrorLog;
  readonly #queue: EventQueue<ArbiterEvent>;
  readonly #phase: ArbiterPhase;
  readonly #inForce: SettingsInForce;
  readonly #board: ClaimsBoard;
  readonly #lifeline: Lifeline = new Lifeline();
  readonly #gateways: Gateways;
  readonly #generations: Generations;
  readonly #switchover: Switchover;
  readonly #pause: Pause;
  readonly #upgrade: Upgrade;
  readonly #shutdown: Shutdown;
  readonly #reloader: Reloader;
  readonly #metrics: ArbiterMetrics;
  readonly #streams: StreamTotals = new StreamTotals();
  readonly #drainNotice: DrainNotice;
  readonly #echoes: SignalEchoes = new SignalEchoes();
  readonly #serviceManager: ServiceManager;
  #ticker: NodeJS.Timeout | null = null;
  #finish: (exitCode: number) => void = () => {};

  constructor(start: ArbiterStart) {
    this.#start = start;
    const { log, listeners, pidFile } = start;
    const { settings, ids } = start.resolved;
    this.#log = log;
    this.#phase = new ArbiterPhase(log);
    this.#queue = new EventQueue((event) => this.#turn(event));
    this.#inForce = new SettingsInForce(start);
    this.#board = ClaimsBoard.create(start.directories.runtimeDir, settings.gateways, ids);
    this.#gateways = new Gateways(log, {
      message: (gateway, message) => this.#queue.post({ type: 'gateway-message', gateway, message }),
      gone: (gateway, how) => this.#queue.post({ type: 'gateway-gone', gateway, how }),
      introduce: (gateway) => this.#switchover.introduce(gateway),
    });
    this.#reloader = new Reloader(log, start.forkserverCommand.cwd, start.configure.config, (why) => {
      this.#queue.post({ type: 'files-changed', why });
    });
    this.#generations = new Generations({
      start,
      board: this.#board,
      gateways: this.#gateways,
      lifeline: this.#lifeline,
      reloader: this.#reloader,
      forkserverMessage: (generation, message) => this.#queue.post({ type: 'forkserver-message', generation, message }),
      forkserverGone: (generation, how) => this.#queue.post({ type: 'forkserver-gone', generation, how }),
      firstFailed: (exitCode) => this.#queue.post({ type: 'first-failed', exitCode }),
      switchTo: (generation, resolved) => this.#switchover.begin(generation, resolved),
      hookFacts: () => hookFacts(start, this.#upgrade.state),
    });
    this.#drainNotice = new DrainNotice(log, this.#streams);
    const parts = {
      start,
      log,
      listeners,
      pidFile,
      phase: this.#phase,
      inForce: this.#inForce,
      gateways: this.#gateways,
      generations: this.#generations,
      reloader: this.#reloader,
      drainNotice: this.#drainNotice,
    };
    this.#pause = new Pause({ ...parts, gatewayCount: settings.gateways });
    this.#switchover = new Switchover({
      ...parts,
      rebound: (generation, failure) => this.#queue.post({ type: 'rebound', generation, failure }),
      switched: (nowMs) => this.#pause.dismissWorkers(nowMs),
      sharing: () => (this.#upgrade.state.kind === 'alone' ? 'alone' : 'shared'),
    });
    this.#upgrade = new Upgrade({
      ...parts,
      childEnded: (child, how) => this.#queue.post({ type: 'new-arbiter-gone', child, how }),
      promoted: () => this.#promoted(),
    });
    this.#shutdown = new Shutdown({
      ...parts,
      upgrade: this.#upgrade,
      unbound: () => this.#queue.post({ type: 'unbound' }),
      ended: (exitCode) => this.#end(exitCode),
    });
    this.#metrics = new ArbiterMetrics(start.telemetry);
    this.#serviceManager = new ServiceManager({
      python: start.python,
      environment: process.env,
      warn: (message) => log.log('warning', message),
      ask: () => this.#gateways.broadcast({ type: 'ping' }),
    });
  }

  /** Serves until a signal or a failed first boot ends it; resolves to the exit status. */
  run(): Promise<number> {
    const finished = new Promise<number>((resolve) => {
      this.#finish = resolve;
    });
    for (const signal of HANDLED_SIGNALS) process.on(signal, () => this.#queue.post({ type: 'signal', signal }));
    this.#ticker = setInterval(() => this.#queue.post({ type: 'tick' }), TICK_MS);
    this.#gateways.complete(this.#start.resolved.settings.gateways);
    if (this.#upgrade.state.kind !== 'newer') this.#serviceManager.open();
    this.#generations.startFirst(this.#start.resolved, this.#start.hooks);
    return finished;
  }

  #turn(event: ArbiterEvent): void {
    this.#handle(event, monotonicMs());
    this.#serviceManager.show(serviceState(this.#phase.kind, this.#generations, this.#upgrade.state));
  }

  #handle(event: ArbiterEvent, nowMs: number): void {
    switch (event.type) {
      case 'signal':
        if (!this.#echoes.own(event.signal, nowMs)) return;
        return this.#onSignal(event.signal, '', nowMs);
      case 'forkserver-message':
        return this.#onForkserverMessage(event.generation, event.message, nowMs);
      case 'forkserver-gone':
        return this.#onForkserverGone(event.generation, event.how, nowMs);
      case 'gateway-message':
        return this.#onGatewayMessage(event.gateway, event.message, nowMs);
      case 'gateway-gone':
        return this.#onGatewayGone(event.gateway, event.how, nowMs);
      case 'rebound':
        return this.#switchover.rebound(event.generation, event.failure, nowMs);
      case 'unbound':
        return this.#shutdown.unbound();
      case 'new-arbiter-gone':
        return this.#upgrade.childGone(event.child, event.how);
      case 'first-failed':
        return this.#shutdown.stop('quick', event.exitCode, nowMs);
      case 'files-changed':
        if (this.#phase.kind !== 'running') return;
        this.#log.log('info', event.why);
        return this.#generations.reload(nowMs);
      case 'tick':
        return this.#onTick(nowMs);
    }
  }

  #onSignal(signal: HandledSignal, how: string, nowMs: number): void {
    const { daemon } = this.#inForce.settings;
    const level = signal === 'SIGWINCH' && !daemon ? 'debug' : 'info';
    this.#log.log(level, `Handling signal: ${signal.slice(3).toLowerCase()}${how}`);
    this.#generations.handlers.call(signal);
    switch (signal) {
      case 'SIGTERM':
        return this.#shutdown.terminate(nowMs);
      case 'SIGINT':
      case 'SIGQUIT':
        return this.#shutdown.interrupt(nowMs);
      case 'SIGHUP':
        return this.#hangUp(nowMs);
      case 'SIGTTIN':
        return this.#resize(1, nowMs);
      case 'SIGTTOU':
        return this.#resize(-1, nowMs);
      case 'SIGUSR1':
        return this.#reopenLogs();
      case 'SIGUSR2':
        return this.#upgrade.order();
      case 'SIGWINCH':
        if (daemon) return this.#pause.begin(nowMs);
        return this.#log.log('debug', 'SIGWINCH ignored. Not daemonized');
    }
  }

  #hangUp(nowMs: number): void {
    if (this.#phase.kind === 'stopping') return;
    this.#log.log('info', 'Hang up: Arbiter');
    this.#reloader.forgetBurst();
    this.#pause.end(this.#inForce.settings.workers, nowMs);
    this.#generations.reload(nowMs);
  }

  #resize(by: 1 | -1, nowMs: number): void {
    if (this.#phase.kind === 'stopping') return;
    if (this.#phase.kind !== 'paused') this.#generations.serving?.resizeBy(by, nowMs);
    else if (by > 0) this.#pause.end(1, nowMs);
  }

  #reopenLogs(): void {
    this.#inForce.reopenLogs();
    this.#gateways.broadcast({ type: 'reopen-logs' });
    for (const generation of this.#generations.all()) {
      generation.forkserver.send({ type: 'reopen-logs' });
      generation.workers.signalAll('SIGUSR1');
    }
  }

  #onForkserverMessage(generation: Generation, message: FromForkserver, nowMs: number): void {
    const generations = this.#generations;
    const shutdown = this.#shutdown;
    switch (message.type) {
      case 'signalled': {
        const phase = this.#phase.kind === 'stopping' ? 'stopping' : 'other';
        if (!this.#echoes.passed(message.signal, message.at_ms, phase, nowMs)) return;
        return this.#onSignal(message.signal, ' (sent to a forkserver)', nowMs);
      }
      case 'ask':
        return obeyHook(message, { generations, shutdown, phase: this.#phase }, nowMs);
      case 'hook-done':
        return afterHook(generation, message, { log: this.#log, generations, upgrade: this.#upgrade, shutdown }, nowMs);
      default:
        return generations.heard(generation, message, nowMs);
    }
  }

  #onForkserverGone(generation: Generation, how: string, nowMs: number): void {
    // Without one a pause goes on, and so does a stop.
    const isMissed = this.#phase.kind === 'running' || this.#phase.kind === 'leaving';
    this.#generations.forkserverGone(generation, how, isMissed, nowMs);
    this.#shutdown.endIfDone(nowMs);
  }

  #onGatewayMessage(gateway: GatewayHandle, message: FromGateway, nowMs: number): void {
    switch (message.type) {
      case 'up':
        this.#gateways.isUp(gateway);
        return this.#generations.bootNext(nowMs);
      case 'serving':
        return this.#switchover.serves(gateway, message.generation, nowMs);
      case 'expired':
        return this.#generations.expired(message.ticket, `${message.method} ${message.target}`, nowMs);
      case 'pong':
        return this.#serviceManager.answered();
      case 'log':
        return this.#log.logFor(message.pid, message.level, message.message);
      case 'access':
        return this.#log.relay.access(message);
      case 'streams':
        return this.#streams.told(gateway.number, message.streams);
      case 'draining':
        return this.#drainNotice.gatewayDrains(gateway.number);
      case 'drained':
        return;
    }
  }

  #onGatewayGone(gateway: GatewayHandle, how: string, nowMs: number): void {
    this.#gateways.forget(gateway);
    this.#streams.gatewayGone(gateway.number);
    this.#drainNotice.gatewayDrains(gateway.number);
    if (this.#phase.kind === 'stopping') return this.#shutdown.endIfDone(nowMs);
    removeFilesOfGateway(this.#start.directories, gateway.number);
    if (this.#phase.kind === 'paused') this.#pause.dismissWorkers(nowMs);
    else this.#gateways.replace(gateway, how, nowMs);
    this.#switchover.gatewayGone(gateway, nowMs);
  }

  #onTick(nowMs: number): void {
    this.#upgrade.lookForPromotion();
    this.#serviceManager.tick(nowMs);
    this.#generations.tick(nowMs);
    this.#switchover.tick(nowMs);
    this.#pause.tick(nowMs);
    const { listeners } = this.#start;
    const generations = this.#generations;
    const streams = this.#streams;
    const measuresBacklog = this.#inForce.settings.enable_backlog_metric;
    this.#metrics.tick({ generations, listeners, streams, measuresBacklog }, nowMs);
    if (this.#phase.kind !== 'stopping') this.#gateways.tick(nowMs);
    this.#shutdown.tick(nowMs);
  }

  #promoted(): void {
    this.#inForce.promoted();
    this.#generations.tellFacts();
    this.#serviceManager.open();
  }

  #end(exitCode: number): void {
    this.#queue.end();
    if (this.#ticker !== null) clearInterval(this.#ticker);
    this.#board.close();
    this.#lifeline.close();
    this.#finish(exitCode);
  }
}
