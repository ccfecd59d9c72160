// Parses numbers: integers as Python's int() does, and seconds. Pure.

const DECIMAL = /^[+-]?\d+(?:_\d+)*$/;
const PREFIXED = /^0(?:x(?:_?[0-9a-f])+|o(?:_?[0-7])+|b(?:_?[01])+)$/i;
// With base 0, int() refuses leading zeros, which would look octal but mean decimal; zero itself may have several.
const UNPREFIXED = /^(?:0(?:_?0)*|[1-9](?:_?\d)*)$/;

/** `int(text)`; null if it is not a number. */
export function parseDecimal(text: string): number | null {
  const digits = text.trim();
  return DECIMAL.test(digits) ? Number(digits.replaceAll('_', '')) : null;
}

/** `int(text, 0)`: the base comes from a prefix 0x, 0o or 0b; null if it is not a number. */
export function parsePrefixed(text: string): number | null {
  const trimmed = text.trim();
  const digits = trimmed.replace(/^[+-]/, '');
  if (!PREFIXED.test(digits) && !UNPREFIXED.test(digits)) return null;
  const amount = Number(digits.replaceAll('_', ''));
  return trimmed.startsWith('-') ? -amount : amount;
}

/** As parsePrefixed, but a leading 0 before another digit means octal, the usual form of a umask on a command line. */
export function parseOctalOrPrefixed(text: string): number | null {
  return parsePrefixed(text.trim().replace(/^0(?=\d)/, '0o'));
}

/** Digits, optionally with decimals: 2, 1.5. */
export function parseSeconds(text: string): number | null {
  return /^[0-9]+(?:\.[0-9]+)?$/.test(text.trim()) ? Number(text) : null;
}
