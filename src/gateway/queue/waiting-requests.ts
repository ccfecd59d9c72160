// One gateway's requests that wait for room in the ticket pipe: which is next, which has waited too long, which to turn away.

import type { Exchange } from '../exchange/exchange.ts';
import { waitedMs } from '../exchange/request.ts';
import { isOverdue, isOverfull, PATIENT, type QueuePolicy, servedEnd } from './queue-policy.ts';
import { WaitingLine } from './waiting-line.ts';

export class WaitingRequests {
  policy: QueuePolicy = PATIENT;
  readonly #line: WaitingLine<Exchange> = new WaitingLine();

  get length(): number {
    return this.#line.length;
  }

  /** How long the oldest one has waited here, without the time in proxies; 0 if there is none. */
  oldestMs(nowMs: number): number {
    const first = this.#line.first;
    return first === undefined ? 0 : nowMs - first.request.arrivedMs;
  }

  push(exchange: Exchange): void {
    this.#line.push(exchange);
  }

  /** Puts them back at the front, in their order. */
  putBack(exchanges: readonly Exchange[]): void {
    this.#line.putBack(exchanges);
  }

  remove(exchange: Exchange): void {
    this.#line.remove(exchange);
  }

  /** Drops the requests at both ends whose clients have left. */
  hasWaiting(): boolean {
    while (this.#line.first?.state.kind === 'finished') this.#line.shift();
    while (this.#line.last?.state.kind === 'finished') this.#line.pop();
    return this.#line.length > 0;
  }

  takeNext(): Exchange | undefined {
    return this.#servedEnd() === 'oldest' ? this.#line.shift() : this.#line.pop();
  }

  /** The request to turn away, if there are too many: the one that would be served last. */
  takeSurplus(): Exchange | undefined {
    if (!isOverfull(this.policy, this.#line.length)) return undefined;
    return this.#servedEnd() === 'oldest' ? this.#line.pop() : this.#line.shift();
  }

  takeAll(): Exchange[] {
    const all: Exchange[] = [];
    for (let next = this.#line.shift(); next !== undefined; next = this.#line.shift()) all.push(next);
    return all;
  }

  /** The requests that have waited too long. */
  takeOverdue(nowMs: number): Exchange[] {
    const overdue: Exchange[] = [];
    for (let first = this.#line.first; first !== undefined; first = this.#line.first) {
      if (first.state.kind !== 'finished' && !isOverdue(this.policy, waitedMs(first.request, nowMs))) break;
      this.#line.shift();
      if (first.state.kind !== 'finished') overdue.push(first);
    }
    return overdue;
  }

  #servedEnd(): 'oldest' | 'newest' {
    if (this.policy.order === 'fifo') return 'oldest';
    const { first } = this.#line;
    return servedEnd(this.policy, first === undefined ? 0 : waitedMs(first.request, performance.now()));
  }
}
