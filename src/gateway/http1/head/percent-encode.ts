// The opposite of percent-decode.ts. Pure.

/** `text` has one character for each byte; those that match `unsafe`, a global expression, are encoded. */
export function percentEncode(text: string, unsafe: RegExp): string {
  return text.replace(unsafe, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}
