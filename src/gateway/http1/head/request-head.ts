// The head of a request, parsed: the data with which the gateway frames, answers and logs the request, and the part of the WSGI environ
// that comes from the client.

import type { ProxyEndpoint } from '../../accept/proxy-protocol.ts';
import { type Framing, isEmptyBody, toFraming } from '../body/framing.ts';
import { Refusal } from '../refusal.ts';
import { broken } from '../rules.ts';
import { offersWebSocket } from './handshake.ts';
import type { HeadRules } from './head-rules.ts';
import { type HeaderBlock, isContinue, parseHeaderBlock } from './header-block.ts';
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
  /** Nothing follows it: the client itself ends its use of the connection (RFC 9112 section 9.6), and there is no body or tunnel. */
  readonly isLast: boolean;
  /** The client waits for `100 Continue` before it sends the body. */
  readonly expectContinue: boolean;
  /** The handshake of a WebSocket (RFC 6455 section 4.1), valid or not. */
  readonly isWebSocket: boolean;
  /** The environ pairs of the header fields: `HTTP_HOST NUL example.com NUL HTTP_ACCEPT NUL …` */
  readonly headerFields: string;
  /** For ASGI: `NUL host NUL example.com NUL accept NUL …`, each field as received; empty in the other dialect. */
  readonly rawFields: string;
  readonly host: string | null;
  /** The client of this request, if the proxy names it with the request itself; null: the connection's. */
  readonly client: ProxyEndpoint | null;
}

/**
 * The origin of heads, and the last one: a client on a keep-alive connection sends the same fields with every request, and often the same
 * request. Each connection has its own; a change of settings replaces it (see head-contexts.ts).
 */
export interface HeadContext {
  readonly rules: HeadRules;
  readonly peerTrusted: boolean;
  /** The scheme of the connection itself: https if it uses TLS. */
  readonly scheme: 'http' | 'https';
  lastText: string;
  lastHead: RequestHead | null;
  lastSection: string;
  lastBlock: HeaderBlock | null;
}

export function newHeadContext(rules: HeadRules, peerTrusted: boolean, scheme: 'http' | 'https'): HeadContext {
  return { rules, peerTrusted, scheme, lastText: '', lastHead: null, lastSection: '', lastBlock: null };
}

// Larger heads are parsed each time: an idle connection should not hold much memory.
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
  const block = blockOf(section, context);
  if (block instanceof Refusal) return block;

  // RFC 9110 section 7.4; a trusted upstream gateway may have terminated TLS.
  if (line.targetIsHttps && context.scheme === 'http' && !context.peerTrusted) {
    return broken('target-not-secured', line.target);
  }

  const { version } = line;
  const atLeast11 = version[0] > 1 || (version[0] === 1 && version[1] >= 1);
  const expectContinue = block.expect !== null && isContinue(block.expect);
  if (block.expect !== null && !expectContinue) return broken('expectation', block.expect);
  const framing = toFraming(block.transferCoding, block.contentLength, version);
  if (framing instanceof Refusal) return framing;
  const scriptName = block.scriptName ?? rules.scriptName;
  if (!line.path.startsWith(scriptName)) {
    const problem = `Request path '${line.path}' does not start with SCRIPT_NAME '${scriptName}'`;
    return broken('script-name', problem);
  }

  const isWebSocket =
    block.connectionUpgrade && line.method === 'GET' && atLeast11 && isEmptyBody(framing) && offersWebSocket(block);
  const endsUse = block.connectionClose || !(atLeast11 || block.connectionKeepAlive);
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
    // RFC 9931 section 8: however CONNECT is answered, the client's next bytes may be meant for a tunnel.
    keepAlive: line.method !== 'CONNECT' && keepsAlive(block, atLeast11),
    // Some old clients send an empty line after a body (RFC 9112 section 2.2).
    isLast: endsUse && framing.kind === 'none' && line.method !== 'CONNECT' && !isWebSocket && !block.hasSpacedName,
    // RFC 9110 section 10.1.1: an HTTP/1.0 client does not know the expectation.
    expectContinue: expectContinue && atLeast11,
    isWebSocket,
    // RFC 9112 section 3.2.2: the authority of a target in absolute-form replaces the Host field.
    headerFields: line.targetHost === null ? block.environFields : withHost(block.environFields, line.targetHost),
    rawFields: line.targetHost === null ? block.rawFields : withRawHost(block.rawFields, line.targetHost),
    host: line.targetHost ?? block.host,
    client: null,
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

function withHost(environFields: string, host: string): string {
  const pairs = environFields === '' ? [] : environFields.split('\0');
  const found = pairs.findIndex((name, index) => index % 2 === 0 && name === 'HTTP_HOST');
  if (found < 0) return [...pairs, 'HTTP_HOST', host].join('\0');
  return pairs.toSpliced(found + 1, 1, host).join('\0');
}

function withRawHost(rawFields: string, host: string): string {
  // The text begins with a NUL, and so the list with an empty string.
  const pairs = rawFields.split('\0').slice(1);
  const found = pairs.findIndex((name, index) => index % 2 === 0 && name === 'host');
  const all = found < 0 ? ['host', host, ...pairs] : pairs.toSpliced(found + 1, 1, host);
  return rawFields === '' ? '' : `\0${all.join('\0')}`;
}

/** RFC 9112 section 9.3. */
function keepsAlive(block: HeaderBlock, atLeast11: boolean): boolean {
  if (block.connectionClose || block.hasSpacedName) return false;
  // An undecoded coding: a reader that decodes it might find a different end of the body. And HTTP/1.0 clients know no codings.
  if (block.transferCoding === 'encoded-chunked') return false;
  // RFC 9112 section 6.3: a request with both a coding and a length may be an attempt at smuggling.
  if (block.transferCoding !== 'none' && block.contentLength !== null) return false;
  return atLeast11 || block.connectionKeepAlive;
}
