// A queue with cheap removal at both ends, for requests that wait for room in the ticket pipe. Removal from the middle costs a search.

const COMPACT_AT = 1024;

export class WaitingLine<T> {
  #items: (T | undefined)[] = [];
  #front = 0;

  get length(): number {
    return this.#items.length - this.#front;
  }

  get first(): T | undefined {
    return this.#items[this.#front];
  }

  get last(): T | undefined {
    return this.length === 0 ? undefined : this.#items[this.#items.length - 1];
  }

  /** Removes the newest item. */
  pop(): T | undefined {
    return this.length === 0 ? undefined : this.#items.pop();
  }

  /** Removes the item, wherever it is; returns whether it was there. */
  remove(item: T): boolean {
    const at = this.#items.indexOf(item, this.#front);
    if (at < 0) return false;
    this.#items.splice(at, 1);
    return true;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Puts items back at the front, in their order. */
  putBack(items: readonly T[]): void {
    this.#items = [...items, ...this.#items.slice(this.#front)];
    this.#front = 0;
  }

  shift(): T | undefined {
    if (this.#front === this.#items.length) return undefined;
    const item = this.#items[this.#front];
    this.#items[this.#front] = undefined;
    this.#front += 1;
    if (this.#front === this.#items.length) {
      this.#items = [];
      this.#front = 0;
    } else if (this.#front >= COMPACT_AT && this.#front * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#front);
      this.#front = 0;
    }
    return item;
  }
}
