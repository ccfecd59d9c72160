// Where a WebSocket client's messages begin and end in its bytes, to know what an unfinished one costs: `ws` assembles messages and does
// not say how much it holds. Pure. Frames that break a rule are left to `ws` to refuse.

/** The overhead of a fragment. */
const FRAGMENT_COST_BYTES = 256;
const FIN = 0x80;
const CONTROL = 0x08;
const MASKED = 0x80;
const MASK_BYTES = 4;

export class ReceivedFrames {
  #wholeMessages = 0;
  #unfinishedBytes = 0;
  /** The bytes of an incomplete header. */
  readonly #header: number[] = [];
  /** The bytes that the current frame's payload still lacks, or -1 in its header. */
  #remainingBytes = -1;
  #isLast = false;
  #isControl = false;

  /** Messages whose end has arrived. */
  get wholeMessages(): number {
    return this.#wholeMessages;
  }

  /** What the unfinished message takes so far. */
  get unfinishedBytes(): number {
    return this.#unfinishedBytes;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#remainingBytes < 0) {
        this.#header.push(chunk[at] ?? 0);
        at += 1;
        this.#begin();
      } else {
        const taken = Math.min(this.#remainingBytes, chunk.length - at);
        at += taken;
        this.#remainingBytes -= taken;
        if (!this.#isControl) this.#unfinishedBytes += taken;
      }
      if (this.#remainingBytes === 0) this.#end();
    }
  }

  /** Begins the payload, if the header is complete. */
  #begin(): void {
    const header = this.#header;
    const [first = 0, second] = header;
    if (second === undefined) return;
    const short = second & 0x7f;
    const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0;
    if (header.length < 2 + lengthBytes + ((second & MASKED) === 0 ? 0 : MASK_BYTES)) return;
    this.#remainingBytes = short;
    if (lengthBytes > 0) {
      this.#remainingBytes = 0;
      for (let at = 2; at < 2 + lengthBytes; at += 1)
        this.#remainingBytes = this.#remainingBytes * 256 + (header[at] ?? 0);
    }
    this.#isLast = (first & FIN) !== 0;
    this.#isControl = (first & CONTROL) !== 0;
    if (!this.#isControl) this.#unfinishedBytes += FRAGMENT_COST_BYTES;
    header.length = 0;
  }

  #end(): void {
    this.#remainingBytes = -1;
    if (this.#isControl || !this.#isLast) return;
    this.#wholeMessages += 1;
    this.#unfinishedBytes = 0;
  }
}
