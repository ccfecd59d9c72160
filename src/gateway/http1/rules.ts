// The rules that a request must keep, each with the refusal for breaking it. This one table serves the parsers, the log, the page
// docs/http.md and the conformance tests, which have a case for every rule.

import { Refusal, type RefusalCode } from './refusal.ts';
import type { RuleName } from './rule-name.ts';

export interface Rule {
  readonly code: RefusalCode;
  /** One sentence: what must hold. */
  readonly text: string;
  /** The clause that requires it. */
  readonly source: string;
}

export const RULES: Readonly<Record<RuleName, Rule>> = {
  'request-line-parts': {
    code: 'InvalidRequestLine',
    text: 'A request begins with its request line: method, target and version, with one space between them. One empty line may precede it.',
    source: 'RFC 9112 section 3',
  },
  'request-line-end': {
    code: 'InvalidRequestLine',
    text: 'The request line ends with CRLF; an LF without its CR is refused as soon as it arrives.',
    source: 'RFC 9112 section 2.2',
  },
  'request-line-length': {
    code: 'LimitRequestLine',
    text: 'The request line is not longer than `limit_request_line`.',
    source: 'RFC 9112 section 3',
  },
  'method-token': {
    code: 'InvalidRequestMethod',
    text: 'The method is a token; an invalid first byte is refused immediately.',
    source: 'RFC 9110 section 9.1',
  },
  'method-unconventional': {
    code: 'InvalidRequestMethod',
    text: 'The method has 3 to 20 characters, no lower-case letter and no `#`, unless `permit_unconventional_http_method` is set.',
    source: 'Gunicorn',
  },
  'version-form': {
    code: 'InvalidHTTPVersion',
    text: 'The version is `HTTP/`, a digit, a dot and a digit.',
    source: 'RFC 9112 section 2.3',
  },
  'version-major': {
    code: 'HTTPVersionNotSupported',
    text: 'The major version is 1, unless `permit_unconventional_http_version` is set.',
    source: 'RFC 9110 section 15.6.6',
  },
  'target-characters': {
    code: 'InvalidRequestLine',
    text: 'The target is not empty, and has neither whitespace nor control characters.',
    source: 'RFC 9112 section 3.2',
  },
  'target-form': {
    code: 'InvalidRequestLine',
    text: 'The target is a path that begins with a slash, or an absolute URI, or `*` with OPTIONS, or host and port with CONNECT.',
    source: 'RFC 9112 section 3.2',
  },
  'target-authority': {
    code: 'InvalidRequestLine',
    text: 'The authority of an absolute URI is valid, and that of an http or https URI has a host.',
    source: 'RFC 9110 section 4.2',
  },
  'target-not-secured': {
    code: 'MisdirectedRequest',
    text: 'An https URI arrives over TLS, or from a peer in `forwarded_allow_ips`.',
    source: 'RFC 9110 section 7.4',
  },
  'connect-target': {
    code: 'InvalidRequestLine',
    text: 'The target of CONNECT is a host and a port between 1 and 65535, and nothing else.',
    source: 'RFC 9110 section 9.3.6',
  },
  'script-name': {
    code: 'ConfigurationProblem',
    text: 'The path begins with SCRIPT_NAME, if a proxy or the environment sets it.',
    source: 'Gunicorn',
  },
  'field-colon': {
    code: 'InvalidHeader',
    text: 'A field line has a name and a colon.',
    source: 'RFC 9112 section 5',
  },
  'field-line-end': {
    code: 'InvalidHeader',
    text: 'A field line ends with CRLF; an LF without its CR is refused as soon as it arrives.',
    source: 'RFC 9112 section 2.2',
  },
  'field-name': {
    code: 'InvalidHeaderName',
    text: 'A name is a token, without whitespace before it or before the colon, unless `strip_header_spaces` is set.',
    source: 'RFC 9112 section 5.1',
  },
  'field-underscore': {
    code: 'InvalidHeaderName',
    text: 'With `header_map` at `refuse`, a name has no underscore, unless it is among the `forwarder_headers` of a trusted peer.',
    source: 'Gunicorn',
  },
  'field-value': {
    code: 'InvalidHeader',
    text: 'A value has no control character except the tab: no NUL, no bare CR.',
    source: 'RFC 9110 section 5.5',
  },
  'field-folding': {
    code: 'ObsoleteFolding',
    text: 'A field is one line, unless `permit_obsolete_folding` is set.',
    source: 'RFC 9112 section 5.2',
  },
  'field-size': {
    code: 'LimitRequestHeaders',
    text: 'A field line, with its CRLF and its folds, is not longer than `limit_request_field_size`.',
    source: 'RFC 6585 section 5',
  },
  'fields-count': {
    code: 'LimitRequestHeaders',
    text: 'A request has at most `limit_request_fields` fields; those that `header_map` drops are counted separately.',
    source: 'RFC 6585 section 5',
  },
  'fields-size': {
    code: 'LimitRequestHeaders',
    text: 'A header or trailer section is not larger than the maximum number of fields at their maximum size.',
    source: 'RFC 6585 section 5',
  },
  'host-twice': {
    code: 'InvalidHeader',
    text: 'A request has at most one Host.',
    source: 'RFC 9112 section 3.2',
  },
  'host-value': {
    code: 'InvalidHeader',
    text: 'Host is empty, or a host with an optional port.',
    source: 'RFC 9112 section 3.2',
  },
  'content-type-twice': {
    code: 'InvalidHeader',
    text: 'A request has at most one Content-Type.',
    source: 'RFC 9110 section 5.3',
  },
  'content-length-value': {
    code: 'InvalidHeader',
    text: 'Content-Length is a single number below 2^53, in ASCII digits.',
    source: 'RFC 9112 section 6.3',
  },
  'content-length-twice': {
    code: 'InvalidHeader',
    text: 'A request has at most one Content-Length, even if the values are equal.',
    source: 'RFC 9112 section 6.3',
  },
  'coding-unknown': {
    code: 'UnsupportedTransferCoding',
    text: 'Transfer-Encoding lists only `chunked`, `gzip`, `deflate`, `compress` and `identity`, and has no empty element.',
    source: 'RFC 9112 section 6.1',
  },
  'coding-behind-chunked': {
    code: 'InvalidHeader',
    text: 'Nothing follows `chunked` in Transfer-Encoding, counting all fields of that name.',
    source: 'RFC 9112 section 6.1',
  },
  'coding-without-chunked': {
    code: 'InvalidHeader',
    text: '`chunked` is the last transfer coding, unless `identity` is the only one and there is a Content-Length.',
    source: 'RFC 9112 section 6.3',
  },
  'coding-version': {
    code: 'InvalidHeader',
    text: 'An HTTP/1.0 request has no Transfer-Encoding.',
    source: 'RFC 9112 section 6.1',
  },
  'coding-and-length': {
    code: 'InvalidHeader',
    text: 'A chunked request has no Content-Length.',
    source: 'RFC 9112 section 6.3',
  },
  expectation: {
    code: 'ExpectationFailed',
    text: 'Expect is `100-continue`.',
    source: 'RFC 9110 section 10.1.1',
  },
  'scheme-contradiction': {
    code: 'InvalidSchemeHeaders',
    text: 'The `secure_scheme_headers` of a trusted peer agree with each other and, with `forwarded_header`, with its `Forwarded`.',
    source: 'Gunicorn',
  },
  'forwarded-form': {
    code: 'InvalidHeader',
    text: 'With `forwarded_header`, the `Forwarded` of a trusted peer is well-formed, and no element repeats a parameter.',
    source: 'RFC 7239 section 4',
  },
  'chunk-size': {
    code: 'InvalidChunkSize',
    text: 'A chunk begins with its size: hexadecimal digits, then CRLF, or whitespace and an extension.',
    source: 'RFC 9112 section 7.1',
  },
  'chunk-size-number': {
    code: 'InvalidChunkSize',
    text: 'A chunk size is below 2^53.',
    source: 'RFC 9112 section 7.1',
  },
  'chunk-size-length': {
    code: 'InvalidChunkSize',
    text: 'A chunk size, with the whitespace after it, is not longer than 256 bytes.',
    source: 'RFC 9112 section 7.1',
  },
  'chunk-extension': {
    code: 'InvalidChunkExtension',
    text: 'A chunk extension has no control character except the tab, and ends with CRLF.',
    source: 'RFC 9112 section 7.1.1',
  },
  'chunk-extension-length': {
    code: 'InvalidChunkExtension',
    text: 'The extensions of a chunk are not longer than 4096 bytes.',
    source: 'RFC 9112 section 7.1.1',
  },
  'chunk-extensions-length': {
    code: 'InvalidChunkExtension',
    text: 'All extensions of a body together are not longer than 16 KiB plus the bytes of the body so far.',
    source: 'RFC 9112 section 7.1.1',
  },
  'chunk-data-end': {
    code: 'ChunkMissingTerminator',
    text: 'The data of a chunk has the announced size and is followed by CRLF.',
    source: 'RFC 9112 section 7.1',
  },
  'trailer-forbidden': {
    code: 'InvalidHeaderName',
    text: 'Host, Content-Length, Transfer-Encoding, Trailer, TE and Authorization are not allowed as trailers.',
    source: 'RFC 9110 section 6.5.1',
  },
};

/** `detail` is the offending text, as for `Refusal`. */
export function broken(rule: RuleName, detail: string): Refusal {
  return new Refusal(RULES[rule].code, detail, rule);
}
