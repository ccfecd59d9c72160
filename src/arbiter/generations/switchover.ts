// Which generation the gateways write tickets for, and on which sockets they listen: told to each new gateway, and to all of them when
// the next generation is ready. It serves once every gateway has said so.

import { monotonicMs } from '../../runqueue/claims-board.ts';
import type { ResolvedSettings } from '../../settings/for-processes/resolved-settings.ts';
import type { ArbiterStart } from '../arbiter-start.ts';
import type { GatewayHandle } from '../gateways/gateway-handle.ts';
import type { Gateways } from '../gateways/gateways.ts';
import type { SettingsInForce } from '../settings-in-force.ts';
import type { Sharing } from '../sockets/listeners.ts';
import type { Listener } from '../sockets/open-listeners.ts';
import type { DrainNotice } from './drain-notice.ts';
import type { Generation } from './generation.ts';
import type { Generations } from './generations.ts';

/** One that answers at all does so within a turn of its event loop. */
const SWITCH_MS = 10_000;

export interface SwitchoverParts {
  readonly start: ArbiterStart;
  readonly gateways: Gateways;
  readonly generations: Generations;
  readonly inForce: SettingsInForce;
  readonly drainNotice: DrainNotice;
  /** The listening sockets have been changed, or could not be; belongs into the arbiter's queue, and comes back to `rebound`. */
  rebound(generation: Generation, failure: string | null): void;
  switched(nowMs: number): void;
  /** Whether another arbiter listens on the same sockets. */
  sharing(): Sharing;
}

export class Switchover {
  readonly #parts: SwitchoverParts;
  /** Gateways that have still to say that they serve the next generation. */
  #unswitched: Set<number> | null = null;
  #sinceMs = 0;

  constructor(parts: SwitchoverParts) {
    this.#parts = parts;
  }

  /** All that a new gateway has to know. */
  introduce(gateway: GatewayHandle): void {
    const { start, inForce, generations } = this.#parts;
    gateway.send({
      type: 'start',
      number: gateway.number,
      index: gateway.index,
      runtimeDir: start.directories.runtimeDir,
      spoolDir: start.directories.spoolDir,
      python: start.python,
      settings: inForce.resolved.gateway,
    });
    this.#sendListeners(gateway);
    const { serving, switching } = generations;
    if (serving !== null) this.#sendServe(gateway, serving);
    if (switching === null || this.#unswitched === null) return;
    this.#unswitched.add(gateway.number);
    this.#sendServe(gateway, switching);
  }

  /** The generation is ready: the sockets first, when it wants others, then the gateways. */
  begin(generation: Generation, { settings }: ResolvedSettings): void {
    const { gateways, rebound, start } = this.#parts;
    if (start.listeners.isSame(settings.bind)) return this.#switch(generation);
    const release = ({ address }: Listener): void => gateways.broadcast({ type: 'unlisten', id: address.id });
    const change = start.listeners.change(settings.bind, release, this.#parts.sharing());
    void change.then((outcome) => rebound(generation, outcome.ok ? null : outcome.message));
  }

  rebound(generation: Generation, failure: string | null, nowMs: number): void {
    const { gateways, generations, start } = this.#parts;
    for (const gateway of gateways.running()) this.#sendListeners(gateway);
    if (generation !== generations.switching) return;
    if (failure !== null) return generations.switchFailed(failure, nowMs);
    start.log.log('info', start.listeners.describe());
    generations.tellFacts();
    this.#switch(generation);
  }

  /** A gateway says that it writes for this generation. */
  serves(gateway: GatewayHandle, generation: number, nowMs: number): void {
    if (generation !== this.#parts.generations.switching?.number) return;
    this.#unswitched?.delete(gateway.number);
    this.#finishIfAll(nowMs);
  }

  /** A gateway that does not answer must not keep the next generation from serving. */
  tick(nowMs: number): void {
    const { start, gateways } = this.#parts;
    if (this.#unswitched === null || nowMs - this.#sinceMs < SWITCH_MS) return;
    for (const number of this.#unswitched) {
      const gateway = gateways.get(number);
      start.log.log(
        'critical',
        `Gateway (pid:${gateway?.pid}) has not answered within ${SWITCH_MS / 1000} s; it is killed.`,
      );
      gateway?.kill();
    }
    this.#sinceMs = nowMs;
  }

  gatewayGone(gateway: GatewayHandle, nowMs: number): void {
    this.#unswitched?.delete(gateway.number);
    this.#finishIfAll(nowMs);
  }

  #switch(generation: Generation): void {
    const running = this.#parts.gateways.running();
    this.#unswitched = new Set(running.map((gateway) => gateway.number));
    this.#sinceMs = monotonicMs();
    for (const gateway of running) this.#sendServe(gateway, generation);
    // Paused: there may be none that had to be told.
    this.#finishIfAll(monotonicMs());
  }

  #finishIfAll(nowMs: number): void {
    const { generations, inForce, drainNotice, switched } = this.#parts;
    const generation = generations.switching;
    if (generation === null || this.#unswitched === null || this.#unswitched.size > 0) return;
    this.#unswitched = null;
    inForce.enter(this.#settingsOf(generation), generation.forkserver);
    const old = generations.serving;
    generations.switched(nowMs);
    if (old !== null) drainNotice.generationDrains(old);
    switched(nowMs);
  }

  #sendListeners(gateway: GatewayHandle): void {
    const { listeners } = this.#parts.start;
    for (const { address, handle } of listeners.current()) gateway.listen(address, handle);
    for (const id of listeners.closedIds()) gateway.send({ type: 'unlisten', id });
  }

  #sendServe(gateway: GatewayHandle, generation: Generation): void {
    gateway.send({
      type: 'serve',
      generation: generation.number,
      capacity: generation.capacity,
      concurrency: generation.concurrency,
      settings: this.#settingsOf(generation).gateway,
    });
  }

  #settingsOf(generation: Generation): ResolvedSettings {
    return this.#parts.generations.settingsOf(generation) ?? this.#parts.inForce.resolved;
  }
}
