// Which workers live in which generation, for `server.WORKERS` in hooks: each forkserver knows its own workers and is sent the others.

import type { WorkerFacts } from '../../messages/about-hooks.ts';
import type { Generation } from '../generations/generation.ts';

export class OtherWorkers {
  /** Drained generations whose forkserver stays for threads that hooks started; those threads may read `server.WORKERS`, too. */
  readonly #lingering: Set<Generation> = new Set();

  linger(generation: Generation): void {
    this.#lingering.add(generation);
  }

  forget(generation: Generation): void {
    this.#lingering.delete(generation);
  }

  /** The workers of all generations except `one`. */
  outside(one: Generation | null, all: readonly Generation[]): WorkerFacts[] {
    const workers = all.filter((generation) => generation !== one).flatMap(({ workers }) => workers.all());
    return workers.flatMap(({ process, age }) => (process === null ? [] : [{ pid: process.pid, age }]));
  }

  /** Call it when a worker was forked or has ended. */
  sendAll(all: readonly Generation[]): void {
    const listeners = [...all, ...this.#lingering];
    if (listeners.length < 2) return;
    for (const generation of listeners) generation.forkserver.sendFacts({ elsewhere: this.outside(generation, all) });
  }
}
