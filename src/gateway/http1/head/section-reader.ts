// Collects bytes up to the empty line that ends a head or a trailer section, however they are split into chunks. Every byte is examined
// once and copied at most twice; bytes beyond the limit are not stored.

import { latin1Text } from '../../../runqueue/latin1.ts';

const CR = 13;
const LF = 10;
const CRLF_CRLF: Buffer = Buffer.from('\r\n\r\n', 'latin1');
// Up to this size it is cheaper to convert a whole chunk into a string and search that.
const STRING_SEARCH_MAX_BYTES = 4096;

export class SectionReader {
  /** After `push` has returned a text: the offset in that chunk of the first byte after the empty line. */
  end = 0;
  #kept: Buffer | null = null;
  #keptBytes = 0;
  // How far the search for an LF without a CR has come, and where the first one is.
  #judged = 0;
  #bareLf = -1;

  /** Stored bytes of an incomplete section. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** The stored bytes as text, to examine an incomplete section. */
  keptText(start: number, end: number): string {
    return this.#kept === null ? '' : latin1Text(this.#kept, start, end);
  }

  /** The offset of the first CRLF at or after `from` in the stored bytes, or -1. */
  findCrlf(from: number): number {
    return this.#kept === null ? -1 : this.#kept.subarray(0, this.#keptBytes).indexOf('\r\n', from, 'latin1');
  }

  /** The offset of the first LF without a CR before it in the stored bytes, or -1; a repeated call examines new bytes only. */
  findBareLf(): number {
    const kept = this.#kept;
    if (kept === null || this.#bareLf >= 0) return this.#bareLf;
    const bytes = kept.subarray(0, this.#keptBytes);
    let at = bytes.indexOf(LF, this.#judged);
    while (at > 0 && bytes[at - 1] === CR) at = bytes.indexOf(LF, at + 1);
    this.#bareLf = at;
    this.#judged = this.#keptBytes;
    return at;
  }

  /** The section without its final CRLF CRLF, in ISO-8859-1; null if more bytes are needed. */
  push(chunk: Buffer, start: number): string | null {
    if (this.#keptBytes > 0) return this.#pushMore(chunk, start);
    if (start >= chunk.length) return null;
    if (chunk.length - start <= STRING_SEARCH_MAX_BYTES) {
      const text = latin1Text(chunk, start, chunk.length);
      const found = text.indexOf('\r\n\r\n');
      if (found >= 0) {
        this.end = start + found + 4;
        return text.slice(0, found);
      }
    } else {
      const found = chunk.indexOf(CRLF_CRLF, start);
      if (found >= 0) {
        this.end = found + 4;
        return latin1Text(chunk, start, found);
      }
    }
    this.#keep(chunk, start);
    return null;
  }

  #pushMore(chunk: Buffer, start: number): string | null {
    const before = this.#keptBytes;
    this.#keep(chunk, start);
    const kept = this.#kept;
    if (kept === null) return null;
    // The empty line may have begun in the three preceding bytes.
    const from = Math.max(0, before - 3);
    const found = kept.subarray(from, this.#keptBytes).indexOf(CRLF_CRLF);
    if (found < 0) return null;
    const text = latin1Text(kept, 0, from + found);
    this.end = start + (from + found + 4 - before);
    this.#kept = null;
    this.#keptBytes = 0;
    this.#judged = 0;
    this.#bareLf = -1;
    return text;
  }

  /** Copies: a subarray would keep the socket's whole read buffer alive for as long as a slow client takes. */
  #keep(chunk: Buffer, start: number): void {
    const total = this.#keptBytes + chunk.length - start;
    if (this.#kept === null || total > this.#kept.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(512, total, this.#keptBytes * 2));
      this.#kept?.copy(larger, 0, 0, this.#keptBytes);
      this.#kept = larger;
    }
    chunk.copy(this.#kept, this.#keptBytes, start);
    this.#keptBytes = total;
  }
}
