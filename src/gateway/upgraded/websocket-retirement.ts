// WebSockets and tunnels whose worker leaves: nothing of HTTP would end them, so they are closed, at different moments. Used by
// gateway.ts, and by drain.ts for all of them.

import type { ClaimsBoard, SlotRange } from '../../runqueue/claims-board.ts';
import type { ClientConnection } from '../connection/client-connection.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { RunQueue } from '../queue/run-queue.ts';
import { retireDelayMs } from './retire-delay.ts';
import { RetiringWorkers } from './retiring-workers.ts';
import type { TakenOver } from './upgraded.ts';

export function retire(takenOver: TakenOver, limitMs: number): void {
  takenOver.retire(retireDelayMs(limitMs, Math.random()), limitMs);
}

export class Retirement {
  readonly #connections: ReadonlySet<ClientConnection>;
  readonly #runQueue: RunQueue;
  readonly #workers: RetiringWorkers;
  /** The one that is served; older ones drain. */
  #generation = 0;

  constructor(connections: ReadonlySet<ClientConnection>, runQueue: RunQueue, board: ClaimsBoard) {
    this.#connections = connections;
    this.#runQueue = runQueue;
    this.#workers = new RetiringWorkers(board);
  }

  /** The older generations drain: no request of theirs is new, but a WebSocket would go on for ever. */
  serves(generation: number, limitMs: number): void {
    if (generation <= this.#generation) return;
    this.#generation = generation;
    for (const { takenOver } of this.#connections)
      if (takenOver !== null && takenOver.generation < generation) retire(takenOver, limitMs);
  }

  workerRetires(range: SlotRange, limitMs: number): void {
    this.#workers.add(range);
    const claimed = new Set(this.#runQueue.leaving(range));
    for (const { state } of this.#connections)
      if (state.kind === 'taken-over' && claimed.has(state.exchange)) retire(state.by, limitMs);
  }

  workerGone(range: SlotRange): void {
    this.#workers.gone(range);
  }

  /** Its worker may have begun to leave before it was. */
  takenOver(exchange: Exchange, by: TakenOver, limitMs: number): void {
    const isOld = (exchange.pipe?.generation ?? 0) < this.#generation;
    if (isOld || this.#workers.run(exchange.ticket)) retire(by, limitMs);
  }
}
