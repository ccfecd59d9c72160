// The end of a gateway: it stops accepting, finishes the work of its connections, and cuts off whatever takes too long.

import type { ErrorLog } from '../log/error-log.ts';
import type { Accepting } from './accept/accepting.ts';
import type { Arrivals } from './accept/arrivals.ts';
import type { SurplusConnections } from './accept/surplus-connections.ts';
import type { ClientConnection } from './connection/client-connection.ts';
import type { Exchange } from './exchange/exchange.ts';
import { Refusal } from './http1/refusal.ts';
import type { NumberedTable } from './numbered-table.ts';
import type { RunQueue } from './queue/run-queue.ts';
import { describeUnfinished } from './report/lost-request.ts';
import { closeWithin } from './upgraded/websocket-retirement.ts';

const CHECK_MS = 50;
/** From the last answers until the connections are cut. */
const LAST_WORDS_MS = 250;
/** How long an idle connection stays open: a request that arrives on it is answered, with `Connection: close`. */
const IDLE_MS = 1000;
/** How long a client that is sending a request when the drain begins may take for the rest of its head, or the next byte of its body. */
export const STALL_MS = 1000;

export type DrainPhase =
  | { readonly kind: 'open' }
  /** Still accepting, but every response closes its connection. */
  | { readonly kind: 'leaving' }
  | {
      readonly kind: 'draining';
      readonly sinceMs: number;
      /** How long idle connections are kept. */
      readonly idleMs: number;
      readonly limitMs: number;
      readonly done: () => void;
    };

export interface DrainParts {
  readonly accepting: Accepting;
  readonly arrivals: Arrivals;
  readonly connections: NumberedTable<ClientConnection>;
  readonly surplus: SurplusConnections;
  readonly runQueue: RunQueue;
  readonly log: ErrorLog;
}

export class Drain {
  readonly #accepting: Accepting;
  readonly #arrivals: Arrivals;
  readonly #connections: NumberedTable<ClientConnection>;
  readonly #surplus: SurplusConnections;
  readonly #runQueue: RunQueue;
  readonly #log: ErrorLog;
  #phase: DrainPhase = { kind: 'open' };

  constructor({ accepting, arrivals, connections, surplus, runQueue, log }: DrainParts) {
    this.#accepting = accepting;
    this.#arrivals = arrivals;
    this.#connections = connections;
    this.#surplus = surplus;
    this.#runQueue = runQueue;
    this.#log = log;
  }

  get phase(): DrainPhase {
    return this.#phase;
  }

  announce(): void {
    if (this.#phase.kind === 'open') this.#phase = { kind: 'leaving' };
  }

  /**
   * Graceful: finishes the requests that are here, for `limitMs` at most. Quick: answers them 503. Resolves when the last connection and
   * the last listening socket are closed.
   */
  begin(manner: 'graceful' | 'quick', limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const idleMs = manner === 'graceful' ? IDLE_MS : 0;
      this.#phase = { kind: 'draining', sinceMs: performance.now(), idleMs, limitMs, done: resolve };
      const graceMs = manner === 'graceful' ? limitMs : 0;
      for (const { takenOver } of this.#connections) if (takenOver !== null) closeWithin(takenOver, graceMs);
      if (manner === 'quick') this.#giveUpWaiting();
      this.#checkIn(0);
    });
  }

  /** Not inside the timer: timers run before sockets are polled, and bytes that have arrived meanwhile must be seen first. */
  #checkIn(delayMs: number): void {
    setTimeout(() => setImmediate(() => this.#check()), delayMs);
  }

  #check(): void {
    const phase = this.#phase;
    if (phase.kind !== 'draining') return;
    const nowMs = performance.now();
    for (const connection of this.#connections) connection.drainStalled(phase.sinceMs, nowMs, STALL_MS);
    const isBusy = [...this.#connections].some((connection) => connection.isBusy);
    if (!isBusy) {
      for (const connection of this.#connections) connection.drainIdle(phase.sinceMs, nowMs, phase.idleMs);
      this.#arrivals.drainIdle(phase.sinceMs, nowMs, phase.idleMs);
    }
    const overtimeMs = nowMs - phase.sinceMs - phase.limitMs;
    if (overtimeMs > 0) this.#giveUpWaiting();
    if (overtimeMs > LAST_WORDS_MS) {
      for (const connection of this.#connections) connection.destroy('shutting-down');
      this.#arrivals.destroy();
    }
    const remaining = this.#arrivals.size + this.#connections.size + this.#surplus.size + this.#accepting.size;
    if (remaining > 0) this.#checkIn(CHECK_MS);
    else phase.done();
  }

  #giveUpWaiting(): void {
    for (const exchange of this.#runQueue.unanswered()) {
      // Keeps the worker from logging a response that was never delivered.
      this.#runQueue.cancel(exchange);
      this.#logUnfinished(exchange);
      exchange.fail(new Refusal('ServiceUnavailable', 'shutting down'), 'shutting-down');
    }
  }

  /** Only for requests that a worker is running; a queued one says nothing about the application. */
  #logUnfinished({ request, state, queuedMs }: Exchange): void {
    if (state.kind !== 'outstanding' && state.kind !== 'responding') return;
    const { method, target } = request.head;
    const ageMs = performance.now() - request.arrivedMs - queuedMs;
    this.#log.enter(
      describeUnfinished({
        method,
        target,
        requestId: request.requestId,
        ageMs,
        hasBegun: state.kind === 'responding',
      }),
    );
  }
}
