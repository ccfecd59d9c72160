// How many workers a generation is to have. With the hook nworkers_changed, a new number counts once the hook has been called for it.

import type { Forkserver } from '../forkserver/forkserver.ts';

export class WorkerTarget {
  readonly #forkserver: Pick<Forkserver, 'has' | 'isAlive' | 'send' | 'sendFacts'>;
  /** Numbers that the hook is being called for, in their order. */
  readonly #pending: number[] = [];
  #current = 0;

  constructor(forkserver: Pick<Forkserver, 'has' | 'isAlive' | 'send' | 'sendFacts'>) {
    this.#forkserver = forkserver;
  }

  get current(): number {
    return this.#current;
  }

  /** The number at the first fork, which the forkserver has in its settings. */
  begin(target: number): void {
    this.#current = target;
  }

  /** Without calling the hook. */
  set(target: number): void {
    this.#current = target;
    this.#forkserver.sendFacts({ workers: target });
  }

  /** Whether the number counts already. */
  request(target: number): boolean {
    const old = this.#requested;
    if (!this.#forkserver.has('nworkers_changed') || !this.#forkserver.isAlive) {
      this.set(target);
      return true;
    }
    this.#pending.push(target);
    this.#forkserver.send({ type: 'hook', hook: 'nworkers_changed', new: target, old });
    return false;
  }

  /** One more or one less than what was requested last. As in Gunicorn, TTOU stops at one worker. */
  requestBy(by: 1 | -1): boolean {
    const old = this.#requested;
    return (by > 0 || old > 1) && this.request(old + by);
  }

  /** nworkers_changed has been called. Whether that was for a request. */
  confirm(): boolean {
    const target = this.#pending.shift();
    if (target !== undefined) this.set(target);
    return target !== undefined;
  }

  get #requested(): number {
    return this.#pending.at(-1) ?? this.#current;
  }
}
