// Conversion between bytes and text, one character per byte, with Node's native `latin1Slice` and `latin1Write`: for short texts,
// toString('latin1') and write() cost half as much again. The type declarations omit the native methods.

interface Latin1Buffer {
  latin1Slice(start: number, end: number): string;
  latin1Write(text: string, offset: number, length: number): number;
}

export function latin1Text(bytes: Buffer, start: number, end: number): string {
  return (bytes as Buffer & Latin1Buffer).latin1Slice(start, end);
}

/** Writes `text`, whose characters are all below 256, at `offset`. */
export function writeLatin1(bytes: Buffer, text: string, offset: number): void {
  (bytes as Buffer & Latin1Buffer).latin1Write(text, offset, text.length);
}

/** The same text, without keeping alive the longer one from which it was cut. */
export function detached(text: string): string {
  const bytes = Buffer.from(text, 'latin1');
  return latin1Text(bytes, 0, bytes.length);
}
