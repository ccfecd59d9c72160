// The head of a request from the variables of a uwsgi packet. The proxy has parsed the client's HTTP: its variables say where the request
// goes and whom it comes from, and the client's header fields say nothing about that. Pure.

import { isIP } from 'node:net';
import type { ProxyEndpoint } from '../accept/proxy-protocol.ts';
import { isEmptyBody, toFraming } from '../http1/body/framing.ts';
import { NOT_IN_VALUE } from '../http1/head/field-lines.ts';
import { offersWebSocket } from '../http1/head/handshake.ts';
import type { HeadRules } from '../http1/head/head-rules.ts';
import { type HeaderBlock, toHeaderBlock } from '../http1/head/header-block.ts';
import { percentDecode } from '../http1/head/percent-decode.ts';
import type { RequestHead } from '../http1/head/request-head.ts';
import { type HttpVersion, parseRequestLine } from '../http1/head/request-line.ts';
import { Refusal } from '../http1/refusal.ts';
import { broken } from '../http1/rules.ts';
import { encodePath } from './encode-path.ts';
import { readUwsgiFields, type UwsgiFields } from './uwsgi-fields.ts';
import { malformed, type Variables } from './variables.ts';

type Others = UwsgiFields['others'];

/** As Gunicorn has it, whatever the client speaks with the proxy. */
const PROTOCOL = 'HTTP/1.1';
/**
 * For the response, the proxy is like a client of HTTP/1.0: it knows neither chunks, which it would pass on as part of the body, nor interim
 * responses, and reads to the end of the connection.
 */
const RESPONSE_VERSION: HttpVersion = [1, 0];
const BODY_VERSION: HttpVersion = [1, 1];
const TRUE = /^(?:on|1|true)$/i;
/** These become fields of a ticket as they are. */
const TEXTS = ['QUERY_STRING', 'SCRIPT_NAME'];

/** `scheme` is the one of the connection itself, and holds if the proxy states none. */
export function uwsgiHead(
  variables: Variables,
  rules: HeadRules,
  scheme: RequestHead['scheme'],
): RequestHead | Refusal {
  const fields = readUwsgiFields(variables, rules);
  if (fields instanceof Refusal) return fields;
  const { lines, others, clientLength } = fields;
  for (const name of TEXTS) {
    if (NOT_IN_VALUE.test(others.get(name) ?? '')) return malformed(`control character in ${name}`);
  }
  const method = others.get('REQUEST_METHOD') ?? '';
  if (method === '') return malformed('REQUEST_METHOD is missing');
  const text = requestLineOf(method, others);
  const line = parseRequestLine(text, text.length, rules);
  if (line instanceof Refusal) return line;
  // No client's field is trusted about the scheme: nginx passes all of them on.
  const block = toHeaderBlock(lines, rules, false);
  if (block instanceof Refusal) return block;
  const framing = toFraming('none', block.contentLength, BODY_VERSION);
  if (framing instanceof Refusal) return framing;
  const place = toPlace(others, line.path, rules.scriptName);
  if (place instanceof Refusal) return place;
  const isWebSocket =
    block.connectionUpgrade && line.method === 'GET' && isEmptyBody(framing) && offersWebSocket(block);
  return {
    method: line.method,
    target: line.target,
    path: place.path,
    query: others.get('QUERY_STRING') ?? '',
    protocol: PROTOCOL,
    version: RESPONSE_VERSION,
    scriptName: place.scriptName,
    scheme: schemeOf(others) ?? scheme,
    framing,
    keepAlive: line.method !== 'CONNECT' && bodyIsCertain(block, clientLength),
    isLast: framing.kind === 'none' && line.method !== 'CONNECT' && !isWebSocket,
    // The proxy answers the expectation itself.
    expectContinue: false,
    isWebSocket,
    headerFields: block.environFields,
    rawFields: block.rawFields,
    host: block.host,
    client: clientOf(others),
  };
}

/** The request line that the client may have sent, for the access log. */
export function requestLineIn(variables: Variables): string {
  const others = new Map(variables);
  return requestLineOf(others.get('REQUEST_METHOD') ?? '', others);
}

function requestLineOf(method: string, others: Others): string {
  const query = others.get('QUERY_STRING') ?? '';
  const fromPath = (): string => `${encodePath(pathInfoOf(others)) || '/'}${query === '' ? '' : `?${query}`}`;
  return `${method} ${others.get('REQUEST_URI') || fromPath()} ${PROTOCOL}`;
}

function pathInfoOf(others: Others): string {
  return others.get('PATH_INFO') ?? '/';
}

/** SCRIPT_NAME, and the path below it in percent-encoded form: the client's own spelling if that is the path which the proxy means. */
function toPlace(
  others: Others,
  clientPath: string,
  configured: string,
): Pick<RequestHead, 'path' | 'scriptName'> | Refusal {
  const pathInfo = pathInfoOf(others);
  const scriptName = (others.get('SCRIPT_NAME') ?? '').replace(/\/$/, '') || configured;
  const spelled = clientPath.startsWith(scriptName) ? clientPath.slice(scriptName.length) : null;
  // The proxy may have split SCRIPT_NAME off already.
  const isSplit = scriptName === '' || (spelled !== null && percentDecode(spelled) === pathInfo);
  const isBelow = pathInfo === scriptName || pathInfo.startsWith(`${scriptName}/`);
  if (scriptName !== '' && !isSplit && !isBelow && scriptName === configured) {
    return broken('script-name', `Request path '${pathInfo}' does not start with SCRIPT_NAME '${scriptName}'`);
  }
  const path = isSplit || !isBelow ? pathInfo : pathInfo.slice(scriptName.length);
  const isMeant = spelled !== null && percentDecode(spelled) === path;
  return { scriptName, path: isMeant ? spelled : encodePath(path) };
}

function schemeOf(others: Others): RequestHead['scheme'] | null {
  if (TRUE.test(others.get('HTTPS') ?? '')) return 'https';
  const stated = (others.get('wsgi.url_scheme') ?? others.get('REQUEST_SCHEME') ?? '').toLowerCase();
  return stated === 'https' || stated === 'http' ? stated : null;
}

/** nginx has `unix:` as the address of a client on a Unix socket. */
function clientOf(others: Others): ProxyEndpoint | null {
  const address = others.get('REMOTE_ADDR') ?? '';
  if (isIP(address) === 0) return null;
  const port = others.get('REMOTE_PORT') ?? '';
  return { address, port: /^\d{1,5}$/.test(port) ? port : '0' };
}

/**
 * Whether the body ends where the packet says: a proxy that sends a body without its CONTENT_LENGTH lets the client write what would be read
 * as the next packet.
 */
function bodyIsCertain({ contentLength, transferCoding }: HeaderBlock, clientLength: string | null): boolean {
  if (transferCoding !== 'none' && contentLength === null) return false;
  return clientLength === null || Number(clientLength) === (contentLength ?? 0);
}
