// A set of names that wait for an asynchronous check. A name is never checked twice concurrently, so that a late answer cannot
// overwrite an earlier one; and the number of concurrent checks is limited.

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
    // Deferred, so that names added in the same turn form one batch.
    await Promise.resolve();
    while (this.#waiting.size > 0) {
      const batch = [...this.#waiting].slice(0, AT_ONCE);
      for (const name of batch) this.#waiting.delete(name);
      await Promise.all(batch.map((name) => this.#look(name)));
    }
    this.#round = null;
  }
}
