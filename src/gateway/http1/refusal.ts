// Every reason for which the gateway refuses a request: one table with code, status and wording. rules.ts says which rule of a message
// leads to which refusal.

import type { Limit } from '../../telemetry/snapshot/gateway-report.ts';
import type { RuleName } from './rule-name.ts';

export type RefusalCode =
  | 'InvalidRequestLine'
  | 'InvalidRequestMethod'
  | 'InvalidHTTPVersion'
  | 'HTTPVersionNotSupported'
  | 'MisdirectedRequest'
  | 'InvalidHeader'
  | 'InvalidHeaderName'
  | 'ObsoleteFolding'
  | 'InvalidSchemeHeaders'
  | 'LimitRequestLine'
  | 'LimitRequestHeaders'
  | 'UnsupportedTransferCoding'
  | 'ExpectationFailed'
  | 'ConfigurationProblem'
  | 'InvalidProxyLine'
  | 'InvalidProxyHeader'
  | 'ForbiddenProxyRequest'
  | 'InvalidUwsgiHeader'
  | 'UnsupportedModifier'
  | 'ForbiddenUwsgiRequest'
  | 'InvalidChunkSize'
  | 'InvalidChunkExtension'
  | 'ChunkMissingTerminator'
  | 'IncompleteRequest'
  | 'InvalidHandshake'
  | 'UpgradeRequired'
  | 'RequestTimeout'
  | 'ContentTooLarge'
  | 'InternalServerError'
  | 'BadGateway'
  | 'ServiceUnavailable'
  | 'GatewayTimeout';

/** The client sees `client` on its page; Gunicorn wraps the message of some refusals in words of its own. */
type Wording = {
  readonly status: number;
  readonly log: (detail: string) => string;
  readonly client?: (logMessage: string) => string;
  /** For the page docs/http.md: the occasion, if no rule in rules.ts states it. */
  readonly when?: string;
};

export const REFUSALS: Readonly<Record<RefusalCode, Wording>> = {
  InvalidRequestLine: {
    status: 400,
    log: (line) => `Invalid HTTP request line: ${quoted(line)}`,
    client: (message) => `Invalid Request Line '${message}'`,
  },
  InvalidRequestMethod: {
    status: 400,
    log: (method) => `Invalid HTTP method: ${quoted(method)}`,
    client: (message) => `Invalid Method '${message}'`,
  },
  InvalidHTTPVersion: {
    status: 400,
    log: (version) => `Invalid HTTP Version: ${quoted(version)}`,
    client: (message) => `Invalid HTTP Version '${message}'`,
  },
  HTTPVersionNotSupported: { status: 505, log: (version) => `Unsupported HTTP version: ${quoted(version)}` },
  MisdirectedRequest: {
    status: 421,
    log: (target) => `An https target over a connection without TLS: ${quoted(target)}`,
  },
  InvalidHeader: { status: 400, log: (header) => `Invalid HTTP Header: ${quoted(header)}` },
  InvalidHeaderName: { status: 400, log: (name) => `Invalid HTTP header name: ${quoted(name)}` },
  ObsoleteFolding: { status: 400, log: (name) => `Obsolete line folding is unacceptable: ${quoted(name)}` },
  InvalidSchemeHeaders: { status: 400, log: () => 'Contradictory scheme headers' },
  // RFC 9112 section 3 names 414 for a target that is too long; Gunicorn answers 400.
  LimitRequestLine: { status: 414, log: (limit) => `Request Line is too large (> ${limit})` },
  LimitRequestHeaders: {
    status: 431,
    log: (what) => what,
    client: (message) => `Error parsing headers: '${message}'`,
  },
  UnsupportedTransferCoding: { status: 501, log: (coding) => `Unsupported transfer coding: ${quoted(coding)}` },
  ExpectationFailed: { status: 417, log: (expect) => `Unable to comply with expectation: ${quoted(expect)}` },
  ConfigurationProblem: { status: 500, log: (problem) => `Configuration problem: ${printable(shortened(problem))}` },
  InvalidProxyLine: {
    status: 400,
    log: (line) => `Invalid PROXY line: ${quoted(line)}`,
    client: (message) => `'${message}'`,
    when: 'A connection begins with a malformed v1 PROXY header, and `proxy_protocol` allows that version.',
  },
  // Gunicorn treats this as its own fault, and answers 500.
  InvalidProxyHeader: {
    status: 400,
    log: (problem) => `Invalid PROXY header: ${problem}`,
    when: 'A connection begins with a malformed v2 PROXY header, and `proxy_protocol` allows that version.',
  },
  ForbiddenProxyRequest: {
    status: 403,
    log: (peer) => `Proxy request from ${quoted(peer)} not allowed`,
    client: () => 'Request forbidden',
    when: 'A connection begins with a PROXY header, but its peer is not in `proxy_allow_ips`.',
  },
  InvalidUwsgiHeader: {
    status: 400,
    log: (problem) => `Invalid uWSGI header: ${problem}`,
    when: 'With `protocol = "uwsgi"`, a packet is malformed, or lacks `REQUEST_METHOD`.',
  },
  UnsupportedModifier: {
    status: 501,
    log: (modifier) => `Unsupported uWSGI modifier1: ${modifier}`,
    when: 'With `protocol = "uwsgi"`, a packet begins with a modifier other than 0. HTTP does, too.',
  },
  ForbiddenUwsgiRequest: {
    status: 403,
    log: (peer) => `uWSGI request from ${quoted(peer)} not allowed`,
    client: () => 'Request forbidden',
    when: 'With `protocol = "uwsgi"`, the peer is not in `uwsgi_allow_ips`.',
  },
  InvalidChunkSize: { status: 400, log: (size) => `Invalid chunk size: ${quoted(size)}` },
  InvalidChunkExtension: { status: 400, log: (problem) => `Invalid chunk extension: ${quoted(problem)}` },
  ChunkMissingTerminator: {
    status: 400,
    log: (found) => `Invalid chunk terminator is not CRLF: ${quoted(found)}`,
  },
  IncompleteRequest: {
    status: 400,
    log: (what) => `The client stopped sending in the middle of a ${what}`,
    when: 'The client half-closes in the middle of a head or a body. Some clients still read the response. Logged at level debug.',
  },
  InvalidHandshake: {
    status: 400,
    log: (key) => `Invalid Sec-WebSocket-Key: ${quoted(key)}`,
    when: 'With an ASGI application, a WebSocket handshake has no `Sec-WebSocket-Key` of 16 bytes in base64.',
  },
  UpgradeRequired: {
    status: 426,
    log: (version) => `Unsupported WebSocket version: ${quoted(version)}`,
    when: 'With an ASGI application, a WebSocket handshake has a `Sec-WebSocket-Version` other than 13. The response names version 13.',
  },
  RequestTimeout: {
    status: 408,
    log: (what) => `Request timed out: ${what}`,
    when: 'A head is not complete within `head_timeout`, or a body pauses for `body_timeout` or is slower than `body_min_rate`.',
  },
  ContentTooLarge: {
    status: 413,
    log: (what) => `Request body is too large: ${what}`,
    when: 'A body is larger than `limit_request_body`.',
  },
  InternalServerError: {
    status: 500,
    log: (what) => what,
    client: () => '',
    when: 'The application raises an exception before its response has begun.',
  },
  BadGateway: {
    status: 502,
    log: (what) => what,
    client: () => '',
    when: 'The worker that runs the request dies before its response has begun.',
  },
  ServiceUnavailable: {
    status: 503,
    log: (what) => what,
    client: () => '',
    when: 'There are more connections, waiting requests or bytes than the settings allow, a request has waited too long, or the server is shutting down. The response has `Retry-After`.',
  },
  GatewayTimeout: {
    status: 504,
    log: (what) => what,
    client: () => '',
    when: 'The application has run longer than `timeout`.',
  },
};

const REASON_PHRASES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  408: 'Request Timeout',
  413: 'Content Too Large',
  414: 'URI Too Long',
  417: 'Expectation Failed',
  421: 'Misdirected Request',
  426: 'Upgrade Required',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
};

export class Refusal {
  readonly code: RefusalCode;
  /** The rule that the request breaks; null for refusals with other reasons. */
  readonly rule: RuleName | null;
  /** The limit that the request exceeds, for the metrics; null for refusals with other reasons. */
  readonly limit: Limit | null;
  readonly status: number;
  readonly reasonPhrase: string;
  /** One line, safe to log: the client's text is quoted, escaped and shortened. Ends with the rule. */
  readonly logMessage: string;
  /** Plain text for the client's page; not yet escaped for HTML. */
  readonly clientMessage: string;

  /** `detail` is the offending text, or the words that the table's entry expects. */
  constructor(
    code: RefusalCode,
    detail: string,
    rule: RuleName | null = null,
    limit: Limit | null = limitOf(code, rule),
  ) {
    const wording = REFUSALS[code];
    const message = wording.log(detail);
    this.code = code;
    this.rule = rule;
    this.limit = limit;
    this.status = wording.status;
    this.reasonPhrase = REASON_PHRASES[wording.status] ?? '';
    this.logMessage = rule === null ? message : `${message} (${rule})`;
    this.clientMessage = wording.client === undefined ? message : wording.client(message);
  }
}

const LIMIT_OF_RULE: Readonly<Partial<Record<RuleName, Limit>>> = {
  'request-line-length': 'limit_request_line',
  'fields-count': 'limit_request_fields',
  'field-size': 'limit_request_field_size',
  'fields-size': 'limit_request_field_size',
};

function limitOf(code: RefusalCode, rule: RuleName | null): Limit | null {
  if (rule !== null) return LIMIT_OF_RULE[rule] ?? null;
  return code === 'ContentTooLarge' ? 'limit_request_body' : null;
}

/** The complete response, in ISO-8859-1; the connection must be closed after it, as `headLines` must state. */
export function refusalResponse(refusal: Refusal, headLines: string = 'Connection: close\r\n'): string {
  const body = refusalPage(refusal.reasonPhrase, refusal.clientMessage);
  return `HTTP/1.1 ${refusal.status} ${refusal.reasonPhrase}\r\n${headLines}${moreLines(refusal.status)}Content-Type: text/html\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** Gunicorn's page. */
export function refusalPage(reasonPhrase: string, message: string): string {
  return `<html>
  <head>
    <title>${reasonPhrase}</title>
  </head>
  <body>
    <h1><p>${reasonPhrase}</p></h1>
    ${escapeHtml(message)}
  </body>
</html>
`;
}

const RETRY_AFTER_SECONDS = 1;
const SHOWN_CHARS = 200;

function shortened(text: string): string {
  return text.length <= SHOWN_CHARS ? text : `${text.slice(0, SHOWN_CHARS)}...`;
}

/** Like Python's repr, as in Gunicorn's messages: in quotes, with everything except printable ASCII escaped. */
function quoted(text: string): string {
  return `'${printable(shortened(text).replace(/['\\]/g, '\\$&'))}'`;
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, escapeChar);
}

function escapeChar(char: string): string {
  if (char === '\r') return '\\r';
  if (char === '\n') return '\\n';
  if (char === '\t') return '\\t';
  return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

const HTML_ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#x27;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => HTML_ENTITIES[char] ?? char);
}

/** RFC 9110 section 10.2.3: a 503 should say when to retry. RFC 6455 section 4.4: a 426 must name the supported version. */
function moreLines(status: number): string {
  if (status === 503) return `Retry-After: ${RETRY_AFTER_SECONDS}\r\n`;
  return status === 426 ? 'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' : '';
}
