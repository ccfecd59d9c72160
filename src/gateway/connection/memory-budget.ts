// The memory that bodies take in a gateway, over all connections: the setting gateway_memory. When it is spent, the disk is used.

export class MemoryBudget {
  #usedBytes = 0;
  /** 0: no limit. */
  limitBytes: number;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get isSpent(): boolean {
    return this.limitBytes > 0 && this.#usedBytes > this.limitBytes;
  }

  /** Newly stored bytes; negative for bytes that were released. */
  add(bytes: number): void {
    this.#usedBytes += bytes;
  }
}
