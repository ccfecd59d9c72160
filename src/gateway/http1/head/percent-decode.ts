// PATH_INFO from the percent-encoded path.

const HEX_VALUES = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit += 1) {
  const char = digit.toString(16);
  HEX_VALUES[char.charCodeAt(0)] = digit;
  HEX_VALUES[char.toUpperCase().charCodeAt(0)] = digit;
}

/**
 * The bytes of the path, one character each (PEP 3333 requires ISO-8859-1): `%C3%A9` and the raw bytes C3 A9 give the same result. A `%`
 * without two hex digits stays as it is.
 */
export function percentDecode(path: string): string {
  let percent = path.indexOf('%');
  if (percent < 0) return path;
  let decoded = '';
  let copied = 0;
  while (percent >= 0) {
    const high = HEX_VALUES[path.charCodeAt(percent + 1)] ?? -1;
    const low = HEX_VALUES[path.charCodeAt(percent + 2)] ?? -1;
    if (high >= 0 && low >= 0) {
      decoded += path.slice(copied, percent) + String.fromCharCode(high * 16 + low);
      copied = percent + 3;
      percent = path.indexOf('%', copied);
    } else {
      percent = path.indexOf('%', percent + 1);
    }
  }
  return decoded + path.slice(copied);
}

/** Whether `percentDecode(path)` contains a NUL, which a ticket's fields cannot hold. A path never contains a raw NUL. */
export function decodesToNul(path: string): boolean {
  return path.includes('%00');
}
