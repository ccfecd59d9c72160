// Where the messages of a WebSocket client begin and end in the bytes that it sends, for what an unfinished one costs: `ws` puts them
// together, and does not say how much it keeps. Pure. A frame that breaks a rule is `ws`'s to refuse.

/** What a fragment takes beside its bytes. */
const FRAGMENT_COST_BYTES = 256;
const FIN = 0x80;
const CONTROL = 0x08;
const MASKED = 0x80;
const MASK_BYTES = 4;

export class ReceivedFrames {
  #wholeMessages = 0;
  #unfinishedBytes = 0;
  /** The header that has begun, as far as it has come. */
  readonly #header: number[] = [];
  /** Of the frame under way: what is still to come of its payload, or -1 in its header. */
  #remainingBytes = -1;
  #isLast = false;
  #isControl = false;

  /** Messages whose end has come. */
  get wholeMessages(): number {
    return this.#wholeMessages;
  }

  /** What the message under way takes so far. */
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

  /** If the header is whole. */
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
