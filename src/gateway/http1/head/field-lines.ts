// The lines of a header or trailer section (RFC 9112 section 5): their form, their limits and the policy for names with an underscore.
// header-block.ts and trailers.ts interpret the fields.

import { Refusal } from '../refusal.ts';
import { broken } from '../rules.ts';
import type { FieldName } from './field-names.ts';
import type { HeadRules } from './head-rules.ts';

/** The accepted fields, in order; `values[i]` belongs to `names[i]`. */
export interface FieldLines {
  readonly names: readonly FieldName[];
  readonly values: readonly string[];
  /** Number of this parse; names and environ keys that occur in these lines are marked with it. */
  readonly parse: number;
  /** With strip_header_spaces: a name had whitespace after it, and an intermediary may have read a different field, or none. */
  readonly hasSpacedName: boolean;
}

// One test for the whole section is much cheaper than one for each value; but the regexp engine's stack is limited.
const CLEAN_LINES = /^[\t\x20-\x7e\x80-\xff]+(?:\r\n[\t\x20-\x7e\x80-\xff]+)*$/;
const CLEAN_TEST_MAX_CHARS = 65_536;
export const NOT_IN_VALUE: RegExp = /[\x00-\x08\x0a-\x1f\x7f]/;
const TAB = 9;
const SPACE = 32;
const CR = 13;
const UNJUDGED_BYTES = 3;

/** `section` has no CRLF after its last line. */
export function readFieldLines(section: string, rules: HeadRules, peerTrusted: boolean): FieldLines | Refusal {
  const end = section.length;
  const isTooLarge = end > rules.limitHeaderBlockBytes;
  const clean = !isTooLarge && end <= CLEAN_TEST_MAX_CHARS && CLEAN_LINES.test(section);
  if (!clean) {
    // First, because both are refused even before the section has ended.
    const bareLf = findBareLf(section);
    if (bareLf >= 0 && comesWithinLimit(bareLf, rules)) return broken('field-line-end', section.slice(0, bareLf));
    if (isTooLarge) return sectionTooLarge();
  }
  const names: FieldName[] = [];
  const values: string[] = [];
  const parse = rules.fieldNames.beginParse();

  let start = 0;
  let dropped = 0;
  let hasSpacedName = false;
  while (start < end) {
    // Dropped fields do not count among the accepted ones, but they cost time too, so they have the same limit.
    if (names.length >= rules.limitRequestFields || dropped > rules.limitRequestFields) {
      return broken('fields-count', 'limit request headers fields');
    }
    let lineEnd = section.indexOf('\r\n', start);
    if (lineEnd < 0) lineEnd = end;
    const colon = section.indexOf(':', start);
    if (colon <= start || colon > lineEnd) return broken('field-colon', section.slice(start, lineEnd));

    const name = findName(section.slice(start, colon), rules);
    if (name instanceof Refusal) return name;
    hasSpacedName ||= rules.stripHeaderSpaces && isSpace(section.charCodeAt(colon - 1));

    const valueStart = skipSpace(section, colon + 1, lineEnd);
    let value = section.slice(valueStart, skipSpaceBack(section, valueStart, lineEnd));
    if (lineEnd < end && isSpace(section.charCodeAt(lineEnd + 2))) {
      if (!rules.permitObsoleteFolding) return broken('field-folding', name.name);
      const foldEnd = endOfFold(section, lineEnd);
      value = unfold(value, section.slice(lineEnd + 2, foldEnd));
      lineEnd = foldEnd;
    }
    if (lineEnd + 2 - start > rules.limitRequestFieldSizeBytes) {
      return broken('field-size', 'limit request headers fields size');
    }
    if (!clean && NOT_IN_VALUE.test(value)) return broken('field-value', name.name);
    start = lineEnd + 2;

    const admission = peerTrusted ? name.admissionFromTrusted : name.admission;
    if (admission === 'refuse') return broken('field-underscore', name.name);
    if (admission === 'drop') {
      dropped += 1;
      continue;
    }
    if (name.singleton && name.parse === parse) {
      return broken(name.role === 'host' ? 'host-twice' : 'content-type-twice', name.name);
    }
    name.parse = parse;
    names.push(name);
    values.push(value);
  }
  return { names, values, parse, hasSpacedName };
}

function findName(spelling: string, rules: HeadRules): FieldName | Refusal {
  const found = rules.fieldNames.find(spelling);
  if (found !== undefined) return found;
  if (rules.stripHeaderSpaces) {
    const stripped = rules.fieldNames.find(spelling.slice(0, skipSpaceBack(spelling, 0, spelling.length)));
    if (stripped !== undefined) return stripped;
  }
  return broken('field-name', spelling);
}

/** Whether a reader that gets single bytes sees the byte at `offset` of a section before it finds the section too large. */
export function comesWithinLimit(offset: number, rules: HeadRules): boolean {
  return offset <= rules.limitHeaderBlockBytes + UNJUDGED_BYTES;
}

/** For a section whose end has not arrived: its last bytes may be the beginning of the empty line. */
export function isUnfinishedTooLarge(bytes: number, rules: HeadRules): boolean {
  return bytes > rules.limitHeaderBlockBytes + UNJUDGED_BYTES;
}

export function sectionTooLarge(): Refusal {
  return broken('fields-size', 'max buffer headers');
}

/** The offset of the first LF without a CR before it, or -1. */
function findBareLf(text: string): number {
  let at = text.indexOf('\n');
  while (at > 0 && text.charCodeAt(at - 1) === CR) at = text.indexOf('\n', at + 1);
  return at;
}

/** The end of the last continuation line of a field whose first line ends at `lineEnd`. */
function endOfFold(section: string, lineEnd: number): number {
  let end = lineEnd;
  while (isSpace(section.charCodeAt(end + 2))) {
    end = section.indexOf('\r\n', end + 2);
    if (end < 0) return section.length;
  }
  return end;
}

/** RFC 9112 section 5.2: each obs-fold becomes a space; then the value loses surrounding space, like any other. */
function unfold(firstPart: string, continuations: string): string {
  const parts = continuations.split('\r\n').map(trimSpace);
  return trimSpace(`${firstPart} ${parts.join(' ')}`);
}

/** Without surrounding SP and HT. */
export function trimSpace(text: string): string {
  const start = skipSpace(text, 0, text.length);
  return text.slice(start, skipSpaceBack(text, start, text.length));
}

// Only SP and HT are whitespace here; String.prototype.trim() would also remove characters such as NBSP.
function isSpace(charCode: number): boolean {
  return charCode === SPACE || charCode === TAB;
}

function skipSpace(text: string, start: number, end: number): number {
  let index = start;
  while (index < end && isSpace(text.charCodeAt(index))) index += 1;
  return index;
}

function skipSpaceBack(text: string, start: number, end: number): number {
  let index = end;
  while (index > start && isSpace(text.charCodeAt(index - 1))) index -= 1;
  return index;
}
