// The head of a request, parsed: what the gateway needs to frame, answer and log the request, and the part of the WSGI
// environ that comes from the client. Called once a request by the connection.

import { readFieldLines } from './field-lines.ts';
import { type Framing, toFraming } from './framing.ts';
import type { HeadRules } from './head-rules.ts';
import { type HeaderBlock, isContinue, parseHeaderBlock } from './header-block.ts';
import { Refusal } from './refusal.ts';
import { type HttpVersion, parseRequestLine } from './request-line.ts';

export interface RequestHead {
  readonly method: string;
  /** RAW_URI: as received. */
  readonly target: string;
  /** Still percent-encoded; without scheme, authority and SCRIPT_NAME. */
  readonly path: string;
  readonly query: string;
  readonly protocol: string;
  readonly version: HttpVersion;
  readonly scriptName: string;
  readonly scheme: 'http' | 'https';
  readonly framing: Framing;
  readonly keepAlive: boolean;
  /** The client waits for `100 Continue` before it sends the body. */
  readonly expectContinue: boolean;
  /** The environ pairs of the header fields: `HTTP_HOST NUL example.com NUL HTTP_ACCEPT NUL …` */
  readonly headerFields: string;
  readonly host: string | null;
  readonly userAgent: string | null;
  readonly referer: string | null;
  readonly authorization: string | null;
  /** The field lines as received: for `headerList`. */
  readonly section: string;
}

/**
 * Where heads come from, and the last of them: a client on a kept connection sends the same fields with every request,
 * and often the same request. One for each connection; after a change of settings, a new one.
 */
export interface HeadContext {
  readonly rules: HeadRules;
  readonly peerTrusted: boolean;
  /** Of the connection itself: https when it is TLS. */
  readonly scheme: 'http' | 'https';
  lastText: string;
  lastHead: RequestHead | null;
  lastSection: string;
  lastBlock: HeaderBlock | null;
}

export function newHeadContext(rules: HeadRules, peerTrusted: boolean, scheme: 'http' | 'https'): HeadContext {
  return { rules, peerTrusted, scheme, lastText: '', lastHead: null, lastSection: '', lastBlock: null };
}

// Larger heads are parsed anew each time: an idle connection should not hold much memory.
const REMEMBERED_CHARS = 4096;

/** `text` is the head in ISO-8859-1, without the final CRLF CRLF. */
export function parseRequestHead(text: string, context: HeadContext): RequestHead | Refusal {
  if (context.lastHead !== null && text === context.lastText) return context.lastHead;
  const { rules } = context;
  const firstCrlf = text.indexOf('\r\n');
  const lineEnd = firstCrlf < 0 ? text.length : firstCrlf;
  const line = parseRequestLine(text, lineEnd, rules);
  if (line instanceof Refusal) return line;
  const section = text.slice(lineEnd + 2);
  if (section.length > rules.limitHeaderBlock) return new Refusal('LimitRequestHeaders', 'max buffer headers');
  const block = blockOf(section, context);
  if (block instanceof Refusal) return block;

  const { version } = line;
  const atLeast11 = version[0] > 1 || (version[0] === 1 && version[1] >= 1);
  const expectContinue = block.expect !== null && isContinue(block.expect);
  if (block.expect !== null && !expectContinue) return new Refusal('ExpectationFailed', block.expect);
  const framing = toFraming(block.transferCoding, block.contentLength, version);
  if (framing instanceof Refusal) return framing;
  const scriptName = block.scriptName ?? rules.scriptName;
  if (!line.path.startsWith(scriptName)) {
    const problem = `Request path '${line.path}' does not start with SCRIPT_NAME '${scriptName}'`;
    return new Refusal('ConfigurationProblem', problem);
  }

  const head: RequestHead = {
    method: line.method,
    target: line.target,
    path: scriptName === '' ? line.path : line.path.slice(scriptName.length),
    query: line.query,
    protocol: line.protocol,
    version,
    scriptName,
    scheme: block.forwardedScheme ?? context.scheme,
    framing,
    keepAlive: keepsAlive(block, atLeast11),
    // RFC 9110 section 10.1.1: an HTTP/1.0 client does not know the expectation.
    expectContinue: expectContinue && atLeast11,
    headerFields: block.environFields,
    host: block.host,
    userAgent: block.userAgent,
    referer: block.referer,
    authorization: block.authorization,
    section,
  };
  if (text.length <= REMEMBERED_CHARS) {
    context.lastText = text;
    context.lastHead = head;
  }
  return head;
}

function blockOf(section: string, context: HeadContext): HeaderBlock | Refusal {
  if (context.lastBlock !== null && section === context.lastSection) return context.lastBlock;
  const block = parseHeaderBlock(section, context.rules, context.peerTrusted);
  if (!(block instanceof Refusal) && section.length <= REMEMBERED_CHARS) {
    context.lastSection = section;
    context.lastBlock = block;
  }
  return block;
}

/** RFC 9112 section 9.3. */
function keepsAlive(block: HeaderBlock, atLeast11: boolean): boolean {
  if (block.connectionClose) return false;
  // An undecoded coding: whoever decodes it might find another end of the body. And a 1.0 client knows no codings.
  if (block.transferCoding === 'encoded-chunked') return false;
  return atLeast11 || (block.connectionKeepAlive && block.transferCoding === 'none');
}

/** The fields one by one, names in upper case, for the access log's `%({name}i)s`; read anew at each call. */
export function headerList(
  head: RequestHead,
  context: HeadContext,
): readonly (readonly [name: string, value: string])[] {
  const lines = readFieldLines(head.section, context.rules, context.peerTrusted);
  if (lines instanceof Refusal) return [];
  return lines.names.map((name, index) => [name.name, lines.values[index] ?? ''] as const);
}
