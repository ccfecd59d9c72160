// The arbiter: one loop over one queue of events. Signals, messages, ends of children and ticks all go through the queue and are
// handled one after the other here, by the parts (arbiter-parts.ts).

import type { FromForkserver } from '../messages/between-arbiter-and-forkserver.ts';
import type { FromGateway } from '../messages/between-arbiter-and-gateway.ts';
import { monotonicMs } from '../runqueue/claims-board.ts';
import { type ArbiterParts, makeParts, type PartEvent } from './arbiter-parts.ts';
import type { ArbiterStart } from './arbiter-start.ts';
import { EventQueue } from './event-queue.ts';
import { fulfilHookRequest } from './forkserver/hook-requests.ts';
import { afterHook } from './forkserver/hook-results.ts';
import { SignalEchoes } from './forkserver/signal-echoes.ts';
import type { GatewayHandle } from './gateways/gateway-handle.ts';
import type { Generation } from './generations/generation.ts';
import { removeFilesOfGateway } from './process/runtime-directory.ts';
import { actOnSignal } from './signal-actions.ts';
import { HANDLED_SIGNALS, type HandledSignal } from './signals.ts';
import { serviceState } from './systemd/service-manager.ts';

const TICK_MS = 200;

type ArbiterEvent = PartEvent | { readonly type: 'signal'; readonly signal: HandledSignal } | { readonly type: 'tick' };

export class Arbiter {
  readonly #start: ArbiterStart;
  readonly #queue: EventQueue<ArbiterEvent>;
  readonly #parts: ArbiterParts;
  readonly #echoes: SignalEchoes = new SignalEchoes();
  #ticker: NodeJS.Timeout | null = null;
  #finish: (exitCode: number) => void = () => {};

  constructor(start: ArbiterStart) {
    this.#start = start;
    this.#queue = new EventQueue((event) => this.#turn(event));
    this.#parts = makeParts(
      start,
      (event) => this.#queue.post(event),
      (exitCode) => this.#end(exitCode),
    );
  }

  /** Serves until a signal or a failed first boot ends it; resolves to the exit status. */
  run(): Promise<number> {
    const { resolved, hooks } = this.#start;
    const { gateways, succession, otherArbiter, serviceManager, admin } = this.#parts;
    const finished = new Promise<number>((resolve) => {
      this.#finish = resolve;
    });
    for (const signal of HANDLED_SIGNALS) process.on(signal, () => this.#queue.post({ type: 'signal', signal }));
    this.#ticker = setInterval(() => this.#queue.post({ type: 'tick' }), TICK_MS);
    admin.tick(monotonicMs());
    gateways.complete(resolved.settings.gateways);
    if (otherArbiter.state.kind !== 'newer') serviceManager.open();
    succession.startFirst(resolved, hooks);
    return finished;
  }

  #turn(event: ArbiterEvent): void {
    const { phase, generations, succession, switchover, otherArbiter, serviceManager, admin } = this.#parts;
    const nowMs = monotonicMs();
    this.#handle(event, nowMs);
    switchover.beginIfReady(nowMs);
    admin.handOverIfStopping();
    serviceManager.show(serviceState(phase.kind, generations, succession.failure, otherArbiter.state));
  }

  #handle(event: ArbiterEvent, nowMs: number): void {
    const { log, phase, succession, switchover, shutdown, upgrade } = this.#parts;
    switch (event.type) {
      case 'signal':
        if (!this.#echoes.own(event.signal, nowMs)) return;
        return actOnSignal(event.signal, '', this.#parts, nowMs);
      case 'forkserver-message':
        return this.#onForkserverMessage(event.generation, event.message, nowMs);
      case 'forkserver-gone':
        return this.#onForkserverGone(event.generation, event.how, nowMs);
      case 'gateway-message':
        return this.#onGatewayMessage(event.gateway, event.message, nowMs);
      case 'gateway-gone':
        return this.#onGatewayGone(event.gateway, event.how, nowMs);
      case 'rebound':
        return switchover.rebound(event, nowMs);
      case 'unbound':
        return shutdown.unbound();
      case 'new-arbiter-gone':
        return upgrade.childGone(event.child, event.how);
      case 'first-failed':
        return shutdown.stop('quick', event.exitCode, nowMs);
      case 'files-changed':
        if (phase.kind !== 'running') return;
        log.enter(event.reason);
        return succession.reload(nowMs);
      case 'tick':
        return this.#onTick(nowMs);
    }
  }

  #onForkserverMessage(generation: Generation, message: FromForkserver, nowMs: number): void {
    const { phase, succession } = this.#parts;
    switch (message.type) {
      case 'signalled':
        if (!this.#echoes.passed(message.signal, message.at_ms, phase.kind, nowMs)) return;
        return actOnSignal(message.signal, ' (sent to a forkserver)', this.#parts, nowMs);
      case 'ask':
        return fulfilHookRequest(message, this.#parts, nowMs);
      case 'hook-done':
        return afterHook(generation, message, this.#parts, nowMs);
      default:
        return succession.heard(generation, message, nowMs);
    }
  }

  #onForkserverGone(generation: Generation, how: string, nowMs: number): void {
    const { phase, succession, shutdown } = this.#parts;
    // A pause and a stop continue without one.
    const isMissed = phase.kind === 'running' || phase.kind === 'leaving';
    succession.forkserverGone(generation, how, isMissed, nowMs);
    shutdown.endIfDone(nowMs);
  }

  #onGatewayMessage(gateway: GatewayHandle, message: FromGateway, nowMs: number): void {
    const { log, gateways, generations, succession, switchover, serviceManager } = this.#parts;
    const { streams, drainNotice, reports } = this.#parts;
    switch (message.type) {
      case 'up':
        gateways.isUp(gateway);
        return succession.bootNext(nowMs);
      case 'serving':
        return switchover.serves(gateway, message.generation, nowMs);
      case 'expired':
        return generations.expired(message.ticket, `${message.method} ${message.target}`, nowMs);
      case 'pong':
        return serviceManager.answered();
      case 'counts':
        return reports.heard(gateway.number, message.report, nowMs);
      case 'log':
        return log.logFor(message.pid, message.level, message.message);
      case 'access':
        return log.relay.access(message);
      case 'streams':
        return streams.update(gateway.number, message.streams);
      case 'draining':
        return drainNotice.gatewayDrains(gateway.number);
      case 'drained':
        return;
    }
  }

  #onGatewayGone(gateway: GatewayHandle, how: string, nowMs: number): void {
    const { phase, gateways, streams, reports, drainNotice, shutdown, pause, switchover } = this.#parts;
    gateways.forget(gateway);
    reports.gone(gateway.number);
    streams.gatewayGone(gateway.number);
    drainNotice.gatewayDrains(gateway.number);
    if (phase.kind === 'stopping') return shutdown.endIfDone(nowMs);
    removeFilesOfGateway(this.#start.directories, gateway.number);
    if (phase.kind === 'paused') pause.dismissWorkers(nowMs);
    else gateways.replace(gateway, how, nowMs);
    switchover.gatewayGone(gateway, nowMs);
  }

  #onTick(nowMs: number): void {
    const { phase, inForce, gateways, generations, succession, streams } = this.#parts;
    const { switchover, pause, upgrade, shutdown, serviceManager, metrics, admin } = this.#parts;
    upgrade.lookForPromotion();
    serviceManager.tick(nowMs);
    succession.tick(nowMs);
    switchover.tick(nowMs);
    pause.tick(nowMs);
    const { listeners } = this.#start;
    const measuresBacklog = inForce.settings.enable_backlog_metric;
    metrics.tick({ generations, listeners, streams, measuresBacklog }, nowMs);
    admin.tick(nowMs);
    if (phase.kind !== 'stopping') gateways.tick(nowMs);
    shutdown.tick(nowMs);
  }

  #end(exitCode: number): void {
    this.#queue.end();
    this.#parts.admin.close();
    if (this.#ticker !== null) clearInterval(this.#ticker);
    this.#parts.board.close();
    this.#parts.lifeline.close();
    this.#finish(exitCode);
  }
}
