// Tickets that wait in the pipe for longer than queue_timeout: what no worker has claimed is marked, so that a worker that takes it
// skips it, and is answered by the gateway once it is certain that none runs it. Used by run-queue.ts.

import type { ClaimsBoard } from '../../runqueue/claims-board.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { isOverdue, type QueuePolicy } from './queue-policy.ts';

/** How long a living worker may take between the end of its read() and its claim. */
const UNCLAIMED_MS = 50;

interface Written {
  readonly exchange: Exchange;
  /** The exchange may get another ticket in the meantime. */
  readonly ticket: number;
}

export class UntakenTickets {
  readonly #board: ClaimsBoard;
  readonly #expired: (exchange: Exchange) => void;
  /** In the order in which they were written, but for those that a worker has been seen to claim. */
  #written: Written[] = [];
  #looking = false;

  /** `expired`: nobody runs it, and nobody will. */
  constructor(board: ClaimsBoard, expired: (exchange: Exchange) => void) {
    this.#board = board;
    this.#expired = expired;
  }

  add(exchange: Exchange): void {
    this.#written.push({ exchange, ticket: exchange.ticket });
  }

  look(policy: QueuePolicy, nowMs: number): void {
    if (this.#looking || this.#written.length === 0) return;
    const still = this.#written.filter(isWaiting);
    const isLate = ({ exchange }: Written): boolean => isOverdue(policy, exchange.waitedMs(nowMs));
    this.#written = still.filter((written) => !isLate(written));
    const suspects = this.#unclaimed(still.filter(isLate));
    if (suspects.length === 0) return;
    this.#looking = true;
    // The mark comes before the second look at the board: whoever claims in between sees it (RUNQUEUE.md, "Claim, then look").
    for (const { exchange, ticket } of suspects) this.#board.cancelUnlessBegun(exchange.cancel, ticket);
    setTimeout(() => this.#lookAgain(suspects), UNCLAIMED_MS).unref();
  }

  #lookAgain(suspects: readonly Written[]): void {
    const unclaimed = this.#unclaimed(suspects.filter(isWaiting));
    for (const written of suspects) {
      // It had looked before the mark was there, and runs: its client has not left.
      if (isWaiting(written) && !unclaimed.includes(written)) this.#board.unmark(written.exchange.cancel);
    }
    // One more turn of the event loop: an answer that was sent before the board was read is read in it.
    setImmediate(() => {
      this.#looking = false;
      for (const { exchange } of unclaimed.filter(isWaiting)) this.#expired(exchange);
    });
  }

  #unclaimed(written: readonly Written[]): Written[] {
    if (written.length === 0) return [];
    const claimed = this.#board.claimedTickets();
    return written.filter(({ ticket }) => !claimed.has(ticket));
  }
}

function isWaiting({ exchange, ticket }: Written): boolean {
  return exchange.ticket === ticket && exchange.state === 'outstanding';
}
