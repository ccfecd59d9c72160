// The request line (RFC 9112 section 3). Called by the request head parser, and by the head reader to refuse a
// hopeless request before its fields have arrived.

import { isIPv6 } from 'node:net';
import type { HeadRules } from './head-rules.ts';
import { Refusal } from './refusal.ts';

export type HttpVersion = readonly [major: number, minor: number];

export interface RequestLine {
  readonly method: string;
  /** As received. */
  readonly target: string;
  /** Percent-encoded, without scheme, authority, query and fragment. */
  readonly path: string;
  readonly query: string;
  /** `HTTP/1.1` */
  readonly protocol: string;
  readonly version: HttpVersion;
}

const HTTP_1_1: HttpVersion = [1, 1];
const HTTP_1_0: HttpVersion = [1, 0];

const USUAL_METHODS = new Set(['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']);
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VERSION = /^HTTP\/(\d)\.(\d)$/;
const NOT_IN_TARGET = /[^\x21-\x7e\x80-\xff]/;
const SCHEME = /^[A-Za-z][A-Za-z0-9+\-.]*:/;
const AUTHORITY = /^(?:[^@[\]]*@)?(\[[^[\]]*\]|[^@:[\]]*)(?::\d*)?$/;
const SLASH = 47;

/** The line is `text` up to `end`, without its CRLF. */
export function parseRequestLine(text: string, end: number, rules: HeadRules): RequestLine | Refusal {
  if (end > rules.limitRequestLine) return new Refusal('LimitRequestLine', String(rules.limitRequestLine));
  const afterMethod = text.indexOf(' ');
  const afterTarget = text.indexOf(' ', afterMethod + 1);
  if (afterMethod < 0 || afterTarget < 0 || afterTarget >= end) return invalidLine(text, end);

  const method = checkMethod(text.slice(0, afterMethod), rules);
  if (method instanceof Refusal) return method;

  const target = text.slice(afterMethod + 1, afterTarget);
  if (target === '' || NOT_IN_TARGET.test(target)) return invalidLine(text, end);
  const pathAndRest = target.charCodeAt(0) === SLASH ? target : stripAuthority(method, target);
  if (pathAndRest === null) return invalidLine(text, end);

  const protocol = text.slice(afterTarget + 1, end);
  const version = protocol === 'HTTP/1.1' ? HTTP_1_1 : parseVersion(protocol, rules);
  if (version instanceof Refusal) return version;

  const fragment = pathAndRest.indexOf('#');
  const withQuery = fragment < 0 ? pathAndRest : pathAndRest.slice(0, fragment);
  const mark = withQuery.indexOf('?');
  return mark < 0
    ? { method, target, path: withQuery, query: '', protocol, version }
    : { method, target, path: withQuery.slice(0, mark), query: withQuery.slice(mark + 1), protocol, version };
}

function invalidLine(text: string, end: number): Refusal {
  return new Refusal('InvalidRequestLine', text.slice(0, end));
}

function checkMethod(method: string, rules: HeadRules): string | Refusal {
  if (USUAL_METHODS.has(method)) return method;
  if (!rules.permitUnconventionalHttpMethod) {
    if (/[a-z#]/.test(method) || method.length < 3 || method.length > 20) {
      return new Refusal('InvalidRequestMethod', method);
    }
  }
  if (!TOKEN.test(method)) return new Refusal('InvalidRequestMethod', method);
  return rules.casefoldHttpMethod ? method.toUpperCase() : method;
}

function parseVersion(protocol: string, rules: HeadRules): HttpVersion | Refusal {
  if (protocol === 'HTTP/1.0') return HTTP_1_0;
  const digits = VERSION.exec(protocol);
  if (digits === null) return new Refusal('InvalidHTTPVersion', protocol);
  const version: HttpVersion = [Number(digits[1]), Number(digits[2])];
  if (version[0] !== 1 && !rules.permitUnconventionalHttpVersion) return new Refusal('InvalidHTTPVersion', protocol);
  return version;
}

/** Path, query and fragment of a target that is not in origin-form; null when the target is in no form at all. */
function stripAuthority(method: string, target: string): string | null {
  if (target === '*') return method === 'OPTIONS' ? target : null;
  const scheme = SCHEME.exec(target)?.[0] ?? '';
  const rest = target.slice(scheme.length);
  if (scheme !== '' && rest.startsWith('//')) {
    const authorityLength = rest.slice(2).search(/[/?#]/);
    const authority = authorityLength < 0 ? rest.slice(2) : rest.slice(2, 2 + authorityLength);
    if (!isAuthority(authority, scheme)) return null;
    return rest.slice(2 + authority.length);
  }
  // In authority-form a host that looks like a scheme is left out, as Gunicorn does: `CONNECT example.com:443` has the
  // PATH_INFO `443`.
  if (method === 'CONNECT') return rest;
  return null;
}

function isAuthority(authority: string, scheme: string): boolean {
  const host = AUTHORITY.exec(authority)?.[1];
  if (host === undefined) return false;
  // RFC 9110 section 4.2.1: an http URI without a host is to be rejected.
  if (host === '') return !/^https?:$/i.test(scheme);
  if (!host.startsWith('[')) return true;
  const literal = host.slice(1, -1);
  return isIPv6(literal) || /^v[0-9a-f]+\.[^[\]]+$/i.test(literal);
}
