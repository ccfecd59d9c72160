// How much memory bodies take in a gateway, over all connections: the setting gateway_memory. Who finds it spent uses the disk.

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

  /** Bytes that are kept now and were not before; negative for bytes that are kept no longer. */
  add(bytes: number): void {
    this.#usedBytes += bytes;
  }
}
