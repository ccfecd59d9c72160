// The setting `access_log_format`: Gunicorn's atoms, in Python's % notation.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AccessLogFormat, compileAccessLogFormat } from '../../../src/log/access-log-format.ts';
import type { AccessRecord } from '../../../src/log/access-record.ts';
import { accessLogTime } from '../../../src/log/log-time.ts';
import { SETTINGS } from '../../../src/settings/settings.ts';

const NOW_MS = Date.UTC(2026, 10, 20, 23, 34, 25);

const DEFAULT_FORMAT = String(SETTINGS.find(([name]) => name === 'access_log_format')?.[1].default);

const REQUEST_HEADERS: Readonly<Record<string, string>> = {
  referer: 'http://example.com/',
  'user-agent': 'curl/8',
  'x-request-id': 'abc',
  authorization: `Basic ${Buffer.from('zoë:geheim:x').toString('base64')}`,
};

function record(changes: Partial<AccessRecord> = {}): AccessRecord {
  return {
    remoteAddress: '10.0.0.1',
    method: 'GET',
    target: '/a%20b?c=d',
    protocol: 'HTTP/1.1',
    path: '/a b',
    query: 'c=d',
    scheme: 'http',
    host: 'example.com',
    requestBytes: 0,
    end: 'answered',
    workerPid: 77,
    generation: 1,
    requestId: undefined,
    connection: 1,
    requestOfConnection: 1,
    status: 200,
    bodyBytes: 1234,
    durationUs: 2_345_678,
    queuedMs: 17.9,
    pid: 77,
    requestHeader: (name) => REQUEST_HEADERS[name],
    responseHeader: (name) => (name === 'content-type' ? 'text/plain' : undefined),
    environ: (name) => (name === 'wsgi.url_scheme' ? 'http' : undefined),
    ...changes,
  };
}

function compile(format: string): AccessLogFormat {
  const compiled = compileAccessLogFormat(format);
  assert.ok(compiled.ok, compiled.ok ? '' : compiled.message);
  return compiled.format;
}

function line(format: string, changes: Partial<AccessRecord> = {}): string {
  return compile(format).format(record(changes), NOW_MS);
}

const ATOMS = [
  ['%(h)s', '10.0.0.1'],
  ['%(l)s', '-'],
  ['%(u)s', 'zoë'],
  ['%(t)s', accessLogTime(NOW_MS)],
  ['%(r)s', 'GET /a%20b?c=d HTTP/1.1'],
  ['%(s)s', '200'],
  ['%(m)s', 'GET'],
  ['%(U)s', '/a b'],
  ['%(q)s', 'c=d'],
  ['%(H)s', 'HTTP/1.1'],
  ['%(b)s', '1234'],
  ['%(B)s', '1234'],
  ['%(f)s', 'http://example.com/'],
  ['%(a)s', 'curl/8'],
  ['%(T)s', '2'],
  ['%(D)s', '2345678'],
  ['%(M)s', '2345'],
  ['%(L)s', '2.345678'],
  ['%(Q)s', '17'],
  ['%(p)s', '<77>'],
  ['%({X-Request-Id}i)s', 'abc'],
  ['%({x-none}i)s', '-'],
  ['%({Content-Type}o)s', 'text/plain'],
  ['%({server}o)s', '-'],
  ['%({wsgi.url_scheme}e)s', 'http'],
  ['%({NONE}e)s', '-'],
  ['%(unknown)s', '-'],
  ['%(constructor)s', '-'],
  ['%()s', '-'],
  ['100%% of %(b)d', '100% of 1234'],
  ['[%(s)5s|%(s)-5s|%(D)010d|%(D)12d]', '[  200|200  |0002345678|     2345678]'],
  ['%(h).2s %(L)f %(L).1f %(u)d', '10 2.345678 2.3 zoë'],
  ['no directive', 'no directive'],
  ['', ''],
] as const;

for (const [format, wanted] of ATOMS) {
  test(`'${format}' gives '${wanted}'`, () => {
    assert.equal(line(format), wanted);
  });
}

test('the default format gives the line that Gunicorn writes', () => {
  assert.equal(
    line(DEFAULT_FORMAT),
    `10.0.0.1 - zoë ${accessLogTime(NOW_MS)} "GET /a%20b?c=d HTTP/1.1" 200 1234 "http://example.com/" "curl/8"`,
  );
});

test('missing values are dashes; the address of a Unix socket is empty', () => {
  const nothing = { method: undefined, target: undefined, protocol: undefined, path: undefined, query: undefined };
  const none = { ...nothing, requestHeader: () => undefined, remoteAddress: '' };
  assert.equal(line('%(h)s|%(r)s|%(m)s|%(U)s|%(q)s|%(H)s|%(f)s|%(a)s|%(u)s', none), '|-|-|-|-|-|-|-|-');
  assert.equal(line('%(h)s', { remoteAddress: undefined }), '-');
});

test('durations below a second and above a day are written in full', () => {
  assert.equal(line('%(T)s %(M)s %(D)s %(L)s', { durationUs: 42 }), '0 0 42 0.000042');
  assert.equal(line('%(T)s %(L)s', { durationUs: 90_000_000_001 }), '90000 90000.000001');
});

// Everything that a client can choose, in every atom that shows it.
const HOSTILE = '"\\\r\n\t\0\x1b[2J\x7f\x9bé"';
const ESCAPED = '\\"\\\\\\x0D\\x0A\\x09\\x00\\x1B[2J\\x7F\\x9Bé\\"';

for (const atom of ['h', 'u', 'r', 'm', 'U', 'q', 'H', 'f', 'a', '{x}i', '{x}o', '{x}e']) {
  test(`no client can forge a line or end a field by %(${atom})s`, () => {
    const basic = `Basic ${Buffer.from(`${HOSTILE}:password`).toString('base64')}`;
    const shown = line(`"%(${atom})s"`, {
      remoteAddress: HOSTILE,
      method: HOSTILE,
      target: HOSTILE,
      protocol: HOSTILE,
      path: HOSTILE,
      query: HOSTILE,
      requestHeader: (name) => (name === 'authorization' ? basic : HOSTILE),
      responseHeader: () => HOSTILE,
      environ: () => HOSTILE,
    });
    const wanted = atom === 'r' ? [ESCAPED, ESCAPED, ESCAPED].join(' ') : ESCAPED;
    assert.equal(shown, `"${wanted}"`);
  });
}

test('an Authorization field that is not Basic, or not decodable, names no user', () => {
  const encoded = (bytes: Buffer): string => `Basic ${bytes.toString('base64')}`;
  const fields = [
    'Bearer abc',
    'Basic',
    'Basic !!!',
    encoded(Buffer.from('nocolon')),
    encoded(Buffer.from(':onlypassword')),
    encoded(Buffer.from([0xff, 0xfe, 0x3a, 0x61])),
  ];
  for (const field of fields) assert.equal(line('%(u)s', { requestHeader: () => field }), '-', field);
  assert.equal(line('%(u)s', { requestHeader: () => encoded(Buffer.from('a:')).replace('Basic', 'bASIC') }), 'a');
});

const NEEDS: readonly (readonly [string, boolean, boolean, boolean])[] = [
  ['%(h)s %(r)s %(s)s %(b)s', false, false, false],
  ['%(u)s', true, false, false],
  ['%(f)s', true, false, false],
  ['%(a)s', true, false, false],
  ['%({x}i)s', true, false, false],
  ['%({x}o)s', false, true, false],
  ['%({x}e)s', false, false, true],
  ['%%(a)s', false, false, false],
  [DEFAULT_FORMAT, true, false, false],
];

for (const [text, request, response, environ] of NEEDS) {
  test(`'${text}' asks for nothing that it does not show`, () => {
    const asked = new Set<string>();
    const format = compile(text);
    const ask = (what: string) => () => {
      asked.add(what);
      return undefined;
    };
    format.format(
      record({ requestHeader: ask('request'), responseHeader: ask('response'), environ: ask('environ') }),
      NOW_MS,
    );
    assert.deepEqual([asked.has('request'), asked.has('response'), asked.has('environ')], [request, response, environ]);
  });
}

for (const text of ['%h', '100%', '%(h', '%(h)', '%(h)q', 'a %', '%d', '%(h)s %s']) {
  test(`the format '${text}' is refused, with the position and the wanted form`, () => {
    const compiled = compileAccessLogFormat(text);
    const at = text.lastIndexOf('%');
    assert.ok(!compiled.ok);
    assert.ok(
      compiled.message.startsWith(`access_log_format: '${text.slice(at)}' at position ${at + 1} `),
      compiled.message,
    );
    assert.match(compiled.message, /Wanted: %\(NAME\)s/);
  });
}
