// Finds the packets of the uwsgi protocol in the bytes of a connection: modifier1, the size of the variables as a 16-bit little-endian
// number, modifier2, and the variables. The body of a request follows its packet.

import { Refusal } from '../http1/refusal.ts';

const HEADER_BYTES = 4;
const SIZE_OFFSET = 1;
const FIRST_KEPT_BYTES = 1024;

export class PacketReader {
  /** After `push` has returned variables: the offset in that chunk of the first byte after the packet. */
  end = 0;
  #kept: Buffer = Buffer.alloc(0);
  #keptBytes = 0;

  /** The variables of a packet; null if more bytes are needed. */
  push(chunk: Buffer, start: number): Buffer | Refusal | null {
    const modifier = this.#keptBytes === 0 ? chunk[start] : 0;
    // Only 0 is a request to a Python application. Refused at its first byte: what follows may have any form.
    if (modifier !== undefined && modifier !== 0) return new Refusal('UnsupportedModifier', String(modifier));
    const whole = this.#keptBytes === 0 ? wholePacketEnd(chunk, start) : null;
    if (whole !== null) {
      this.end = whole;
      return chunk.subarray(start + HEADER_BYTES, whole);
    }
    const afterHeader = this.#keepUpTo(HEADER_BYTES, chunk, start);
    if (this.#keptBytes < HEADER_BYTES) return null;
    const packetBytes = HEADER_BYTES + this.#kept.readUInt16LE(SIZE_OFFSET);
    const after = this.#keepUpTo(packetBytes, chunk, afterHeader);
    if (this.#keptBytes < packetBytes) return null;
    this.end = after;
    const variables = this.#kept.subarray(HEADER_BYTES, packetBytes);
    this.#kept = Buffer.alloc(0);
    this.#keptBytes = 0;
    return variables;
  }

  /** Copies bytes of the chunk until `total` are kept. Returns the offset of the first byte that was not copied. */
  #keepUpTo(total: number, chunk: Buffer, start: number): number {
    const end = Math.min(chunk.length, start + Math.max(0, total - this.#keptBytes));
    const bytes = this.#keptBytes + end - start;
    if (bytes > this.#kept.length) {
      // Memory grows with what arrives, not with the size that the peer announces.
      const larger = Buffer.allocUnsafeSlow(Math.max(FIRST_KEPT_BYTES, bytes, this.#keptBytes * 2));
      this.#kept.copy(larger, 0, 0, this.#keptBytes);
      this.#kept = larger;
    }
    chunk.copy(this.#kept, this.#keptBytes, start, end);
    this.#keptBytes = bytes;
    return end;
  }
}

/** The end of a packet that begins at `start`; null if not all of it is in the chunk. */
function wholePacketEnd(chunk: Buffer, start: number): number | null {
  if (chunk.length - start < HEADER_BYTES) return null;
  const end = start + HEADER_BYTES + chunk.readUInt16LE(start + SIZE_OFFSET);
  return end <= chunk.length ? end : null;
}
