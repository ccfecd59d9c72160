// Things that come and go in large numbers, by their consecutive numbers: a hash table with linear probing. A Map or a Set would replace its
// table again and again while its size stays the same, and each discarded table refers to the next one. As soon as one of them is in the
// old generation of the heap, all later ones survive with what was in them, until the next full collection.

/** A power of two, like every size of the table. */
const LEAST_SLOTS = 64;

export class NumberedTable<T extends object> implements Iterable<T> {
  readonly #numberOf: (item: T) => number;
  #slots: (T | null)[] = emptySlots(LEAST_SLOTS);
  #mask: number = LEAST_SLOTS - 1;
  #size = 0;

  constructor(numberOf: (item: T) => number) {
    this.#numberOf = numberOf;
  }

  get size(): number {
    return this.#size;
  }

  get(number: number): T | undefined {
    return this.#slots[this.#find(number)] ?? undefined;
  }

  add(item: T): void {
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    const at = this.#find(this.#numberOf(item));
    if (this.#slots[at] === null) this.#size += 1;
    this.#slots[at] = item;
  }

  /** Returns whether it was there. */
  delete(number: number): boolean {
    const mask = this.#mask;
    let gap = this.#find(number);
    if (this.#slots[gap] === null) return false;
    this.#size -= 1;
    // A search ends at an empty slot; so the items behind the gap move up, except those that would come before their own slot.
    for (let at = (gap + 1) & mask; ; at = (at + 1) & mask) {
      const item = this.#slots[at] ?? null;
      if (item === null) break;
      const shifted = (at - (this.#numberOf(item) & mask)) & mask;
      if (shifted < ((at - gap) & mask)) continue;
      this.#slots[gap] = item;
      gap = at;
    }
    this.#slots[gap] = null;
    return true;
  }

  /** In the order of their numbers. */
  sorted(): T[] {
    return [...this].sort((one, other) => this.#numberOf(one) - this.#numberOf(other));
  }

  /** In no order. Those that are there now, even if some are deleted meanwhile. */
  [Symbol.iterator](): Iterator<T> {
    return this.#slots.filter((item) => item !== null).values();
  }

  /** The slot of the item, or the empty one where it would be. The low bits spread consecutive numbers evenly. */
  #find(number: number): number {
    let at = number & this.#mask;
    for (;;) {
      const item = this.#slots[at] ?? null;
      if (item === null || this.#numberOf(item) === number) return at;
      at = (at + 1) & this.#mask;
    }
  }

  #grow(): void {
    const items = this.#slots;
    this.#slots = emptySlots(items.length * 2);
    this.#mask = this.#slots.length - 1;
    for (const item of items) if (item !== null) this.#slots[this.#find(this.#numberOf(item))] = item;
  }
}

function emptySlots<T>(count: number): (T | null)[] {
  return new Array<T | null>(count).fill(null);
}
