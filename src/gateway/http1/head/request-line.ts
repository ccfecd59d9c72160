// The request line (RFC 9112 section 3): parsed when the head is complete, and examined before that, to refuse a hopeless request before
// its fields have arrived.

import { Refusal } from '../refusal.ts';
import type { RuleName } from '../rule-name.ts';
import { broken } from '../rules.ts';
import { isUserinfo, parseHostAndPort } from './authority.ts';
import type { HeadRules } from './head-rules.ts';

export type HttpVersion = readonly [major: number, minor: number];

export interface RequestLine {
  readonly method: string;
  /** As received. */
  readonly target: string;
  /** Percent-encoded, without scheme, authority, query and fragment. */
  readonly path: string;
  readonly query: string;
  /** Host and port of a target in absolute-form. */
  readonly targetHost: string | null;
  readonly targetIsHttps: boolean;
  /** `HTTP/1.1` */
  readonly protocol: string;
  readonly version: HttpVersion;
}

/** The parts of a target in any form: `rest` is path, query and fragment. */
type Target = Pick<RequestLine, 'targetHost' | 'targetIsHttps'> & { readonly rest: string };

const HTTP_1_1: HttpVersion = [1, 1];
const HTTP_1_0: HttpVersion = [1, 0];

const USUAL_METHODS = new Set(['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']);
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// A token, or the LF of a line that consists of nothing else.
const BEGINS_LINE = /^[\n!#$%&'*+\-.^_`|~0-9A-Za-z]/;
const VERSION = /^HTTP\/(\d)\.(\d)$/;
const NOT_IN_TARGET = /[^\x21-\x7e\x80-\xff]/;
const SCHEME = /^[A-Za-z][A-Za-z0-9+\-.]*:/;
const SLASH = 47;

/** The line is `text` up to `end`, without its CRLF. */
export function parseRequestLine(text: string, end: number, rules: HeadRules): RequestLine | Refusal {
  const hopeless = refuseUnfinishedLine(text, end, rules);
  if (hopeless !== null) return hopeless;
  if (end > rules.limitRequestLineBytes) return tooLong(rules);
  const afterMethod = text.indexOf(' ');
  const afterTarget = text.indexOf(' ', afterMethod + 1);
  if (afterMethod < 0 || afterTarget < 0 || afterTarget >= end) return invalidLine('request-line-parts', text, end);

  const method = checkMethod(text.slice(0, afterMethod), rules);
  if (method instanceof Refusal) return method;
  const targetText = text.slice(afterMethod + 1, afterTarget);
  if (targetText === '' || NOT_IN_TARGET.test(targetText)) return invalidLine('target-characters', text, end);
  const protocol = text.slice(afterTarget + 1, end);
  const version = protocol === 'HTTP/1.1' ? HTTP_1_1 : parseVersion(protocol, rules);
  if (version instanceof Refusal) return version;

  const isOrigin = targetText.charCodeAt(0) === SLASH && method !== 'CONNECT';
  const target = isOrigin ? null : parseTarget(method, targetText);
  if (typeof target === 'string') return invalidLine(target, text, end);
  const rest = target === null ? targetText : target.rest;
  const fragment = rest.indexOf('#');
  const withQuery = fragment < 0 ? rest : rest.slice(0, fragment);
  const mark = withQuery.indexOf('?');
  return {
    method,
    target: targetText,
    path: mark < 0 ? withQuery : withQuery.slice(0, mark),
    query: mark < 0 ? '' : withQuery.slice(mark + 1),
    targetHost: target === null ? null : target.targetHost,
    targetIsHttps: target === null ? false : target.targetIsHttps,
    protocol,
    version,
  };
}

/**
 * Judges a line before it has ended, by its first `end` bytes: otherwise the gateway would wait in vain for the end of TLS sent to a plain
 * port, or of lines that end in LF alone.
 */
export function refuseUnfinishedLine(text: string, end: number, rules: HeadRules): Refusal | null {
  const first = text.charCodeAt(0);
  const isLetter = first >= 65 && first <= 90;
  if (!isLetter && end > 0 && !BEGINS_LINE.test(text)) return broken('method-token', text.slice(0, end));
  const bareLf = text.indexOf('\n');
  // The end of a line that is already too long does not matter.
  if (bareLf >= 0 && bareLf < end && bareLf <= rules.limitRequestLineBytes + 1) {
    return invalidLine('request-line-end', text, bareLf);
  }
  return null;
}

export function tooLong(rules: HeadRules): Refusal {
  return broken('request-line-length', String(rules.limitRequestLineBytes));
}

function invalidLine(rule: RuleName, text: string, end: number): Refusal {
  return broken(rule, text.slice(0, end));
}

function checkMethod(method: string, rules: HeadRules): string | Refusal {
  if (USUAL_METHODS.has(method)) return method;
  if (!TOKEN.test(method)) return broken('method-token', method);
  if (!rules.permitUnconventionalHttpMethod) {
    if (/[a-z#]/.test(method) || method.length < 3 || method.length > 20) {
      return broken('method-unconventional', method);
    }
  }
  return rules.casefoldHttpMethod ? method.toUpperCase() : method;
}

function parseVersion(protocol: string, rules: HeadRules): HttpVersion | Refusal {
  if (protocol === 'HTTP/1.0') return HTTP_1_0;
  const digits = VERSION.exec(protocol);
  if (digits === null) return broken('version-form', protocol);
  const version: HttpVersion = [Number(digits[1]), Number(digits[2])];
  if (version[0] !== 1 && !rules.permitUnconventionalHttpVersion) return broken('version-major', protocol);
  return version;
}

/** A target that is not in origin-form; the rule that it breaks if it has no valid form, or not the one for its method. */
function parseTarget(method: string, target: string): Target | RuleName {
  if (method === 'CONNECT') return parseConnectTarget(target);
  if (target === '*') return method === 'OPTIONS' ? withoutHost(target) : 'target-form';
  const scheme = SCHEME.exec(target)?.[0] ?? '';
  const rest = target.slice(scheme.length);
  if (scheme === '' || !rest.startsWith('//')) return 'target-form';

  const authorityLength = rest.slice(2).search(/[/?#]/);
  const authority = authorityLength < 0 ? rest.slice(2) : rest.slice(2, 2 + authorityLength);
  const atSign = authority.indexOf('@');
  const targetHost = authority.slice(atSign + 1);
  if (atSign >= 0 && !isUserinfo(authority.slice(0, atSign))) return 'target-authority';
  const parsed = parseHostAndPort(targetHost);
  // RFC 9110 section 4.2.1: an http URI without a host must be rejected.
  if (parsed === null || (parsed.host === '' && /^https?:$/i.test(scheme))) return 'target-authority';
  return { rest: rest.slice(2 + authority.length), targetHost, targetIsHttps: /^https:$/i.test(scheme) };
}

/** RFC 9110 section 9.3.6: host and port; the port is mandatory. */
function parseConnectTarget(target: string): Target | RuleName {
  const parsed = parseHostAndPort(target);
  if (parsed === null || parsed.host === '') return 'connect-target';
  const port = Number(parsed.port ?? '');
  if (port < 1 || port > 65_535) return 'connect-target';
  // A host that looks like a scheme is omitted, as in Gunicorn: `CONNECT example.com:443` has the PATH_INFO `443`.
  return withoutHost(target.slice(SCHEME.exec(target)?.[0].length ?? 0));
}

function withoutHost(rest: string): Target {
  return { rest, targetHost: null, targetIsHttps: false };
}
