// Signal handlers that hooks have set in their forkservers. In Gunicorn they belong to the master: a reload does not remove them, and the
// last one set counts. Here the arbiter acts on each signal itself and also has the handler called.

import type { ToForkserverAboutHooks } from '../../messages/about-hooks.ts';
import type { HandledSignal } from '../signals.ts';

/** The part of a generation that matters for its handlers. */
export interface HandlerHolder {
  readonly state: { readonly kind: string };
  readonly forkserver: { readonly isAlive: boolean; send(message: ToForkserverAboutHooks): void };
}

export class HookHandlers {
  /** By signal: the generations that have a handler, the most recent one last. */
  readonly #holders: Map<string, HandlerHolder[]> = new Map();
  #isOver = false;

  set(holder: HandlerHolder, signal: string): void {
    const others = (this.#holders.get(signal) ?? []).filter((other) => other !== holder);
    this.#holders.set(signal, [...others, holder]);
  }

  /** Has the handler of this signal called. */
  call(signal: HandledSignal): void {
    this.#last(signal)?.forkserver.send({ type: 'call-handler', signal });
  }

  /** The arbiter is stopping: handlers are no longer needed. */
  end(): void {
    this.#isOver = true;
  }

  /** Whether one of the holder's handlers may still be called. */
  isNeeded(holder: HandlerHolder): boolean {
    return !this.#isOver && [...this.#holders.keys()].some((signal) => this.#last(signal) === holder);
  }

  forget(holder: HandlerHolder): void {
    for (const [signal, holders] of this.#holders) {
      const others = holders.filter((other) => other !== holder);
      if (others.length > 0) this.#holders.set(signal, others);
      else this.#holders.delete(signal);
    }
  }

  #last(signal: string): HandlerHolder | undefined {
    return this.#holders
      .get(signal)
      ?.findLast(({ state, forkserver }) => state.kind !== 'given-up' && forkserver.isAlive);
  }
}
