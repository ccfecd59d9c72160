// The Range of a request (RFC 9110 section 14). Pure.

export type ByteRange =
  /** No Range, or one that is ignored. */
  | { readonly kind: 'whole' }
  /** `endByte` is the first byte after the part. */
  | { readonly kind: 'part'; readonly startByte: number; readonly endByte: number }
  | { readonly kind: 'unsatisfiable' };

const WHOLE: ByteRange = { kind: 'whole' };
const UNSATISFIABLE: ByteRange = { kind: 'unsatisfiable' };
const ONE_RANGE = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i;

/**
 * A server may ignore Range (section 14.2), and this ignores what is malformed, or asks for several parts: an answer in parts is longer than
 * the file as soon as they overlap, and hardly any client asks for one.
 */
export function parseRange(range: string | null, sizeBytes: number): ByteRange {
  const [, first, last] = (range === null ? null : ONE_RANGE.exec(range)) ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return WHOLE;
  if (first === '') {
    const suffixBytes = Math.min(Number(last), sizeBytes);
    return suffixBytes === 0 ? UNSATISFIABLE : { kind: 'part', startByte: sizeBytes - suffixBytes, endByte: sizeBytes };
  }
  const startByte = Number(first);
  if (last !== '' && Number(last) < startByte) return WHOLE;
  if (startByte >= sizeBytes) return UNSATISFIABLE;
  return { kind: 'part', startByte, endByte: last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes) };
}
