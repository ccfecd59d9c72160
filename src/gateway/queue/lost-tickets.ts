// Tickets that a worker had taken but not claimed when it died. Of the tickets that have certainly been taken, those that no worker
// claims within a moment are cancelled, and count as lost if they are still unclaimed after another moment.

import type { ClaimsBoard } from '../../runqueue/claims-board.ts';
import { CLAIM_WITHIN_MS, type OutstandingTicket } from './outstanding-ticket.ts';

export class LostTickets {
  readonly #board: ClaimsBoard;
  readonly #whenRead: (then: () => void) => void;
  readonly #isOutstanding: (ticket: OutstandingTicket) => boolean;
  readonly #lost: (tickets: readonly OutstandingTicket[]) => void;

  constructor(
    board: ClaimsBoard,
    whenRead: (then: () => void) => void,
    isOutstanding: (ticket: OutstandingTicket) => boolean,
    lost: (tickets: readonly OutstandingTicket[]) => void,
  ) {
    this.#board = board;
    this.#whenRead = whenRead;
    this.#isOutstanding = isOutstanding;
    this.#lost = lost;
  }

  /** All of these have been taken from the pipe. */
  lookFor(taken: readonly OutstandingTicket[]): void {
    const candidates = this.unclaimed(taken);
    // A living worker may be between its read() and its claim. Marked immediately, its ticket would be skipped and queued again for nothing.
    if (candidates.length > 0) setTimeout(() => this.#suspect(candidates), CLAIM_WITHIN_MS);
  }

  #suspect(candidates: readonly OutstandingTicket[]): void {
    const suspects = this.unclaimed(candidates.filter(this.#isOutstanding));
    if (suspects.length === 0) return;
    // The mark comes before the second look at the board: a worker that claims in between sees it (RUNQUEUE.md, "Claim, then look").
    for (const { cancel, id } of suspects) this.#board.cancel(cancel, id);
    setTimeout(() => this.#lookAgain(suspects), CLAIM_WITHIN_MS);
  }

  /** Tickets that may never have reached the application: no worker claims them. */
  unclaimed(tickets: readonly OutstandingTicket[]): OutstandingTicket[] {
    const candidates = tickets.filter(({ exchange }) => !hasAnswer(exchange.state.kind));
    if (candidates.length === 0) return [];
    const claimed = this.#board.claimedTickets();
    return candidates.filter(({ id }) => !claimed.has(id));
  }

  #lookAgain(suspects: readonly OutstandingTicket[]): void {
    const lost = this.unclaimed(suspects.filter(this.#isOutstanding));
    // A claim is released after its answer: an answer that was sent before the board was read must be read before the ticket is lost.
    if (lost.length > 0) this.#whenRead(() => this.#lost(lost.filter(this.#isOutstanding)));
  }
}

/** Whether the worker's response has begun to arrive. */
function hasAnswer(kind: OutstandingTicket['exchange']['state']['kind']): boolean {
  return kind === 'responding' || kind === 'taken-over';
}
