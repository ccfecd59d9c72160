// The living generations of one arbiter: the serving one, the next one, and those that are ending. Their states say which is which;
// succession.ts moves them.

import { HookHandlers } from '../forkserver/hook-handlers.ts';
import { isAnnouncedEnd } from '../forkserver/on-exit-hook.ts';
import type { HookFacts, LiveFacts } from '../forkserver/server-facts.ts';
import type { Allotment } from '../workers/allotment.ts';
import { OtherWorkers } from '../workers/other-workers.ts';
import type { Generation } from './generation.ts';
import { isNext, isServing } from './generation-life.ts';

export class Generations {
  readonly handlers: HookHandlers = new HookHandlers();
  readonly otherWorkers: OtherWorkers = new OtherWorkers();
  readonly #allotment: Allotment;
  readonly #hookFacts: () => HookFacts;
  readonly #all: Set<Generation> = new Set();
  #newestNumber = 0;

  /** `hookFacts`: what hooks see as `server.LISTENERS`, `server.pidfile` and the like. */
  constructor(allotment: Allotment, hookFacts: () => HookFacts) {
    this.#allotment = allotment;
    this.#hookFacts = hookFacts;
  }

  add(generation: Generation): void {
    this.#all.add(generation);
    this.#newestNumber = generation.number;
  }

  remove(generation: Generation): void {
    this.#all.delete(generation);
  }

  all(): readonly Generation[] {
    return [...this.#all];
  }

  get size(): number {
    return this.#all.size;
  }

  /** The serving generation; once the arbiter stops, the last one that served. */
  get serving(): Generation | null {
    return this.all().find(({ state }) => isServing(state)) ?? null;
  }

  get next(): Generation | null {
    return this.all().find(({ state }) => isNext(state)) ?? null;
  }

  /** The next generation, if enough of its workers are ready to take over. */
  get readyNext(): Generation | null {
    const { next, serving } = this;
    if (next?.state.kind !== 'booting') return null;
    // No generation serves yet: start with one worker instead of waiting for all.
    const enough = serving === null ? Math.min(1, next.target) : next.target;
    return next.workers.count('ready') >= enough ? next : null;
  }

  /** The generation whose forkserver runs the hooks at the arbiter's end. The first generation does so even if it never served. */
  get host(): Generation | null {
    return this.serving ?? (this.#newestNumber === 1 ? (this.all()[0] ?? null) : null);
  }

  /** Keeps the host's forkserver until on_exit has been called, if an end with this code calls it. */
  holdForOnExit(exitCode: number): void {
    if (isAnnouncedEnd(exitCode)) this.host?.forkserver.holdForOnExit();
  }

  /** For the `server` object of a new generation. */
  facts(): Omit<LiveFacts, 'state' | 'workers'> {
    const elsewhere = this.otherWorkers.outside(null, this.all());
    return { ...this.#hookFacts(), worker_age: this.#allotment.lastAge, elsewhere };
  }

  /** Call it when the arbiter's own facts have changed. */
  sendFacts(): void {
    for (const generation of this.#all) generation.forkserver.sendFacts(this.#hookFacts());
  }

  /** Signals a worker of any generation. */
  killWorker(pid: number, signal: number, nowMs: number): boolean {
    return this.all().some((generation) => generation.killWorker(pid, signal, nowMs));
  }

  /** A gateway has answered the client of an overdue ticket. */
  expired(ticket: number, what: string, nowMs: number): void {
    for (const generation of this.all()) generation.pool.expired(ticket, what, nowMs);
  }
}
