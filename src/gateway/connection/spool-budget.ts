// The disk space that a gateway uses, over all connections: the setting gateway_spool for responses, and a share of the file system for
// responses and request bodies together. Pure: the gateway measures the disk about once a second.

export class SpoolBudget {
  #responseBytes = 0;
  #bodyBytes = 0;
  /** The free space at the last measurement, and how much was in use then. */
  #free: { readonly bytes: number; readonly usedBytes: number } = { bytes: Number.POSITIVE_INFINITY, usedBytes: 0 };
  /** For responses; 0: only the share of the file system limits them. */
  limitBytes: number;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#responseBytes + this.#bodyBytes;
  }

  /** No more response bytes should go to the disk. */
  get isSpent(): boolean {
    return (this.limitBytes > 0 && this.#responseBytes >= this.limitBytes) || this.isDiskShort;
  }

  /** This gateway uses more than half of the space that would be free without it: nothing more should go to the disk. */
  get isDiskShort(): boolean {
    const { usedBytes } = this;
    return usedBytes > 0 && usedBytes > this.#free.bytes - (usedBytes - this.#free.usedBytes);
  }

  /** Newly stored bytes; negative for bytes that were deleted. */
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
