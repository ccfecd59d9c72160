import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRequestLine } from '../../../../../src/gateway/http1/head/request-line.ts';
import { Refusal } from '../../../../../src/gateway/http1/refusal.ts';
import { type FileValues, headRules } from '../../../../harness/gateway-settings.ts';

function parse(line: string, settings: FileValues = {}): ReturnType<typeof parseRequestLine> {
  return parseRequestLine(line, line.length, headRules(settings));
}

function accepts(line: string, settings: FileValues = {}): Exclude<ReturnType<typeof parse>, Refusal> {
  const parsed = parse(line, settings);
  if (parsed instanceof Refusal) assert.fail(`${line}: ${parsed.logMessage}`);
  return parsed;
}

function refuses(line: string, code: string, settings: FileValues = {}): void {
  const parsed = parse(line, settings);
  assert.ok(parsed instanceof Refusal, `accepted: ${line}`);
  assert.equal(parsed.code, code, line);
}

// target: path and query
const TARGETS: readonly (readonly [method: string, target: string, path: string, query: string])[] = [
  ['GET', '/', '/', ''],
  ['GET', '/a/b?c=d&e', '/a/b', 'c=d&e'],
  ['GET', '/a?b?c', '/a', 'b?c'],
  ['GET', '/a?', '/a', ''],
  ['GET', '/a#b?c', '/a', ''],
  ['GET', '/a?b#c', '/a', 'b'],
  ['GET', '//x/y', '//x/y', ''],
  ['GET', '///x', '///x', ''],
  ['GET', '/a:b@c', '/a:b@c', ''],
  ['GET', '/%2F%00', '/%2F%00', ''],
  ['GET', '/caf\xc3\xa9', '/caf\xc3\xa9', ''],
  ['GET', 'http://h', '', ''],
  ['GET', 'http://h?q', '', 'q'],
  ['GET', 'http://h/a?b#c', '/a', 'b'],
  ['GET', 'HTTP://h:80/a', '/a', ''],
  ['GET', 'http://u:p@h:80/a', '/a', ''],
  ['GET', 'http://h:/a', '/a', ''],
  ['GET', 'http://[::1]/a', '/a', ''],
  ['GET', 'http://[::1]:8080/a', '/a', ''],
  ['GET', 'http://[v1.x]/a', '/a', ''],
  ['GET', 'urn+x://h//a', '//a', ''],
  ['OPTIONS', '*', '*', ''],
  ['OPTIONS', '/*', '/*', ''],
  ['CONNECT', 'h:443', '443', ''],
  ['CONNECT', '127.0.0.1:443', '127.0.0.1:443', ''],
  ['CONNECT', '[::1]:443', '[::1]:443', ''],
];

test('parseRequestLine() finds path and query in every form of target, and keeps the target', () => {
  for (const [method, target, path, query] of TARGETS) {
    const line = accepts(`${method} ${target} HTTP/1.1`);
    assert.deepEqual(
      { method: line.method, target: line.target, path: line.path, query: line.query },
      { method, target, path, query },
    );
  }
});

test('parseRequestLine() refuses a target in no form, or not in that of its method', () => {
  const targets = [
    '*',
    '*x',
    'x',
    'h:443',
    'foo?u=http://h/',
    '://h/',
    '1http://h/',
    'http:/h',
    'http://',
    'http:///a',
  ];
  for (const target of targets) refuses(`GET ${target} HTTP/1.1`, 'InvalidRequestLine');
  for (const host of [
    ']',
    '[',
    '[]',
    '[::1',
    '::1]',
    '[::g]',
    '[1.2.3.4]',
    'a@b@c',
    'h:80:90',
    'h:8a',
    '[::1]x',
    'h\\',
    'u\\@h',
    'h|',
    'h%4',
    '\xe9',
    '[@h',
  ]) {
    refuses(`GET http://${host}/ HTTP/1.1`, 'InvalidRequestLine');
  }
});

test('the target of CONNECT is a host and a port', () => {
  for (const target of [
    '/',
    '/a',
    'h',
    'h:',
    'h:0',
    'h:65536',
    ':80',
    'u@h:80',
    'http://h:80/',
    'h:80/',
    '*',
    '[::1]',
    '::1:80',
  ]) {
    refuses(`CONNECT ${target} HTTP/1.1`, 'InvalidRequestLine');
  }
});

test('the host of a target in absolute-form is known, without user information', () => {
  const host = (target: string): unknown => {
    const { targetHost, targetIsHttps } = accepts(`GET ${target} HTTP/1.1`);
    return [targetHost, targetIsHttps];
  };
  assert.deepEqual(host('/a'), [null, false]);
  assert.deepEqual(host('http://u:p@h:80/a'), ['h:80', false]);
  assert.deepEqual(host('HTTPS://h'), ['h', true]);
  assert.deepEqual(host('http://[::1]'), ['[::1]', false]);
});

test('parseRequestLine() refuses control characters and white space in a target', () => {
  for (const char of ['\0', '\t', '\n', '\r', '\v', '\x1b', '\x7f']) {
    refuses(`GET /a${char}b HTTP/1.1`, 'InvalidRequestLine');
  }
});

test('parseRequestLine() wants three parts with single spaces between them', () => {
  for (const line of ['', 'GET', 'GET /', 'GET ', 'GET  HTTP/1.1', 'GET\t/\tHTTP/1.1']) {
    refuses(line, 'InvalidRequestLine');
  }
  refuses('GET /  HTTP/1.1', 'InvalidHTTPVersion');
  refuses('GET / HTTP/1.1 ', 'InvalidHTTPVersion');
  refuses('GET / x HTTP/1.1', 'InvalidHTTPVersion');
  refuses(' GET / HTTP/1.1', 'InvalidRequestMethod');
  refuses(' ', 'InvalidRequestMethod');
});

test('parseRequestLine() looks at nothing after the end of the line', () => {
  const rules = headRules();
  for (const line of ['GET', 'GET /']) {
    const parsed = parseRequestLine(`${line}\r\nA: b c d`, line.length, rules);
    assert.ok(parsed instanceof Refusal && parsed.code === 'InvalidRequestLine');
  }
});

test('parseRequestLine() accepts methods of 3 to 20 characters without a-z and #', () => {
  for (const method of ['GET', 'PUT', 'PROPFIND', 'M-SEARCH', 'A1_', 'X'.repeat(20)]) accepts(`${method} / HTTP/1.1`);
  for (const method of ['get', 'Get', 'GE', 'X', 'G#T', 'X'.repeat(21), 'G:T', 'G(T', 'G"T', 'G\xe9T', 'G\0T']) {
    refuses(`${method} / HTTP/1.1`, 'InvalidRequestMethod');
  }
});

test('permit_unconventional_http_method lets any token through, and nothing else', () => {
  const settings = { permit_unconventional_http_method: true };
  for (const method of ['get', 'X', 'G#T', 'x'.repeat(99)])
    assert.equal(accepts(`${method} / HTTP/1.1`, settings).method, method);
  for (const method of ['G:T', 'G\xe9T']) refuses(`${method} / HTTP/1.1`, 'InvalidRequestMethod', settings);
});

test('casefold_http_method upper-cases a method that is let through', () => {
  refuses('get / HTTP/1.1', 'InvalidRequestMethod', { casefold_http_method: true });
  const settings = { casefold_http_method: true, permit_unconventional_http_method: true };
  assert.equal(accepts('get / HTTP/1.1', settings).method, 'GET');
});

test('parseRequestLine() serves every HTTP/1.x and refuses other versions', () => {
  for (const [protocol, minor] of [
    ['HTTP/1.0', 0],
    ['HTTP/1.1', 1],
    ['HTTP/1.2', 2],
    ['HTTP/1.9', 9],
  ] as const) {
    const line = accepts(`GET / ${protocol}`);
    assert.deepEqual([line.protocol, line.version], [protocol, [1, minor]]);
  }
  const refused = ['HTTP/1', 'HTTP/1.', 'HTTP/.1', 'HTTP/1.10', 'HTTP/11', 'http/1.1', 'HTTP/1,1', 'FTP/1.1'];
  for (const protocol of refused) refuses(`GET / ${protocol}`, 'InvalidHTTPVersion');
  for (const protocol of ['HTTP/0.9', 'HTTP/2.0', 'HTTP/9.9']) refuses(`GET / ${protocol}`, 'HTTPVersionNotSupported');
  refuses('PRI * HTTP/2.0', 'HTTPVersionNotSupported');
  refuses('GET / HTTP/1.1\n', 'InvalidRequestLine');
});

test('permit_unconventional_http_version lets HTTP/digit.digit through, and nothing else', () => {
  const settings = { permit_unconventional_http_version: true };
  for (const protocol of ['HTTP/0.9', 'HTTP/2.0', 'HTTP/3.1'])
    assert.equal(accepts(`GET / ${protocol}`, settings).protocol, protocol);
  for (const protocol of ['HTTP/10.1', 'HTTP/x.1', '']) refuses(`GET / ${protocol}`, 'InvalidHTTPVersion', settings);
});

test('limit_request_line is the longest line that is taken, 0 lifts it, and 8190 is the most', () => {
  const line = (length: number): string => `GET /${'a'.repeat(length - 14)} HTTP/1.1`;
  accepts(line(4094));
  refuses(line(4095), 'LimitRequestLine');
  accepts(line(20), { limit_request_line: 20 });
  refuses(line(21), 'LimitRequestLine', { limit_request_line: 20 });
  accepts(line(100_000), { limit_request_line: 0 });
  accepts(line(8190), { limit_request_line: 9000 });
  refuses(line(8191), 'LimitRequestLine', { limit_request_line: 9000 });
});
