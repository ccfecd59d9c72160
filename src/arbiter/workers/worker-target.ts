// How many workers a generation should have. With the hook nworkers_changed, a new number takes effect once the hook has been called.

import type { Forkserver } from '../forkserver/forkserver.ts';

export class WorkerTarget {
  readonly #forkserver: Pick<Forkserver, 'has' | 'isAlive' | 'send' | 'sendFacts'>;
  /** Numbers for which the hook is being called, in order. */
  readonly #pending: number[] = [];
  #current = 0;

  constructor(forkserver: Pick<Forkserver, 'has' | 'isAlive' | 'send' | 'sendFacts'>) {
    this.#forkserver = forkserver;
  }

  get current(): number {
    return this.#current;
  }

  /** The initial number, which the forkserver has in its settings. */
  begin(target: number): void {
    this.#current = target;
  }

  /** Without calling the hook. */
  set(target: number): void {
    this.#current = target;
    this.#forkserver.sendFacts({ workers: target });
  }

  /** Returns whether the number has taken effect already. */
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

  /** One more or one fewer than requested last. As in Gunicorn, TTOU stops at one worker. */
  requestBy(by: 1 | -1): boolean {
    const old = this.#requested;
    return (by > 0 || old > 1) && this.request(old + by);
  }

  /** nworkers_changed has been called. Returns whether that was for a request. */
  confirm(): boolean {
    const target = this.#pending.shift();
    if (target !== undefined) this.set(target);
    return target !== undefined;
  }

  get #requested(): number {
    return this.#pending.at(-1) ?? this.#current;
  }
}
