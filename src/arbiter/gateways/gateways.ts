// Starts the gateway processes, sends them messages, and replaces those that die.

import { ARBITER_MESSAGES } from '../../log/catalog/arbiter.ts';
import type { ErrorLog } from '../../log/error-log.ts';
import type { FromGateway, ToGateway } from '../../messages/between-arbiter-and-gateway.ts';
import { afterCrash, type Backoff, NO_BACKOFF } from '../workers/crash-loop.ts';
import { describeEnd } from '../workers/exit-messages.ts';
import { GatewayHandle } from './gateway-handle.ts';
import type { GatewayProcesses } from './gateway-process.ts';

/** A gateway that ends this soon after the previous restart is part of a crash loop. */
const LOOP_MS = 1000;

export type GatewayEvent =
  | { readonly type: 'gateway-message'; readonly gateway: GatewayHandle; readonly message: FromGateway }
  | { readonly type: 'gateway-gone'; readonly gateway: GatewayHandle; readonly how: string };

export interface GatewaysOptions {
  readonly log: ErrorLog;
  readonly processes: GatewayProcesses;
  readonly post: (event: GatewayEvent) => void;
  /** Sends a new gateway its start message, the listeners and the serving generation. */
  readonly introduce: (gateway: GatewayHandle) => void;
}

export class Gateways {
  readonly #options: GatewaysOptions;
  readonly #running: Map<number, GatewayHandle> = new Map();
  /** Numbers of the gateways to which workers can connect. */
  readonly #up: Set<number> = new Set();
  /** Positions whose gateway starts when the backoff is over. */
  readonly #missing: Set<number> = new Set();
  /** Gateways that were asked to finish and leave while the arbiter continues. */
  readonly #leaving: Set<GatewayHandle> = new Set();
  #backoff: Backoff = NO_BACKOFF;
  #lastNumber = 0;

  constructor(options: GatewaysOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#running.size;
  }

  get areAllUp(): boolean {
    return this.#up.size === this.#running.size && this.#missing.size === 0;
  }

  running(): readonly GatewayHandle[] {
    return [...this.#running.values()];
  }

  numbersUp(): readonly number[] {
    return [...this.#up];
  }

  get(number: number): GatewayHandle | undefined {
    return this.#running.get(number);
  }

  start(index: number): void {
    const { post, introduce, processes } = this.#options;
    this.#lastNumber += 1;
    const gateway = new GatewayHandle(this.#lastNumber, index, processes.next(), {
      message: (sender, message) => post({ type: 'gateway-message', gateway: sender, message }),
      gone: (gone, code, signal) => post({ type: 'gateway-gone', gateway: gone, how: describeEnd(code, signal) }),
    });
    this.#running.set(gateway.number, gateway);
    introduce(gateway);
  }

  isUp(gateway: GatewayHandle): void {
    this.#up.add(gateway.number);
  }

  broadcast(message: ToGateway): void {
    for (const gateway of this.#running.values()) gateway.send(message);
  }

  forget(gateway: GatewayHandle): void {
    this.#running.delete(gateway.number);
    this.#up.delete(gateway.number);
  }

  /** Asks them to finish their requests and leave. */
  dismiss(): void {
    for (const gateway of this.#running.values()) this.#leaving.add(gateway);
    this.#missing.clear();
    this.broadcast({ type: 'drain', manner: 'graceful', listeners: 'closed' });
  }

  /** Starts missing gateways up to `count`. A position is free once its dismissed gateway is gone. */
  complete(count: number): void {
    const taken = new Set([...this.#running.values()].map(({ index }) => index));
    for (let index = 0; index < count; index += 1) if (!taken.has(index)) this.start(index);
  }

  /** Starts a replacement: immediately, or after a backoff if the previous one did not last either. */
  replace(gateway: GatewayHandle, how: string, nowMs: number): void {
    if (this.#leaving.delete(gateway)) return this.start(gateway.index);
    const isLoop = nowMs < this.#backoff.notBeforeMs + LOOP_MS && this.#backoff.notBeforeMs > 0;
    this.#backoff = isLoop ? afterCrash(this.#backoff, nowMs) : { ...NO_BACKOFF, notBeforeMs: nowMs };
    const seconds = Math.round((this.#backoff.notBeforeMs - nowMs) / 1000);
    const values = { pid: gateway.pid ?? '-', how };
    if (seconds === 0) this.#options.log.say(ARBITER_MESSAGES.gatewayGone, values);
    else this.#options.log.say(ARBITER_MESSAGES.gatewayLoops, { ...values, seconds });
    this.#missing.add(gateway.index);
    this.tick(nowMs);
  }

  tick(nowMs: number): void {
    if (nowMs < this.#backoff.notBeforeMs) return;
    for (const index of [...this.#missing]) {
      this.#missing.delete(index);
      this.start(index);
    }
  }

  kill(): void {
    for (const gateway of this.#running.values()) gateway.kill();
  }
}
