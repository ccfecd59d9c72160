// Shared by the workers of all generations: the slots of the claims board, and the counter that gives each worker its age.

import { type SlotRange, WORKER_SLOTS } from '../../runqueue/claims-board.ts';
import { BoardSlots } from './board-slots.ts';

export class Allotment {
  readonly #slots: BoardSlots = new BoardSlots(WORKER_SLOTS);
  #lastAge = 0;

  /** The age of the newest worker. */
  get lastAge(): number {
    return this.#lastAge;
  }

  /** Allots a new worker an age and that many slots in a row; null if the board is full. */
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
