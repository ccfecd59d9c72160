// The trailer section of a chunked body (RFC 9112 section 7.1.2). It is checked like a header section from an untrusted peer; WSGI's
// environ has no place for it.

import { readFieldLines } from '../head/field-lines.ts';
import type { HeadRules } from '../head/head-rules.ts';
import { Refusal } from '../refusal.ts';
import { broken } from '../rules.ts';

export type Trailers = readonly (readonly [name: string, value: string])[];

export function parseTrailers(section: string, rules: HeadRules): Trailers | Refusal {
  const lines = readFieldLines(section, rules, false);
  if (lines instanceof Refusal) return lines;
  // RFC 9110 section 6.5.1: framing, routing and authentication must be known before the body.
  const forbidden = lines.names.find((name) => name.forbiddenInTrailers);
  if (forbidden !== undefined) return broken('trailer-forbidden', forbidden.name);
  return lines.names.map((name, index) => [name.name, lines.values[index] ?? ''] as const);
}
