// Which workers live in which generation, for `server.WORKERS` of hooks: each forkserver knows its own, and is sent the others.

import type { WorkerFacts } from '../../messages/about-hooks.ts';
import type { Generation } from '../generations/generation.ts';

export class OtherWorkers {
  /** Drained generations whose forkserver is kept by threads that hooks have started; those threads look at workers, too. */
  readonly #lingering: Set<Generation> = new Set();

  linger(generation: Generation): void {
    this.#lingering.add(generation);
  }

  forget(generation: Generation): void {
    this.#lingering.delete(generation);
  }

  /** Those of all generations but `one`. */
  outside(one: Generation | null, all: readonly Generation[]): WorkerFacts[] {
    const workers = all.filter((generation) => generation !== one).flatMap(({ workers }) => workers.all());
    return workers.flatMap(({ process, age }) => (process === null ? [] : [{ pid: process.pid, age }]));
  }

  /** A worker has come or gone. */
  sendAll(all: readonly Generation[]): void {
    const listeners = [...all, ...this.#lingering];
    if (listeners.length < 2) return;
    for (const generation of listeners) generation.forkserver.sendFacts({ elsewhere: this.outside(generation, all) });
  }
}
