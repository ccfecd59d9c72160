// Tickets that a worker had taken and not claimed when it died. The run queue says which tickets have certainly been taken; what
// nobody claims of them is cancelled, and is lost if it is still unclaimed a moment later.

import type { ClaimsBoard } from '../../runqueue/claims-board.ts';
import type { Exchange } from '../exchange/exchange.ts';

/** How long a living worker may take between the end of its read() and its claim. */
const UNCLAIMED_MS = 50;

interface Suspect {
  readonly exchange: Exchange;
  /** The exchange may get another ticket in the meantime. */
  readonly ticket: number;
}

export class LostTickets {
  readonly #board: ClaimsBoard;
  readonly #isOutstanding: (exchange: Exchange, ticket: number) => boolean;
  readonly #lost: (exchanges: readonly Exchange[]) => void;

  constructor(
    board: ClaimsBoard,
    isOutstanding: (exchange: Exchange, ticket: number) => boolean,
    lost: (exchanges: readonly Exchange[]) => void,
  ) {
    this.#board = board;
    this.#isOutstanding = isOutstanding;
    this.#lost = lost;
  }

  /** All of these have been taken from the pipe. */
  lookFor(taken: readonly Exchange[]): void {
    const suspects = this.unclaimed(taken).map((exchange) => ({ exchange, ticket: exchange.ticket }));
    if (suspects.length === 0) return;
    // The mark comes before the second look at the board: whoever claims in between sees it (RUNQUEUE.md, "Claim, then look").
    for (const { exchange, ticket } of suspects) this.#board.cancel(exchange.cancel, ticket);
    setTimeout(() => this.#lookAgain(suspects), UNCLAIMED_MS);
  }

  /** Those of the exchanges that may never have reached the application: no worker claims their ticket. */
  unclaimed(exchanges: readonly Exchange[]): Exchange[] {
    const candidates = exchanges.filter(({ state }) => state === 'outstanding' || state === 'finished');
    if (candidates.length === 0) return [];
    const claimed = this.#board.claimedTickets();
    return candidates.filter((exchange) => !claimed.has(exchange.ticket));
  }

  #lookAgain(suspects: readonly Suspect[]): void {
    const still = this.#outstanding(suspects);
    const unclaimed = new Set(this.unclaimed(still.map(({ exchange }) => exchange)));
    const lost = still.filter(({ exchange }) => unclaimed.has(exchange));
    // One more turn of the event loop: an answer that was sent before the board was read is read in it.
    setImmediate(() => this.#lost(this.#outstanding(lost).map(({ exchange }) => exchange)));
  }

  #outstanding(suspects: readonly Suspect[]): Suspect[] {
    return suspects.filter(({ exchange, ticket }) => this.#isOutstanding(exchange, ticket));
  }
}
