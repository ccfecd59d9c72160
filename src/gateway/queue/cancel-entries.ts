// One gateway's entries in the cancel table: each outstanding ticket has one.

export interface CancelRange {
  readonly first: number;
  readonly count: number;
}

export class CancelEntries {
  /** Entries from this one on have never been taken: to list them all would take time at the start. */
  #fresh: number;
  readonly #end: number;
  readonly #free: number[] = [];
  /** Entries of tickets that were given up unanswered: reserved until their generation is gone. */
  readonly #burnt: Map<number, number[]> = new Map();

  constructor({ first, count }: CancelRange) {
    this.#fresh = first;
    this.#end = first + count;
  }

  get free(): number {
    return this.#free.length + this.#end - this.#fresh;
  }

  take(): number | undefined {
    return this.#free.pop() ?? (this.#fresh < this.#end ? this.#fresh++ : undefined);
  }

  giveBack(entry: number): void {
    this.#free.push(entry);
  }

  /** A worker may still hold the ticket: its mark must stay. */
  burn(entry: number, generation: number): void {
    const burnt = this.#burnt.get(generation);
    if (burnt === undefined) this.#burnt.set(generation, [entry]);
    else burnt.push(entry);
  }

  generationGone(generation: number): void {
    this.#free.push(...(this.#burnt.get(generation) ?? []));
    this.#burnt.delete(generation);
  }
}
