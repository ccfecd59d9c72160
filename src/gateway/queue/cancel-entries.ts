// One gateway's entries in the cancel table: each outstanding ticket has one.

export interface CancelRange {
  readonly first: number;
  readonly count: number;
}

export class CancelEntries {
  readonly #free: number[] = [];
  /** Entries of tickets that were given up unanswered: reserved until their generation is gone. */
  readonly #burnt: Map<number, number[]> = new Map();

  constructor({ first, count }: CancelRange) {
    for (let entry = count - 1; entry >= 0; entry -= 1) this.#free.push(first + entry);
  }

  get free(): number {
    return this.#free.length;
  }

  take(): number | undefined {
    return this.#free.pop();
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
