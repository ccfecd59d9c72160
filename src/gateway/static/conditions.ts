// What a request asks of a file: the conditions and the range of its fields, in the order of RFC 9110 section 13.2.2. Pure.

import { parseHttpDate } from '../http1/http-date.ts';
import { type ByteRange, parseRange } from './byte-range.ts';

/** The fields, each as received; null without the field. */
export interface Conditions {
  readonly ifMatch: string | null;
  readonly ifNoneMatch: string | null;
  readonly ifModifiedSince: string | null;
  readonly ifUnmodifiedSince: string | null;
  readonly ifRange: string | null;
  readonly range: string | null;
}

/** The version of a file that would be sent. */
export interface FileVersion {
  readonly sizeBytes: number;
  /** A strong validator, with its quotation marks. */
  readonly etag: string;
  readonly modifiedSeconds: number;
}

export type Verdict = ByteRange | { readonly kind: 'not-modified' } | { readonly kind: 'precondition-failed' };

const NONE: Conditions = {
  ifMatch: null,
  ifNoneMatch: null,
  ifModifiedSince: null,
  ifUnmodifiedSince: null,
  ifRange: null,
  range: null,
};

const FIELDS: Readonly<Record<string, keyof Conditions>> = {
  HTTP_IF_MATCH: 'ifMatch',
  HTTP_IF_NONE_MATCH: 'ifNoneMatch',
  HTTP_IF_MODIFIED_SINCE: 'ifModifiedSince',
  HTTP_IF_UNMODIFIED_SINCE: 'ifUnmodifiedSince',
  HTTP_IF_RANGE: 'ifRange',
  HTTP_RANGE: 'range',
};

/** `headerFields` as in RequestHead. */
export function conditionsOf(headerFields: string): Conditions {
  if (!headerFields.includes('HTTP_IF_') && !headerFields.includes('HTTP_RANGE\0')) return NONE;
  const found: { -readonly [Name in keyof Conditions]: Conditions[Name] } = { ...NONE };
  const pairs = headerFields.split('\0');
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    const name = pairs[at] ?? '';
    const field = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
    if (field !== undefined) found[field] = pairs[at + 1] ?? null;
  }
  return found;
}

export function judge(conditions: Conditions, method: string, file: FileVersion, nowMs: number): Verdict {
  if (conditions === NONE) return { kind: 'whole' };
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions;
  const since = (date: string | null): number | null => (date === null ? null : parseHttpDate(date, nowMs));
  const unmodifiedSince = ifMatch === null ? since(ifUnmodifiedSince) : null;
  if (ifMatch !== null && !hasTag(ifMatch, file.etag, false)) return { kind: 'precondition-failed' };
  if (unmodifiedSince !== null && file.modifiedSeconds > unmodifiedSince) return { kind: 'precondition-failed' };
  const modifiedSince = ifNoneMatch === null ? since(ifModifiedSince) : null;
  if (ifNoneMatch !== null && hasTag(ifNoneMatch, file.etag, true)) return { kind: 'not-modified' };
  if (modifiedSince !== null && file.modifiedSeconds <= modifiedSince) return { kind: 'not-modified' };
  // Range is defined for GET only.
  const isAsked = method === 'GET' && mayBePart(conditions.ifRange, file, nowMs);
  return parseRange(isAsked ? conditions.range : null, file.sizeBytes);
}

/** Whether a list of entity tags has this one. The weak comparison disregards `W/`; in the strong one, a weak tag equals none. */
function hasTag(list: string, etag: string, isWeak: boolean): boolean {
  if (list.trim() === '*') return true;
  const tags = list.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return tags.some((tag) => tag === etag || (isWeak && tag === `W/${etag}`));
}

/** If-Range names the version of which the client has the other parts; of another version it wants the whole. */
function mayBePart(ifRange: string | null, file: FileVersion, nowMs: number): boolean {
  if (ifRange === null || ifRange === file.etag) return true;
  return parseHttpDate(ifRange, nowMs) === file.modifiedSeconds;
}
