// Bytes as text, one character a byte, by Node's native `latin1Slice`: on small heads toString('latin1') costs half as
// much again, and the type declarations leave the native method out.

export function latin1Text(bytes: Buffer, start: number, end: number): string {
  return (bytes as Buffer & { latin1Slice(start: number, end: number): string }).latin1Slice(start, end);
}

/** The same text without a hold on the longer one that it was cut from. */
export function detached(text: string): string {
  const bytes = Buffer.from(text, 'latin1');
  return latin1Text(bytes, 0, bytes.length);
}
