// The header field Forwarded (RFC 7239), in which the nearest proxy states the scheme that the client used. It counts in requests from
// trusted peers, while forwarded_header is on.

import type { Refusal } from '../refusal.ts';
import { broken } from '../rules.ts';

// RFC 7239 section 4: token "=" ( token / quoted-string ), without whitespace around the equals sign.
const PAIR =
  /([!#$%&'*+\-.^_`|~0-9A-Za-z]+)=(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)|"([\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]*(?:\\[\t\x20-\x7e\x80-\xff][\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]*)*)")/y;
const SCHEME = /^[A-Za-z][A-Za-z0-9+\-.]*$/;

/**
 * The scheme in the `proto` of the last element, which the nearest proxy appended: the client may have sent the elements before it. Every
 * scheme except https counts as http, as with secure_scheme_headers; null: that element does not state it.
 */
export function forwardedScheme(value: string): 'http' | 'https' | null | Refusal {
  let at = 0;
  for (;;) {
    at = skipSpace(value, at);
    const element = readElement(value, at);
    if (element === null) return malformed();
    at = skipSpace(value, element.end);
    if (at === value.length) {
      if (element.proto === null) return null;
      return element.proto.toLowerCase() === 'https' ? 'https' : 'http';
    }
    if (value[at] !== ',') return malformed();
    at += 1;
  }
}

/** Pairs between semicolons, each name once; pairs and whole elements may be empty. Null: not a valid element. */
function readElement(value: string, start: number): { readonly proto: string | null; readonly end: number } | null {
  const names = new Set<string>();
  let proto: string | null = null;
  let at = start;
  for (;;) {
    PAIR.lastIndex = at;
    const pair = PAIR.exec(value);
    if (pair !== null) {
      const name = (pair[1] ?? '').toLowerCase();
      if (names.has(name)) return null;
      names.add(name);
      if (name === 'proto') {
        proto = pair[2] ?? (pair[3] ?? '').replace(/\\(.)/g, '$1');
        if (!SCHEME.test(proto)) return null;
      }
      at = PAIR.lastIndex;
    }
    if (value[at] !== ';') return { proto, end: at };
    at += 1;
  }
}

function skipSpace(value: string, start: number): number {
  let at = start;
  while (value[at] === ' ' || value[at] === '\t') at += 1;
  return at;
}

function malformed(): Refusal {
  return broken('forwarded-form', 'FORWARDED');
}
