// Receives a forkserver's messages before the arbiter exists: the first ones can be awaited one by one, later ones go to the receiver.

import type { FromForkserver } from '../../messages/between-arbiter-and-forkserver.ts';
import { describeEnd } from '../workers/exit-messages.ts';
import type { ForkserverEvents } from './forkserver-handle.ts';

export type Relayed = FromForkserver | { readonly type: 'gone'; readonly how: string };

export class ForkserverRelay implements ForkserverEvents {
  readonly #arrived: Relayed[] = [];
  #waiting: ((message: Relayed) => void) | null = null;
  #receiver: ForkserverEvents | null = null;

  /** The next message, or the forkserver's end. */
  next(): Promise<Relayed> {
    const first = this.#arrived.shift();
    if (first !== undefined) return Promise.resolve(first);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  /** As next(), but keeps the requests that hooks make to the arbiter until it takes over. */
  async nextAnswer(): Promise<Relayed> {
    const kept: Relayed[] = [];
    for (;;) {
      const message = await this.next();
      if (message.type === 'ask') {
        kept.push(message);
        continue;
      }
      this.#arrived.unshift(...kept);
      return message;
    }
  }

  /** From now on everything goes to `receiver`: kept messages first, in a later turn, when the caller has finished making the receiver. */
  handOver(receiver: ForkserverEvents): void {
    this.#receiver = receiver;
    setImmediate(() => {
      for (const message of this.#arrived.splice(0)) {
        if (message.type === 'gone') receiver.gone(null, null);
        else receiver.message(message);
      }
    });
  }

  message(message: FromForkserver): void {
    if (this.#receiver !== null) this.#receiver.message(message);
    else this.#arrive(message);
  }

  nonsense(what: string): void {
    this.#receiver?.nonsense(what);
  }

  gone(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#receiver !== null) this.#receiver.gone(code, signal);
    else this.#arrive({ type: 'gone', how: describeEnd(code, signal) });
  }

  #arrive(message: Relayed): void {
    // A signal to the process group before the arbiter exists: the command received it, too.
    if (message.type === 'signalled') return;
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) this.#arrived.push(message);
    else waiting(message);
  }
}
