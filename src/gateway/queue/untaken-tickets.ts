// Tickets that wait in the pipe for longer than queue_timeout: what no worker has claimed is marked, so that a worker that takes it
// skips it, and is answered by the gateway once it is certain that none runs it.

import type { ClaimsBoard } from '../../runqueue/claims-board.ts';
import { waitedMs } from '../exchange/request.ts';
import { CLAIM_WITHIN_MS, isUnanswered, type OutstandingTicket } from './outstanding-ticket.ts';
import { isOverdue, type QueuePolicy } from './queue-policy.ts';

export class UntakenTickets {
  readonly #board: ClaimsBoard;
  readonly #expired: (ticket: OutstandingTicket) => void;
  /** In the order in which they were written, but for those that a worker has been seen to claim. */
  #written: OutstandingTicket[] = [];
  #looking = false;

  /** `expired`: no worker runs it, and none will. */
  constructor(board: ClaimsBoard, expired: (ticket: OutstandingTicket) => void) {
    this.#board = board;
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
    // The mark comes before the second look at the board: whoever claims in between sees it (RUNQUEUE.md, "Claim, then look").
    for (const { cancel, id } of suspects) this.#board.cancelUnlessBegun(cancel, id);
    setTimeout(() => this.#lookAgain(suspects), CLAIM_WITHIN_MS).unref();
  }

  #lookAgain(suspects: readonly OutstandingTicket[]): void {
    const unclaimed = this.#unclaimed(suspects.filter(isUnanswered));
    for (const ticket of suspects) {
      // It had looked before the mark was there, and runs: its client has not left.
      if (isUnanswered(ticket) && !unclaimed.includes(ticket)) this.#board.unmark(ticket.cancel);
    }
    // One more turn of the event loop: an answer that was sent before the board was read is read in it.
    setImmediate(() => {
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
