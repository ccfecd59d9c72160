// Generates docs/http.md from the tables of rules and refusals. Pure.

import { REFUSALS, type Refusal, type RefusalCode } from '../gateway/http1/refusal.ts';
import type { RuleName } from '../gateway/http1/rule-name.ts';
import { broken, RULES } from '../gateway/http1/rules.ts';

const OPENING = `# HTTP

This page is generated from the tables in \`src/gateway/http1/\` (\`rules.ts\`, \`refusal.ts\`) and \`src/generated-docs/http-page.ts\`; change it there.

The gateway speaks HTTP/1.1 and HTTP/1.0. Its parser follows every MUST of RFC 9110 and RFC 9112, and Gunicorn 27 where they leave a
choice. Bytes that two parsers could interpret differently are refused, because that enables request smuggling.

The application never sees a request that breaks a rule. The client gets the status in the table below with a short page, and
the connection is closed: the gateway half-closes it and keeps reading for a moment, so that a reset does not lose the response. Earlier
requests on the same connection are answered first; later bytes are ignored. One line in the log names the client and the rule:

\`\`\`
${logLine()}
\`\`\`

Violations are refused as early as possible, even before the message is complete, and independently of packet boundaries.
`;

/** Rules grouped by the part of the message that their names begin with. */
const PARTS: readonly (readonly [title: string, prefixes: readonly string[]])[] = [
  ['The request line', ['request-line', 'method', 'version', 'target', 'connect', 'script']],
  ['Header fields', ['field', 'fields', 'host', 'content-type', 'expectation', 'scheme', 'forwarded']],
  ['Where the body ends', ['content-length', 'coding']],
  ['Chunks and trailers', ['chunk', 'trailer']],
];

/** Differences between the RFC\'s MUST or SHOULD, Gunicorn and this server. */
const DECISIONS: readonly (readonly [matter: string, rfc: string, gunicorn: string, here: string])[] = [
  ['HTTP/1.1 without Host', 'MUST be 400', 'served', 'served, as in Gunicorn'],
  ['An invalid Host value', 'MUST be 400', 'served', '400'],
  [
    'Absolute-form with another Host',
    'the Host field MUST be ignored',
    'HTTP_HOST is the Host field',
    "HTTP_HOST is the target's",
  ],
  [
    'An https target without TLS',
    'MUST be rejected, unless from a trusted gateway',
    'served',
    '421, unless from `forwarded_allow_ips`',
  ],
  ['CONNECT without a valid port', 'MUST be rejected', 'served', '400'],
  [
    'Bytes after CONNECT',
    'may be meant for a tunnel (RFC 9931)',
    'the connection is closed',
    'the connection is closed',
  ],
  ['A fragment in the target', 'not in the grammar', 'left out of path and query', 'as in Gunicorn; RAW_URI has it'],
  [
    'Bytes outside ASCII in the target',
    'not in the grammar',
    '400',
    'accepted, as in Gunicorn 26; PATH_INFO has one character for each byte',
  ],
  ['HTTP/2.0, HTTP/0.9', '505', '400', '505'],
  ['HTTP/1.2 and above', 'SHOULD be served as 1.1', 'served', 'served'],
  ['A request line that is too long', 'MUST be 414', '414', '414'],
  [
    'An empty line before the request',
    'at least one SHOULD be ignored',
    'one is ignored',
    'one is ignored, a second is 400',
  ],
  ['A bare LF as a line end', 'MAY be accepted', '400 immediately', '400 immediately'],
  [
    'Transfer-Encoding: identity',
    'is no longer a coding',
    'ignored before `chunked`, else 400',
    'ignored before `chunked`, and with a Content-Length; else 400',
  ],
  ['Transfer-Encoding: gzip without chunked', 'MUST be 400', '400', '400'],
  [
    'Transfer-Encoding: gzip, chunked',
    'may be served',
    'the body stays encoded, the connection is closed',
    'as in Gunicorn',
  ],
  ['Any Transfer-Encoding in HTTP/1.0', 'MUST be treated as faulty framing', '400', '400'],
  [
    'Empty elements in Transfer-Encoding',
    'a reasonable number MUST be ignored',
    '501',
    '501: none is reasonable there',
  ],
  [
    'Transfer-Encoding with Content-Length',
    'MAY be refused, else the connection MUST be closed',
    '400',
    'refused if chunked; else the connection is closed',
  ],
  ['Equal Content-Lengths, twice or as a list', 'MAY be refused', '400', '400'],
  ['A Content-Length of 2^53 and above', 'any number of digits', 'accepted', '400'],
  [
    'Digits after leading zeros, or a space, in the ports of a PROXY v1 line',
    '(PROXY protocol) not permitted',
    'accepted',
    '400',
  ],
  [
    'An absolute URI without a host, or with characters that are invalid in a host',
    'MUST be 400 for http and https',
    'served',
    '400',
  ],
  ['Connection: a, close', 'is a list, over all fields of that name', 'one whole value', 'a list'],
  ['Several Cookie fields', '`; ` joins cookies (RFC 6265)', 'joined with `,`', 'joined with `; `'],
  [
    'Errors in a chunked body',
    'the message is invalid',
    'an exception in the application',
    '400, and the application is not called',
  ],
  [
    '`limit_request_field_size = 0`',
    '',
    'documented as unlimited, but the default is applied',
    'as in Gunicorn: the default is applied',
  ],
];

export function formatHttpPage(): string {
  const missing = missingFromParts();
  if (missing.length > 0) throw new Error(`docs/http.md must have each of these once: ${missing.join(', ')}`);
  const parts = PARTS.map(([title, prefixes]) => {
    const rows = rulesOf(prefixes).map((name) => {
      const { text, source, code } = RULES[name];
      return [`\`${name}\``, text, source, `${REFUSALS[code].status} ${code}`];
    });
    return `### ${title}\n\n${table(['Rule', 'Requirement', 'Source', 'Refusal'], rows)}`;
  });
  const others = Object.entries(REFUSALS)
    .filter(([, { when }]) => when !== undefined)
    .map(([code, { status, when }]) => [`${status} ${code}`, when ?? '']);
  return [
    OPENING,
    '## Rules\n',
    ...parts,
    '## Other refusals\n',
    table(['Refusal', 'Reason'], others),
    '## Decisions\n',
    table(['Subject', 'RFC 9110, RFC 9112', 'Gunicorn 27', 'Tunicorn'], DECISIONS),
  ].join('\n');
}

function rulesOf(prefixes: readonly string[]): RuleName[] {
  const names = Object.keys(RULES) as RuleName[];
  return names.filter((name) => prefixes.some((prefix) => name === prefix || name.startsWith(`${prefix}-`)));
}

/** Rules in no part or in two, and refusals without a rule that do not state their reason. */
function missingFromParts(): readonly string[] {
  const listed = PARTS.flatMap(([, prefixes]) => rulesOf(prefixes));
  const rules = Object.keys(RULES).filter((name) => listed.filter((other) => other === name).length !== 1);
  const ruled = new Set<string>(Object.values(RULES).map(({ code }) => code));
  const codes = Object.keys(REFUSALS) as RefusalCode[];
  return [...rules, ...codes.filter((code) => ruled.has(code) === (REFUSALS[code].when !== undefined))];
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}

function logLine(): string {
  const refusal: Refusal = broken('content-length-twice', 'CONTENT-LENGTH');
  return `[2026-03-01 12:00:00 +0000] [4711] [WARNING] Invalid request from ip=192.0.2.1: ${refusal.logMessage}`;
}
