// A set of names that wait for an asynchronous look. A name is never looked at twice at the same time, so a late answer cannot
// overwrite an early one; and only so many are looked at together.

const AT_ONCE = 64;

export class Batches {
  readonly #look: (name: string) => Promise<void>;
  readonly #waiting: Set<string> = new Set();
  #round: Promise<void> | null = null;

  /** `look` never rejects. */
  constructor(look: (name: string) => Promise<void>) {
    this.#look = look;
  }

  add(name: string): void {
    this.#waiting.add(name);
    this.#round ??= this.#run();
  }

  /** Resolves when nothing waits. */
  async done(): Promise<void> {
    while (this.#round !== null) await this.#round;
  }

  async #run(): Promise<void> {
    // Not at once: what the caller adds in the same turn goes together.
    await Promise.resolve();
    while (this.#waiting.size > 0) {
      const batch = [...this.#waiting].slice(0, AT_ONCE);
      for (const name of batch) this.#waiting.delete(name);
      await Promise.all(batch.map((name) => this.#look(name)));
    }
    this.#round = null;
  }
}
