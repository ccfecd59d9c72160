// Which slots of the claims board are taken. They are allotted in turn, so that a slot is not reused until long after every gateway
// has been notified of the end of its last worker. Pure.

import type { SlotRange } from '../../runqueue/claims-board.ts';

export class BoardSlots {
  readonly #count: number;
  /** Sorted by slot. */
  #taken: readonly SlotRange[] = [];
  #next = 0;

  constructor(count: number) {
    this.#count = count;
  }

  /** Returns the first of `slots` free slots in a row, or null if no such row is free. */
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

  /** The first free row at `from` or later. */
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
