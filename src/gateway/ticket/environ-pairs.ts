// Look-ups in the NUL-separated environ fields of a ticket: `NAME NUL value NUL NAME NUL value`. Pure.

/** If a name occurs twice, the last value counts, as it does for the application. */
export function lastPair(fields: string, name: string): string | undefined {
  const pairs = fields.split('\0');
  for (let at = pairs.length - 2; at >= 0; at -= 2) if (pairs[at] === name) return pairs[at + 1];
  return undefined;
}

/** Like lastPair(), ignoring the case of the name. */
export function lastPairOfAnyCase(fields: string, name: string): string | undefined {
  const pairs = fields.split('\0');
  const wanted = name.toUpperCase();
  for (let at = pairs.length - 2; at >= 0; at -= 2) if (pairs[at]?.toUpperCase() === wanted) return pairs[at + 1];
  return undefined;
}
