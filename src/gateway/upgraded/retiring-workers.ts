// Which workers are leaving while their generation goes on: recycled, one too many, or with a request that hangs. The gateway asks
// whether a WebSocket or a tunnel is such a worker's.

import type { ClaimsBoard, SlotRange } from '../../runqueue/claims-board.ts';

export class RetiringWorkers {
  readonly #board: ClaimsBoard;
  #ranges: SlotRange[] = [];

  constructor(board: ClaimsBoard) {
    this.#board = board;
  }

  add({ slot, slots }: SlotRange): void {
    this.#ranges.push({ slot, slots });
  }

  gone({ slot }: SlotRange): void {
    this.#ranges = this.#ranges.filter((range) => range.slot !== slot);
  }

  /** Whether one of them has claimed the ticket. */
  run(ticket: number): boolean {
    return this.#ranges.some((range) => this.#board.claims(range).some((claim) => claim.ticket === ticket));
  }
}
