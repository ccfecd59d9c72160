// Handlers of signals that hooks have set in their forkservers. In Gunicorn they would be the master's, where a reload does not touch them
// and the last one that was set counts. Here the arbiter acts on each signal itself, and has the handler called beside that.

import type { ToForkserverAboutHooks } from '../../messages/about-hooks.ts';
import type { HandledSignal } from '../signals.ts';

/** A generation, as far as its handlers depend on it. */
export interface HandlerHolder {
  readonly state: { readonly kind: string };
  readonly forkserver: { readonly isAlive: boolean; send(message: ToForkserverAboutHooks): void };
}

export class HookHandlers {
  /** By signal: who has a handler, the last one last. */
  readonly #holders: Map<string, HandlerHolder[]> = new Map();
  #isOver = false;

  set(holder: HandlerHolder, signal: string): void {
    const others = (this.#holders.get(signal) ?? []).filter((other) => other !== holder);
    this.#holders.set(signal, [...others, holder]);
  }

  /** The arbiter acts on this signal now. */
  call(signal: HandledSignal): void {
    this.#last(signal)?.forkserver.send({ type: 'call-handler', signal });
  }

  /** The arbiter stops: no further signal will matter. */
  end(): void {
    this.#isOver = true;
  }

  /** Whether one of its handlers may still be called. */
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
