// Where the body of a request ends (RFC 9112 section 6): from Transfer-Encoding, Content-Length and the version. Request smuggling
// attacks exactly this, so everything doubtful is refused.

import { trimSpace } from '../head/field-lines.ts';
import type { HttpVersion } from '../head/request-line.ts';
import type { Refusal } from '../refusal.ts';
import { broken } from '../rules.ts';

export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' };

/**
 * The combined effect of the codings listed so far. `encoded` is a coding such as gzip, and `encoded-chunked` the same inside chunks: the
 * application gets the body still encoded.
 */
export type TransferCoding = 'none' | 'identity' | 'encoded' | 'chunked' | 'encoded-chunked';

const NO_BODY: Framing = { kind: 'none' };
const CHUNKED: Framing = { kind: 'chunked' };

/** `before` is the result of the earlier Transfer-Encoding fields. */
export function addTransferCodings(before: TransferCoding, value: string): TransferCoding | Refusal {
  let codings = before;
  for (const element of value.split(',')) {
    const coding = trimSpace(element).toLowerCase();
    const known = coding === 'chunked' || coding === 'identity' || /^(?:gzip|deflate|compress)$/.test(coding);
    if (!known) return broken('coding-unknown', coding);
    if (isChunked(codings)) return broken('coding-behind-chunked', 'TRANSFER-ENCODING');
    if (coding === 'chunked') codings = codings === 'encoded' ? 'encoded-chunked' : 'chunked';
    else if (coding !== 'identity') codings = 'encoded';
    else if (codings === 'none') codings = 'identity';
  }
  return codings;
}

function isChunked(coding: TransferCoding): boolean {
  return coding === 'chunked' || coding === 'encoded-chunked';
}

export function toFraming(
  coding: TransferCoding,
  contentLength: number | null,
  version: HttpVersion,
): Framing | Refusal {
  const [major, minor] = version;
  // RFC 9112 section 6.1: a transfer coding in HTTP/1.0 means that an intermediary did not understand it.
  if (coding !== 'none' && (major < 1 || (major === 1 && minor === 0))) return invalidCoding('coding-version');
  // RFC 9112 section 6.3: if chunked is not the last coding of a request, the end of the body cannot be known.
  if (coding === 'encoded') return invalidCoding('coding-without-chunked');
  if (isChunked(coding)) {
    return contentLength === null ? CHUNKED : broken('coding-and-length', 'CONTENT-LENGTH');
  }
  if (contentLength === null) return coding === 'identity' ? invalidCoding('coding-without-chunked') : NO_BODY;
  return contentLength === 0 ? NO_BODY : { kind: 'length', bytes: contentLength };
}

export function isEmptyBody(framing: Framing): boolean {
  return framing.kind === 'none' || (framing.kind === 'length' && framing.bytes === 0);
}

function invalidCoding(rule: 'coding-version' | 'coding-without-chunked'): Refusal {
  return broken(rule, 'TRANSFER-ENCODING');
}
