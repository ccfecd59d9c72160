import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  newHeadContext,
  parseRequestHead,
  type RequestHead,
} from '../../../../../src/gateway/http1/head/request-head.ts';
import { Refusal } from '../../../../../src/gateway/http1/refusal.ts';
import { type FileValues, headRules } from '../../../../harness/gateway-settings.ts';

interface Asked {
  readonly settings?: FileValues;
  readonly scriptName?: string;
  readonly trusted?: boolean;
  readonly scheme?: 'http' | 'https';
  readonly line?: string;
}

function parse(fields: readonly string[], asked: Asked = {}): RequestHead | Refusal {
  const context = newHeadContext(
    headRules(asked.settings, { scriptName: asked.scriptName ?? '' }),
    asked.trusted ?? true,
    asked.scheme ?? 'http',
  );
  return parseRequestHead([asked.line ?? 'GET / HTTP/1.1', ...fields].join('\r\n'), context);
}

function accepts(fields: readonly string[], asked: Asked = {}): RequestHead {
  const head = parse(fields, asked);
  if (head instanceof Refusal) assert.fail(`${JSON.stringify(fields)}: ${head.logMessage}`);
  return head;
}

function refuses(fields: readonly string[], code: string, asked: Asked = {}): Refusal {
  const head = parse(fields, asked);
  assert.ok(head instanceof Refusal, `accepted: ${JSON.stringify(fields)}`);
  assert.equal(head.code, code, JSON.stringify(fields));
  return head;
}

function environ(fields: readonly string[], asked: Asked = {}): Record<string, string> {
  const parts = accepts(fields, asked).headerFields.split('\0');
  const pairs: Record<string, string> = {};
  for (let index = 0; index + 1 < parts.length; index += 2) {
    const key = parts[index] ?? '';
    assert.ok(!Object.hasOwn(pairs, key), `${key} twice`);
    pairs[key] = parts[index + 1] ?? '';
  }
  return pairs;
}

test('header fields become environ pairs in order, with HTTP_ and underscores, except CONTENT_TYPE and CONTENT_LENGTH', () => {
  const head = accepts(['Host: h', 'content-TYPE: a/b', 'X-One-Two:3', 'Content-Length: 4']);
  assert.equal(head.headerFields, 'HTTP_HOST\0h\0CONTENT_TYPE\0a/b\0HTTP_X_ONE_TWO\x003\0CONTENT_LENGTH\x004');
  assert.equal(accepts([]).headerFields, '');
});

test('repeated fields are one pair, joined with a comma, Cookie with a semicolon and a space', () => {
  assert.deepEqual(environ(['Accept: a', 'X: 1', 'ACCEPT: b', 'Cookie: c=1', 'accept:', 'cookie: d=2']), {
    HTTP_ACCEPT: 'a,b,',
    HTTP_X: '1',
    HTTP_COOKIE: 'c=1; d=2',
  });
});

test('a repeated field of one head does not show in the next head', () => {
  const context = newHeadContext(headRules(), false, 'http');
  for (const value of ['1', '2', '3']) {
    const head = parseRequestHead(`GET / HTTP/1.1\r\nX: ${value}\r\nHost: ${value}`, context);
    assert.ok(!(head instanceof Refusal));
    assert.equal(head.headerFields, `HTTP_X\0${value}\0HTTP_HOST\0${value}`);
  }
});

test('fields that differ only in `-` and `_` are one pair, in the order of the head', () => {
  const head = accepts(['X-a: 1', 'x_A: 2', 'X-A: 3'], { settings: { header_map: 'dangerous' } });
  assert.equal(head.headerFields, 'HTTP_X_A\x001,2,3');
});

test('values lose the spaces and tabs around them, and only those', () => {
  assert.deepEqual(environ(['A: \t b c \t ', 'B:', 'C:   ', 'D:d', 'E: \xa0e\xa0', 'F: a:b', 'G: caf\xc3\xa9']), {
    HTTP_A: 'b c',
    HTTP_B: '',
    HTTP_C: '',
    HTTP_D: 'd',
    HTTP_E: '\xa0e\xa0',
    HTTP_F: 'a:b',
    HTTP_G: 'caf\xc3\xa9',
  });
});

test('a control character in a value is refused, a tab is not', () => {
  for (let code = 0; code < 32; code += 1) {
    const value = `a${String.fromCharCode(code)}b`;
    if (code === 9) assert.equal(environ([`X: ${value}`]).HTTP_X, value);
    else refuses([`X: ${value}`, 'Y: 1'], 'InvalidHeader');
  }
  refuses(['X: a\x7fb'], 'InvalidHeader');
  refuses(['X: a', 'Y: b\r'], 'InvalidHeader');
  refuses(['X: a\nY: b'], 'InvalidHeader');
});

test('a section too long for the quick check is checked as strictly', () => {
  const many = Array.from({ length: 20 }, (_, index) => `X-${index}: ${'a'.repeat(4000)}`);
  accepts(many);
  refuses([...many, 'Y: a\0b'], 'InvalidHeader');
});

test('a name is a token', () => {
  accepts(["!#$%&'*+-.^`|~09azAZ: 1"]);
  for (const name of [' X', 'X ', 'X\t', 'X Y', 'X"', 'X(', 'X/', 'X@', 'X[', 'X\0', 'X\xe9', 'X\x7f', '\xff']) {
    refuses([`${name}: 1`], 'InvalidHeaderName');
  }
  refuses(['X\n: 1'], 'InvalidHeader');
});

test('a line without a name or a colon is refused', () => {
  for (const line of ['x', ':', ': x', ' ', '\t', 'GET / HTTP/1.1'])
    refuses(
      ['A: 1', line, 'B: 2'],
      line.includes(':') ? 'InvalidHeader' : line.trim() === '' ? 'ObsoleteFolding' : 'InvalidHeader',
    );
  refuses(['x'], 'InvalidHeader');
});

test('strip_header_spaces removes the space between name and colon', () => {
  assert.deepEqual(environ(['X \t: 1', 'Content-Length  : 3'], { settings: { strip_header_spaces: true } }), {
    HTTP_X: '1',
    CONTENT_LENGTH: '3',
  });
  refuses([' X: 1'], 'InvalidHeaderName', { settings: { strip_header_spaces: true } });
  refuses(['X Y: 1'], 'InvalidHeaderName', { settings: { strip_header_spaces: true } });
});

test('a folded line is refused unless permit_obsolete_folding, which makes each fold one space', () => {
  refuses(['A: b', ' c'], 'ObsoleteFolding');
  refuses(['A: b', '\tc', 'D: e'], 'ObsoleteFolding');
  const settings = { permit_obsolete_folding: true };
  assert.deepEqual(environ(['A: b', ' \t c ', '\td', 'E:', ' e', 'F: f', ' '], { settings }), {
    HTTP_A: 'b c d',
    HTTP_E: 'e',
    HTTP_F: 'f',
  });
  refuses([' A: b'], 'InvalidHeaderName', { settings });
  refuses(['A: b', ' c\0'], 'InvalidHeader', { settings });
  refuses(['Content-Length: 1', ' 0'], 'InvalidHeader', { settings });
});

test('a second Host or Content-Type is refused, even with the same value', () => {
  refuses(['Host: a', 'host: a'], 'InvalidHeader');
  refuses(['Content-Type: a/b', 'X: 1', 'CONTENT-TYPE: a/b'], 'InvalidHeader');
  accepts([]);
});

test('Host is a host with or without a port, or empty', () => {
  const good = [
    '',
    'h',
    'a.b:80',
    'a:',
    ':80',
    '127.0.0.1',
    '[::1]',
    '[::1]:80',
    '[v1.x]',
    'a_b',
    'a%41',
    "!$&'()*+,;=~-._",
  ];
  for (const host of good) assert.equal(accepts([`Host: ${host}`]).host, host);
  const bad = [
    'a b',
    'a/b',
    'a@b',
    'a?b',
    'a#b',
    'a:b',
    'a:1:2',
    '::1',
    '[::g]',
    '[]',
    '[::1',
    '::1]',
    '[::1]x',
    'a%4',
    'a\\b',
  ];
  for (const host of [...bad, '"', '<', 'a\xe9', 'a\tb', 'a|b', '{a}']) {
    assert.equal(refuses([`Host: ${host}`], 'InvalidHeader').rule, 'host-value');
  }
});

test('the authority of an absolute-form target replaces Host, for that request only', () => {
  const fields = ['A: 1', 'Host: b', 'C: 2'];
  const line = 'GET http://u:p@a:80/x HTTP/1.1';
  assert.equal(accepts(fields, { line }).headerFields, 'HTTP_A\x001\0HTTP_HOST\0a:80\0HTTP_C\x002');
  assert.equal(accepts(fields, { line }).host, 'a:80');
  assert.equal(accepts([], { line }).headerFields, 'HTTP_HOST\0a:80');
  assert.equal(accepts(['X: HTTP_HOST'], { line }).headerFields, 'HTTP_X\0HTTP_HOST\0HTTP_HOST\0a:80');
  const context = newHeadContext(headRules(), false, 'http');
  for (const host of ['b', 'a:80', 'b']) {
    const target = host === 'b' ? '/x' : 'http://a:80/x';
    const head = parseRequestHead(`GET ${target} HTTP/1.1\r\nHost: b`, context);
    assert.ok(!(head instanceof Refusal));
    assert.equal(head.headerFields, `HTTP_HOST\0${host}`);
  }
});

test('an https target over a plain connection is refused, but from a trusted peer', () => {
  const line = 'GET https://a/x HTTP/1.1';
  assert.equal(refuses([], 'MisdirectedRequest', { line, trusted: false }).status, 421);
  accepts([], { line });
  accepts([], { line, trusted: false, scheme: 'https' });
  accepts([], { line: 'GET http://a/x HTTP/1.1', trusted: false });
});

test('limit_request_fields is the largest number of fields', () => {
  const fields = (count: number): string[] => Array.from({ length: count }, (_, index) => `X${index}: 1`);
  accepts(fields(100));
  assert.equal(refuses(fields(101), 'LimitRequestHeaders').status, 431);
  accepts(fields(2), { settings: { limit_request_fields: 2 } });
  refuses(fields(3), 'LimitRequestHeaders', { settings: { limit_request_fields: 2 } });
  accepts(fields(1000), { settings: { limit_request_fields: 0 } });
  refuses(
    Array.from({ length: 101 }, () => 'X: 1'),
    'LimitRequestHeaders',
  );
});

test('dropped fields are not counted among the kept ones, but cannot be without end', () => {
  const dropped = (count: number): string[] => Array.from({ length: count }, (_, index) => `x_${index}: 1`);
  const settings = { limit_request_fields: 4 };
  assert.deepEqual(environ([...dropped(4), 'A: 1', 'B: 1', 'C: 1', 'D: 1'], { settings }), {
    HTTP_A: '1',
    HTTP_B: '1',
    HTTP_C: '1',
    HTTP_D: '1',
  });
  refuses(dropped(6), 'LimitRequestHeaders', { settings });
});

test('limit_request_field_size is the largest line with its CRLF and folds; 0 is the default', () => {
  const line = (bytes: number): string => `X: ${'a'.repeat(bytes - 5)}`;
  accepts([line(8190)]);
  refuses([line(8191)], 'LimitRequestHeaders');
  accepts([line(8190)], { settings: { limit_request_field_size: 0 } });
  refuses([line(8191)], 'LimitRequestHeaders', { settings: { limit_request_field_size: 0 } });
  accepts([line(20), line(20)], { settings: { limit_request_field_size: 20 } });
  refuses([line(20), line(21)], 'LimitRequestHeaders', { settings: { limit_request_field_size: 20 } });
  const folding = { permit_obsolete_folding: true };
  accepts(['X: a', ' b'], { settings: { ...folding, limit_request_field_size: 10 } });
  refuses(['X: a', ' b'], 'LimitRequestHeaders', { settings: { ...folding, limit_request_field_size: 9 } });
});

test('header_map decides about names with an underscore', () => {
  assert.deepEqual(environ(['X_Y: 1', 'A: 2']), { HTTP_A: '2' });
  refuses(['X_Y: 1'], 'InvalidHeaderName', { settings: { header_map: 'refuse' } });
  assert.deepEqual(environ(['X_Y: 1', 'X-Y: 2'], { settings: { header_map: 'dangerous' } }), { HTTP_X_Y: '1,2' });
  // A dropped or mapped name is never taken for the real field.
  const disguised = ['Content_Length: 5', 'Transfer_Encoding: chunked'];
  assert.equal(accepts(disguised).framing.kind, 'none');
  assert.equal(accepts(disguised, { settings: { header_map: 'dangerous' } }).framing.kind, 'none');
  assert.equal(environ(disguised, { settings: { header_map: 'dangerous' } }).HTTP_CONTENT_LENGTH, '5');
});

test('forwarder_headers lets a trusted peer, and only that, send names with an underscore', () => {
  const settings = { forwarder_headers: 'PATH_INFO,REMOTE_USER', header_map: 'refuse' } as const;
  assert.deepEqual(environ(['Remote_User: u', 'path_info: /p'], { settings }), {
    HTTP_REMOTE_USER: 'u',
    HTTP_PATH_INFO: '/p',
  });
  refuses(['Remote_User: u'], 'InvalidHeaderName', { settings, trusted: false });
  refuses(['Other_Name: u'], 'InvalidHeaderName', { settings });
  accepts(['Other_Name: u'], { settings: { forwarder_headers: ['*'], header_map: 'refuse' } });
});

test('SCRIPT_NAME from a trusted peer is taken off the path', () => {
  const line = 'GET /api/x?y HTTP/1.1';
  const head = accepts(['SCRIPT_NAME: /api'], { line });
  assert.deepEqual([head.scriptName, head.path, head.target], ['/api', '/x', '/api/x?y']);
  const untrusted = accepts(['SCRIPT_NAME: /api'], { line, trusted: false });
  assert.deepEqual([untrusted.scriptName, untrusted.path], ['', '/api/x']);
  assert.equal(accepts(['Script-Name: /api'], { line }).path, '/api/x');
  const refusal = refuses(['SCRIPT_NAME: /other'], 'ConfigurationProblem', { line });
  assert.equal(refusal.status, 500);
  assert.match(refusal.clientMessage, /Request path '\/api\/x' does not start with SCRIPT_NAME '\/other'/);
});

test('SCRIPT_NAME from the environment applies if there is no field', () => {
  const scriptName = '/env';
  assert.equal(accepts([], { scriptName, line: 'GET /env/x HTTP/1.1', trusted: false }).path, '/x');
  refuses([], 'ConfigurationProblem', { scriptName, line: 'GET /x HTTP/1.1' });
  assert.equal(accepts(['SCRIPT_NAME: /f'], { scriptName, line: 'GET /f/x HTTP/1.1' }).scriptName, '/f');
});

test('secure_scheme_headers of a trusted peer decide the scheme', () => {
  assert.equal(accepts(['X-Forwarded-Proto: https']).scheme, 'https');
  assert.equal(accepts(['X-Forwarded-Ssl: on']).scheme, 'https');
  assert.equal(accepts(['X-Forwarded-Proto: HTTPS']).scheme, 'http');
  assert.equal(accepts(['X-Forwarded-Proto: http'], { scheme: 'https' }).scheme, 'http');
  assert.equal(accepts([], { scheme: 'https' }).scheme, 'https');
  assert.equal(accepts(['X-Forwarded-Proto: https'], { trusted: false }).scheme, 'http');
  assert.equal(accepts(['X-Forwarded-Proto: https', 'X-Forwarded-Ssl: on']).scheme, 'https');
  refuses(['X-Forwarded-Proto: https', 'X-Forwarded-Ssl: off'], 'InvalidSchemeHeaders');
  refuses(['X-Forwarded-Proto: http', 'X-Forwarded-Proto: https'], 'InvalidSchemeHeaders');
  accepts(['X-Forwarded-Proto: https', 'X-Forwarded-Ssl: off'], { trusted: false });
  assert.equal(accepts(['Secure: yes'], { settings: { secure_scheme_headers: { SECURE: 'yes' } } }).scheme, 'https');
});

test('Expect: only 100-continue is met, and only for HTTP/1.1', () => {
  assert.equal(accepts(['Expect: 100-Continue']).expectContinue, true);
  assert.equal(accepts(['Expect: 100-continue'], { line: 'GET / HTTP/1.0' }).expectContinue, false);
  assert.equal(accepts([]).expectContinue, false);
  assert.equal(refuses(['Expect: foo'], 'ExpectationFailed').status, 417);
  refuses(['Expect: foo'], 'ExpectationFailed', { line: 'GET / HTTP/1.0' });
  refuses(['Expect: 100-continue', 'Expect: foo'], 'ExpectationFailed');
  refuses(['Expect: foo', 'Expect: 100-continue'], 'ExpectationFailed');
  refuses(['Expect:'], 'ExpectationFailed');
});

test('the connection is kept by version and by the tokens of all Connection fields', () => {
  const kept = (fields: readonly string[], line?: string): boolean =>
    accepts(fields, line === undefined ? {} : { line }).keepAlive;
  const old = 'GET / HTTP/1.0';
  assert.equal(kept([]), true);
  assert.equal(kept([], 'GET / HTTP/1.2'), true);
  assert.equal(kept([], old), false);
  assert.equal(kept(['Connection: Keep-Alive'], old), true);
  assert.equal(kept(['Connection: x,\tkeep-alive '], old), true);
  assert.equal(kept(['Connection: close']), false);
  assert.equal(kept(['Connection: CLOSE']), false);
  assert.equal(kept(['Connection: keep-alive, Close']), false);
  assert.equal(kept(['Connection: keep-alive', 'Connection: close']), false);
  assert.equal(kept(['Connection: keep-alive', 'Connection: close'], old), false);
  assert.equal(kept(['Connection: upgrade, disclose']), true);
  assert.equal(kept(['X-Connection: close']), true);
});

test('nothing follows a request whose client ends its use of the connection, unless there is a body or a tunnel', () => {
  const isLast = (fields: readonly string[], line = 'GET / HTTP/1.1', settings: FileValues = {}): boolean =>
    accepts(fields, { line, settings }).isLast;
  assert.equal(isLast(['Connection: close']), true);
  assert.equal(isLast(['Connection: close'], 'DELETE / HTTP/1.1'), true);
  assert.equal(isLast([], 'GET / HTTP/1.0'), true);
  assert.equal(isLast([]), false);
  assert.equal(isLast(['Connection: keep-alive'], 'GET / HTTP/1.0'), false);
  assert.equal(isLast(['Connection: close', 'Content-Length: 5']), false);
  assert.equal(isLast(['Connection: close', 'Transfer-Encoding: chunked'], 'POST / HTTP/1.1'), false);
  assert.equal(isLast(['Connection: close'], 'CONNECT a:1 HTTP/1.1'), false);
  // The client may have meant another field.
  assert.equal(isLast(['X : y'], 'GET / HTTP/1.1', { strip_header_spaces: true }), false);
  assert.equal(isLast(['Connection: close', 'X : y'], 'GET / HTTP/1.1', { strip_header_spaces: true }), false);
});

test('the head has the Host field, or null without one', () => {
  assert.equal(accepts(['Host: h']).host, 'h');
  assert.equal(accepts([]).host, null);
});
