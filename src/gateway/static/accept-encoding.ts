// Which compressed form of a file a request accepts (RFC 9110 section 12.5.3). Pure.

export type Coding = 'br' | 'zstd' | 'gzip';

/** The end of the compressed file's name; the best compression first. */
export const CODINGS: readonly (readonly [coding: Coding, suffix: string])[] = [
  ['br', '.br'],
  ['zstd', '.zst'],
  ['gzip', '.gz'],
];

const ELEMENT = /^([^;\s]+)(?:[ \t]*;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/i;

/** The best of the `available` codings; null: the file as it is. Without the field, only that is certain to be understood. */
export function bestCoding(acceptEncoding: string | undefined, available: readonly Coding[]): Coding | null {
  if (acceptEncoding === undefined || available.length === 0) return null;
  const weights = weightsOf(acceptEncoding);
  const weightOf = (coding: string): number => weights.get(coding) ?? weights.get('*') ?? 0;
  let best: Coding | null = null;
  // Unless the client says how much it likes the file as it is, everything else comes first.
  let bestWeight = weights.get('identity') ?? 0;
  for (const [coding] of CODINGS) {
    const weight = available.includes(coding) ? weightOf(coding) : 0;
    const isBetter = best === null ? weight > 0 && weight >= bestWeight : weight > bestWeight;
    if (isBetter) [best, bestWeight] = [coding, weight];
  }
  return best;
}

/** An element that is malformed counts for nothing. `x-gzip` is `gzip` (section 8.4.1.3). */
function weightsOf(acceptEncoding: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const text of acceptEncoding.split(',')) {
    const [, name, weight = '1'] = ELEMENT.exec(text.trim()) ?? [];
    if (name !== undefined) weights.set(name.toLowerCase().replace(/^x-gzip$/, 'gzip'), Number(weight));
  }
  return weights;
}
