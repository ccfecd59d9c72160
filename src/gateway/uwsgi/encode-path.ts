// The percent-encoded form of a decoded path, of which percentDecode() gives back exactly the decoded one. Pure.

import { percentEncode } from '../http1/head/percent-encode.ts';

// What a path may contain unencoded (RFC 3986 section 3.3). A NUL, above all, must be encoded: it separates the fields of a ticket.
const NOT_IN_PATH = /[^A-Za-z0-9\-._~!$&'()*+,;=:@/]/g;

/** `path` has one character for each byte. */
export function encodePath(path: string): string {
  return percentEncode(path, NOT_IN_PATH);
}
