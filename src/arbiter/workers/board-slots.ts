// Which slots of the claims board are taken. They are given out in turn: a slot is used again long after every gateway has heard of the
// end of its last worker. Pure.

import type { SlotRange } from '../../runqueue/claims-board.ts';

export class BoardSlots {
  readonly #count: number;
  /** In order of their place. */
  #taken: readonly SlotRange[] = [];
  #next = 0;

  constructor(count: number) {
    this.#count = count;
  }

  /** The first of `slots` free slots in a row, or null when there is no such row. */
  take(slots: number): number | null {
    const slot = this.#free(slots, this.#next) ?? this.#free(slots, 0);
    if (slot === null) return null;
    this.#taken = [...this.#taken, { slot, slots }].sort((a, b) => a.slot - b.slot);
    this.#next = slot + slots;
    return slot;
  }

  giveBack({ slot }: SlotRange): void {
    this.#taken = this.#taken.filter((range) => range.slot !== slot);
  }

  /** The first row that begins at `from` or later. */
  #free(slots: number, from: number): number | null {
    let start = from;
    for (const range of this.#taken) {
      if (range.slot + range.slots <= start) continue;
      if (start + slots <= range.slot) break;
      start = range.slot + range.slots;
    }
    return start + slots <= this.#count ? start : null;
  }
}
