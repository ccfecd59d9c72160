// Tickets that have been in the pipe for longer than queue_timeout: those that no worker claims are marked, so that a worker that takes
// one skips it; the gateway answers them once it is certain that no worker runs them.

import type { ClaimsBoard } from '../../runqueue/claims-board.ts';
import { waitedMs } from '../exchange/request.ts';
import { CLAIM_WITHIN_MS, isUnanswered, type OutstandingTicket } from './outstanding-ticket.ts';
import { isOverdue, type QueuePolicy } from './queue-policy.ts';

export class UntakenTickets {
  readonly #board: ClaimsBoard;
  readonly #whenRead: (then: () => void) => void;
  readonly #expired: (ticket: OutstandingTicket) => void;
  /** In the order of writing, without those that a worker has been seen to claim. */
  #written: OutstandingTicket[] = [];
  #looking = false;

  /** `expired`: no worker runs it, and none will. */
  constructor(board: ClaimsBoard, whenRead: (then: () => void) => void, expired: (ticket: OutstandingTicket) => void) {
    this.#board = board;
    this.#whenRead = whenRead;
    this.#expired = expired;
  }

  add(ticket: OutstandingTicket): void {
    this.#written.push(ticket);
  }

  look(policy: QueuePolicy, nowMs: number): void {
    if (this.#looking || this.#written.length === 0) return;
    const still = this.#written.filter(isUnanswered);
    const isLate = ({ exchange }: OutstandingTicket): boolean => isOverdue(policy, waitedMs(exchange.request, nowMs));
    this.#written = still.filter((ticket) => !isLate(ticket));
    const suspects = this.#unclaimed(still.filter(isLate));
    if (suspects.length === 0) return;
    this.#looking = true;
    // The mark comes before the second look at the board: a worker that claims in between sees it (RUNQUEUE.md, "Claim, then look").
    for (const { cancel, id } of suspects) this.#board.cancelUnlessBegun(cancel, id);
    setTimeout(() => this.#lookAgain(suspects), CLAIM_WITHIN_MS).unref();
  }

  #lookAgain(suspects: readonly OutstandingTicket[]): void {
    const unclaimed = this.#unclaimed(suspects.filter(isUnanswered));
    for (const ticket of suspects) {
      // The worker had looked before the mark was set, and runs the ticket: its client has not left.
      if (isUnanswered(ticket) && !unclaimed.includes(ticket)) this.#board.unmark(ticket.cancel);
    }
    // A claim is released after its answer: an answer that was sent before the board was read must be read first.
    this.#whenRead(() => {
      this.#looking = false;
      for (const ticket of unclaimed.filter(isUnanswered)) this.#expired(ticket);
    });
  }

  #unclaimed(written: readonly OutstandingTicket[]): OutstandingTicket[] {
    if (written.length === 0) return [];
    const claimed = this.#board.claimedTickets();
    return written.filter(({ id }) => !claimed.has(id));
  }
}
