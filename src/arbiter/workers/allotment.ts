// What the workers of all generations share: the slots of the claims board, and the ages by which the oldest worker is known.

import { type SlotRange, WORKER_SLOTS } from '../../runqueue/claims-board.ts';
import { BoardSlots } from './board-slots.ts';

export class Allotment {
  readonly #slots: BoardSlots = new BoardSlots(WORKER_SLOTS);
  #lastAge = 0;

  /** Of the newest worker. */
  get lastAge(): number {
    return this.#lastAge;
  }

  /** For a new worker: that many slots in a row and an age; null when the board is full. */
  take(slots: number): { readonly slot: number; readonly age: number } | null {
    const slot = this.#slots.take(slots);
    if (slot === null) return null;
    this.#lastAge += 1;
    return { slot, age: this.#lastAge };
  }

  giveBack(range: SlotRange): void {
    this.#slots.giveBack(range);
  }
}
