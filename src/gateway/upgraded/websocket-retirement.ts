// WebSockets and tunnels whose worker retires: nothing in HTTP would end them, so they are closed, at different moments, lest their
// clients all come back at once.

import type { ClaimsBoard, SlotRange } from '../../runqueue/claims-board.ts';
import type { ClientConnection } from '../connection/client-connection.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { RunQueue } from '../queue/run-queue.ts';
import type { Upgraded } from './upgraded.ts';

const LONGEST_DELAY_MS = 5000;

/** `limitMs` until everything has to be over; `chance` from 0 to 1. */
export function closeDelayMs(limitMs: number, chance: number): number {
  return chance * Math.min(limitMs / 2, LONGEST_DELAY_MS);
}

export function closeWithin(upgraded: Upgraded, limitMs: number): void {
  upgraded.closeWithin(closeDelayMs(limitMs, Math.random()), limitMs);
}

export class WebSocketRetirement {
  readonly #connections: ReadonlySet<ClientConnection>;
  readonly #runQueue: RunQueue;
  readonly #board: ClaimsBoard;
  /** The slots of workers that retire while their generation goes on: recycled, one too many, or with a request that hangs. */
  #retiring: SlotRange[] = [];
  /** The one that is served; older ones drain. */
  #generation = 0;

  constructor(connections: ReadonlySet<ClientConnection>, runQueue: RunQueue, board: ClaimsBoard) {
    this.#connections = connections;
    this.#runQueue = runQueue;
    this.#board = board;
  }

  /** The older generations drain: no request of theirs is new, but a WebSocket would go on for ever. */
  serves(generation: number, limitMs: number): void {
    if (generation <= this.#generation) return;
    this.#generation = generation;
    for (const { takenOver } of this.#connections)
      if (takenOver !== null && takenOver.generation < generation) closeWithin(takenOver, limitMs);
  }

  workerRetires({ slot, slots }: SlotRange, limitMs: number): void {
    this.#retiring.push({ slot, slots });
    const claimed = new Set(this.#runQueue.workerRetires({ slot, slots }));
    for (const { state } of this.#connections)
      if (state.kind === 'taken-over' && claimed.has(state.exchange)) closeWithin(state.by, limitMs);
  }

  workerGone({ slot }: SlotRange): void {
    this.#retiring = this.#retiring.filter((range) => range.slot !== slot);
  }

  /** Its worker may have begun to retire before the WebSocket was accepted. */
  takenOver({ ticket }: Exchange, by: Upgraded, limitMs: number): void {
    if (ticket === null) return;
    if (ticket.pipe.generation < this.#generation || this.#isOfRetiring(ticket.id)) closeWithin(by, limitMs);
  }

  #isOfRetiring(ticket: number): boolean {
    return this.#retiring.some((range) => this.#board.claims(range).some((claim) => claim.ticket === ticket));
  }
}
