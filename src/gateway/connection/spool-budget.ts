// How much of the disk a gateway uses, over all connections: the setting gateway_spool for responses, and a share of the file system for
// them and for the bodies of requests. Pure: the gateway looks at the disk about once a second.

export class SpoolBudget {
  #responseBytes = 0;
  #bodyBytes = 0;
  /** What was free at the last look, and what was used of it then. */
  #free: { readonly bytes: number; readonly usedBytes: number } = { bytes: Number.POSITIVE_INFINITY, usedBytes: 0 };
  /** For responses; 0: no limit but the share. */
  limitBytes: number;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#responseBytes + this.#bodyBytes;
  }

  /** No more of a response should go to the disk. */
  get isSpent(): boolean {
    return (this.limitBytes > 0 && this.#responseBytes >= this.limitBytes) || this.isDiskShort;
  }

  /** More than half of what would be free without it is used: nothing more should go to the disk. */
  get isDiskShort(): boolean {
    const { usedBytes } = this;
    return usedBytes > 0 && usedBytes > this.#free.bytes - (usedBytes - this.#free.usedBytes);
  }

  /** Bytes of files that are there now and were not before; negative for those that are not any more. */
  addResponse(bytes: number): void {
    this.#responseBytes += bytes;
  }

  addBody(bytes: number): void {
    this.#bodyBytes += bytes;
  }

  hasFree(bytes: number): void {
    this.#free = { bytes, usedBytes: this.usedBytes };
  }
}
