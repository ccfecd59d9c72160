// Sends gateways the generation to write tickets for and the sockets to listen on: each new gateway, and all of them when the next
// generation is ready. That one serves once every gateway has confirmed.

import { ARBITER_MESSAGES } from '../../log/catalog/arbiter.ts';
import { EXIT_ERROR } from '../../messages/exit-status.ts';
import type { ArbiterStart } from '../arbiter-start.ts';
import type { GatewayHandle } from '../gateways/gateway-handle.ts';
import type { Gateways } from '../gateways/gateways.ts';
import type { Pause } from '../pause.ts';
import type { OtherArbiter } from '../process/upgrade-state.ts';
import type { SettingsInForce } from '../settings-in-force.ts';
import type { Listener } from '../sockets/open-listeners.ts';
import type { DrainNotice } from './drain-notice.ts';
import type { Generation } from './generation.ts';
import type { GenerationState } from './generation-life.ts';
import type { Generations } from './generations.ts';
import { serveMessage, settingsOf } from './serve-message.ts';
import type { Succession } from './succession.ts';

/** A healthy gateway answers within one turn of its event loop. */
const SWITCH_MS = 10_000;

export interface SwitchoverEvent {
  readonly type: 'rebound';
  readonly generation: Generation;
  /** Why the listening sockets could not be changed; null if they were. */
  readonly failure: string | null;
}

export interface SwitchoverParts {
  readonly start: ArbiterStart;
  readonly gateways: Gateways;
  readonly generations: Generations;
  readonly succession: Succession;
  readonly otherArbiter: OtherArbiter;
  readonly pause: Pause;
  readonly inForce: SettingsInForce;
  readonly drainNotice: DrainNotice;
  readonly post: (event: SwitchoverEvent) => void;
}

export class Switchover {
  readonly #parts: SwitchoverParts;

  constructor(parts: SwitchoverParts) {
    this.#parts = parts;
  }

  /** The generation that the gateways are switching to, and those that have not confirmed yet. */
  get #switching(): {
    readonly generation: Generation;
    readonly state: GenerationState & { kind: 'switching' };
  } | null {
    const { next } = this.#parts.generations;
    return next?.state.kind === 'switching' ? { generation: next, state: next.state } : null;
  }

  /** Sends a new gateway everything it needs. */
  introduce(gateway: GatewayHandle): void {
    const { start, inForce, generations } = this.#parts;
    gateway.send({
      type: 'start',
      number: gateway.number,
      index: gateway.index,
      directory: process.cwd(),
      runtimeDir: start.directories.runtimeDir,
      spoolDir: start.directories.spoolDir,
      python: start.python,
      settings: inForce.resolved.gateway,
    });
    this.#sendListeners(gateway);
    const { serving } = generations;
    if (serving !== null) gateway.send(serveMessage(serving));
    const switching = this.#switching;
    if (switching === null) return;
    const { generation, state } = switching;
    generation.move({ ...state, gateways: new Set([...state.gateways, gateway.number]) });
    gateway.send(serveMessage(generation));
  }

  /** When the next generation is ready: changes the sockets first, if its settings differ, then switches the gateways. */
  beginIfReady(nowMs: number): void {
    const { generations, post, start } = this.#parts;
    const generation = generations.readyNext;
    if (generation === null) return;
    const { bind, admin_bind: adminBind } = settingsOf(generation).settings;
    const { listeners, adminListeners } = start;
    if (listeners.isSame(bind) && adminListeners.isSame(adminBind)) return this.#switch(generation, nowMs);
    generation.move({ kind: 'rebinding' });
    void this.#rebind(bind, adminBind).then((failure) => post({ type: 'rebound', generation, failure }));
  }

  /** Resolves to null, or to the reason why the addresses are as before. */
  async #rebind(bind: readonly string[], adminBind: readonly string[]): Promise<string | null> {
    const { start, gateways, otherArbiter } = this.#parts;
    const { listeners, adminListeners } = start;
    const release = ({ address }: Listener): void => gateways.broadcast({ type: 'unlisten', id: address.id });
    const before = adminListeners.current().map((listener) => listener.bind.text);
    if (!adminListeners.isSame(adminBind)) {
      const changed = await adminListeners.change(adminBind, undefined, otherArbiter.sharing);
      if (!changed.ok) return `admin_bind: ${changed.message}`;
    }
    if (listeners.isSame(bind)) return null;
    const changed = await listeners.change(bind, release, otherArbiter.sharing);
    if (changed.ok) return null;
    await adminListeners.change(before, undefined, otherArbiter.sharing);
    return changed.message;
  }

  rebound({ generation, failure }: SwitchoverEvent, nowMs: number): void {
    const { gateways, generations, succession, start } = this.#parts;
    for (const gateway of gateways.running()) this.#sendListeners(gateway);
    if (generation.state.kind !== 'rebinding') return;
    if (failure !== null) return succession.giveUp(generation, EXIT_ERROR, failure, nowMs);
    start.log.enter(start.listeners.describe());
    generations.sendFacts();
    this.#switch(generation, nowMs);
  }

  /** A gateway confirms that it writes for this generation. */
  serves(gateway: GatewayHandle, generation: number, nowMs: number): void {
    if (this.#switching?.generation.number === generation) this.#isDone(gateway, nowMs);
  }

  gatewayGone(gateway: GatewayHandle, nowMs: number): void {
    this.#isDone(gateway, nowMs);
  }

  /** Kills gateways that do not answer: they must not keep the next generation from serving. */
  tick(nowMs: number): void {
    const { start, gateways } = this.#parts;
    const switching = this.#switching;
    if (switching === null || nowMs - switching.state.sinceMs < SWITCH_MS) return;
    const { generation, state } = switching;
    for (const number of state.gateways) {
      const gateway = gateways.get(number);
      start.log.say(ARBITER_MESSAGES.gatewayHangs, { pid: gateway?.pid ?? '-', seconds: SWITCH_MS / 1000 });
      gateway?.kill();
    }
    generation.move({ ...state, sinceMs: nowMs });
  }

  #switch(generation: Generation, nowMs: number): void {
    const running = this.#parts.gateways.running();
    generation.move({ kind: 'switching', sinceMs: nowMs, gateways: new Set(running.map(({ number }) => number)) });
    for (const gateway of running) gateway.send(serveMessage(generation));
    // A paused arbiter may have no gateways to wait for.
    this.#finishIfAll(nowMs);
  }

  #isDone(gateway: GatewayHandle, nowMs: number): void {
    const switching = this.#switching;
    if (switching === null) return;
    const { generation, state } = switching;
    const gateways = new Set(state.gateways);
    if (gateways.delete(gateway.number)) generation.move({ ...state, gateways });
    this.#finishIfAll(nowMs);
  }

  #finishIfAll(nowMs: number): void {
    const { generations, succession, inForce, drainNotice, pause } = this.#parts;
    const switching = this.#switching;
    if (switching === null || switching.state.gateways.size > 0) return;
    const { generation } = switching;
    inForce.enter(settingsOf(generation), generation.forkserver);
    const old = generations.serving;
    succession.switched(generation, nowMs);
    if (old !== null) drainNotice.generationDrains(old);
    pause.dismissWorkers(nowMs);
  }

  #sendListeners(gateway: GatewayHandle): void {
    const { listeners } = this.#parts.start;
    for (const { address, handle } of listeners.current()) gateway.listen(address, handle);
    for (const id of listeners.closedIds()) gateway.send({ type: 'unlisten', id });
  }
}
