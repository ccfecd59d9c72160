// WebSockets and tunnels whose worker retires: HTTP would never end them, so they are closed, at different moments, so that their
// clients do not all reconnect at the same time.

import type { ClaimsBoard, SlotRange } from '../../runqueue/claims-board.ts';
import type { ClientConnection } from '../connection/client-connection.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { RunQueue } from '../queue/run-queue.ts';
import type { Upgraded } from './upgraded.ts';

const LONGEST_DELAY_MS = 5000;

/** Everything has to be over within `limitMs`; `chance` is from 0 to 1. */
export function closeDelayMs(limitMs: number, chance: number): number {
  return chance * Math.min(limitMs / 2, LONGEST_DELAY_MS);
}

export function closeWithin(upgraded: Upgraded, limitMs: number): void {
  upgraded.closeWithin(closeDelayMs(limitMs, Math.random()), limitMs);
}

export class WebSocketRetirement {
  readonly #connections: Iterable<ClientConnection>;
  readonly #runQueue: RunQueue;
  readonly #board: ClaimsBoard;
  /** The slots of workers that retire while their generation goes on: recycled, surplus, or with a request that hangs. */
  #retiring: SlotRange[] = [];
  /** The generation that is being served; older ones drain. */
  #generation = 0;

  constructor(connections: Iterable<ClientConnection>, runQueue: RunQueue, board: ClaimsBoard) {
    this.#connections = connections;
    this.#runQueue = runQueue;
    this.#board = board;
  }

  /** The older generations drain: they get no new requests, but their WebSockets would go on forever. */
  serves(generation: number, limitMs: number): void {
    if (generation === this.#generation) return;
    // It may be an older one again: the newer one failed in the middle of the switch.
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
