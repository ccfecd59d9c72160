// From the variables of a uwsgi packet to the head of a request: what the proxy says counts, and what the client says stays a header field.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { percentDecode } from '../../../../src/gateway/http1/head/percent-decode.ts';
import type { RequestHead } from '../../../../src/gateway/http1/head/request-head.ts';
import { Refusal } from '../../../../src/gateway/http1/refusal.ts';
import { encodePath } from '../../../../src/gateway/uwsgi/encode-path.ts';
import { requestLineIn, uwsgiHead } from '../../../../src/gateway/uwsgi/uwsgi-head.ts';
import { parseVariables } from '../../../../src/gateway/uwsgi/variables.ts';
import { GET_SEEN, type Variable, variablesBlock, withVariables } from '../../../harness/clients/uwsgi-packet.ts';
import { type FileValues, type HeadRulesChanges, headRules } from '../../../harness/gateway-settings.ts';
import { seededRandom } from '../http1/conversation.ts';

interface Case {
  readonly settings?: FileValues;
  readonly changes?: HeadRulesChanges;
  readonly from?: readonly Variable[];
}

function read(variables: Readonly<Record<string, string>>, { settings, changes, from = GET_SEEN }: Case = {}) {
  return uwsgiHead(withVariables(from, variables), headRules(settings, changes), 'http');
}

function accepts(variables: Readonly<Record<string, string>> = {}, rest: Case = {}): RequestHead {
  const head = read(variables, rest);
  if (head instanceof Refusal) assert.fail(head.logMessage);
  return head;
}

function refuses(variables: Readonly<Record<string, string>>, message: RegExp, rest: Case = {}): Refusal {
  const head = read(variables, rest);
  assert.ok(head instanceof Refusal, JSON.stringify(variables));
  assert.match(head.logMessage, message);
  return head;
}

test('a request of nginx has method, target, path, query, client and fields', () => {
  assert.deepEqual(accepts({}, { changes: { dialect: 'asgi' } }), {
    method: 'GET',
    target: '/seen?q=1',
    path: '/seen',
    query: 'q=1',
    protocol: 'HTTP/1.1',
    version: [1, 0],
    scriptName: '',
    scheme: 'http',
    framing: { kind: 'none' },
    keepAlive: true,
    isLast: true,
    expectContinue: false,
    isWebSocket: false,
    headerFields: 'HTTP_HOST\0shop.example\0HTTP_ACCEPT\0*/*',
    rawFields: '\0host\0shop.example\0accept\0*/*',
    host: 'shop.example',
    client: { address: '203.0.113.9', port: '40001' },
  });
});

test('the scheme is that of HTTPS, else of wsgi.url_scheme, else of REQUEST_SCHEME; a field of the client does not change it', () => {
  for (const HTTPS of ['on', 'ON', '1', 'true']) assert.equal(accepts({ HTTPS }).scheme, 'https');
  for (const HTTPS of ['', 'off', '0']) assert.equal(accepts({ HTTPS }).scheme, 'http');
  assert.equal(accepts({ REQUEST_SCHEME: 'https' }).scheme, 'https');
  assert.equal(accepts({ 'wsgi.url_scheme': 'http', REQUEST_SCHEME: 'https' }).scheme, 'http');
  assert.equal(accepts({ REQUEST_SCHEME: 'gopher' }).scheme, 'http');
  const forged = accepts({
    HTTP_X_FORWARDED_PROTO: 'https',
    HTTP_X_FORWARDED_SSL: 'off',
    HTTP_FORWARDED: 'proto=https',
  });
  assert.equal(forged.scheme, 'http');
  assert.match(forged.headerFields, /HTTP_X_FORWARDED_PROTO\0https/);
});

test('the path keeps its bytes: it is not decoded twice, and has the spelling of the client if that is the same path', () => {
  for (const [PATH_INFO, REQUEST_URI, path] of [
    ['/a b', '/a%20b?q=1', '/a%20b'],
    ['/a%20b', '/a%2520b', '/a%2520b'],
    ['/caf\xc3\xa9', '/caf%c3%a9', '/caf%c3%a9'],
    ['/x', '/a/../x', '/x'],
    ['/index.php', '/rewritten', '/index.php'],
    ['/line\n', '/line%0A', '/line%0A'],
    ['/nul\0', '/else', '/nul%00'],
    ['/50%', '/else', '/50%25'],
  ] as const) {
    const head = accepts({ PATH_INFO, REQUEST_URI });
    assert.deepEqual([head.path, head.target], [path, REQUEST_URI]);
    assert.equal(percentDecode(head.path), PATH_INFO);
  }
  const every = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join('');
  assert.equal(percentDecode(encodePath(every)), every);
  assert.match(encodePath(every), /^[!-~]+$/);
});

test('without REQUEST_URI the target is made from the path and the query, and without PATH_INFO the path is /', () => {
  const without = (...names: string[]): Case => ({ from: GET_SEEN.filter(([name]) => !names.includes(name)) });
  assert.equal(accepts({ PATH_INFO: '/a b' }, without('REQUEST_URI')).target, '/a%20b?q=1');
  const bare = accepts({}, without('REQUEST_URI', 'PATH_INFO', 'QUERY_STRING'));
  assert.deepEqual([bare.target, bare.path, bare.query], ['/', '/', '']);
});

test('SCRIPT_NAME is separated from the path, whether or not the proxy has done so', () => {
  for (const [SCRIPT_NAME, PATH_INFO, REQUEST_URI, path] of [
    ['/shop', '/shop/a', '/shop/a', '/a'],
    ['/shop/', '/shop/a', '/shop/a', '/a'],
    ['/shop', '/shop', '/shop', ''],
    ['/shop', '/a', '/shop/a', '/a'],
    ['/shop', '', '/shop', ''],
    ['/shop', '/shop/a', '/shop/shop/a', '/shop/a'],
    ['/shop', '/shopping', '/shopping', '/shopping'],
    ['/shop', '/shop/b c', '/shop/b%20c', '/b%20c'],
    ['/caf\xc3\xa9', '/caf\xc3\xa9/a', '/caf%c3%a9/a', '/a'],
  ] as const) {
    const head = accepts({ SCRIPT_NAME, PATH_INFO, REQUEST_URI });
    assert.deepEqual(
      [head.scriptName, head.path],
      [SCRIPT_NAME.replace(/\/$/, ''), path],
      `${SCRIPT_NAME} ${REQUEST_URI}`,
    );
  }
  // A field of the client is not the proxy's variable.
  assert.equal(accepts({ HTTP_SCRIPT_NAME: '/shop' }).scriptName, '');
});

test('the environment variable SCRIPT_NAME holds if the proxy sends none', () => {
  const changes = { scriptName: '/shop' };
  const head = accepts({ PATH_INFO: '/shop/a', REQUEST_URI: '/shop/a' }, { changes });
  assert.deepEqual([head.scriptName, head.path], ['/shop', '/a']);
  const refusal = refuses({}, /'\/seen' does not start with SCRIPT_NAME '\/shop'/, { changes });
  assert.equal(refusal.status, 500);
});

test('a client without an IP address is the connection itself', () => {
  for (const REMOTE_ADDR of ['', 'unix:', 'x\0y', '1.2.3']) assert.equal(accepts({ REMOTE_ADDR }).client, null);
  assert.deepEqual(accepts({ REMOTE_ADDR: '2001:db8::1', REMOTE_PORT: 'x' }).client, {
    address: '2001:db8::1',
    port: '0',
  });
});

test('CONTENT_LENGTH is where the body ends; fields of the client about it do not count', () => {
  assert.deepEqual(accepts({ CONTENT_LENGTH: '5', HTTP_CONTENT_LENGTH: '5' }).framing, { kind: 'length', bytes: 5 });
  const chunked = accepts({ CONTENT_LENGTH: '5', HTTP_TRANSFER_ENCODING: 'chunked' });
  assert.deepEqual([chunked.framing, chunked.keepAlive], [{ kind: 'length', bytes: 5 }, true]);
  for (const CONTENT_LENGTH of ['-1', '+5', '5x', '1e3', '5,5', '9007199254740992']) {
    const refusal = refuses({ CONTENT_LENGTH }, /content-length-value/);
    assert.equal(refusal.status, 400);
  }
});

test('if the body may be longer than the proxy says, no further packet is read', () => {
  assert.equal(accepts({ HTTP_CONTENT_LENGTH: '5' }).keepAlive, false);
  assert.equal(accepts({ HTTP_CONTENT_LENGTH: 'x', CONTENT_LENGTH: '3' }).keepAlive, false);
  assert.equal(accepts({ HTTP_TRANSFER_ENCODING: 'chunked' }).keepAlive, false);
  assert.equal(accepts({ HTTP_CONTENT_LENGTH: '0' }).keepAlive, true);
});

test('the type of the body is the proxy’s, else the client’s; a repeated field is joined', () => {
  const twice: Variable[] = [...GET_SEEN, ['HTTP_X', 'a'], ['HTTP_X', ' b ']];
  assert.match(accepts({}, { from: twice }).headerFields, /HTTP_X\0a,b$/);
  const both = accepts({ CONTENT_TYPE: 'a/b', HTTP_CONTENT_TYPE: 'c/d' });
  assert.match(both.headerFields, /CONTENT_TYPE\0a\/b/);
  assert.doesNotMatch(both.headerFields, /c\/d/);
  assert.match(accepts({ HTTP_CONTENT_TYPE: 'c/d' }).headerFields, /(?:^|\0)CONTENT_TYPE\0c\/d/);
  assert.doesNotMatch(accepts().headerFields, /CONTENT_/);
});

test('an expectation is the proxy’s to answer', () => {
  assert.equal(accepts({ HTTP_EXPECT: '100-continue', CONTENT_LENGTH: '5' }).expectContinue, false);
  assert.equal(accepts({ HTTP_EXPECT: 'other' }).expectContinue, false);
});

test('the handshake of a WebSocket is recognised', () => {
  const handshake = { HTTP_UPGRADE: 'websocket', HTTP_CONNECTION: 'upgrade' };
  assert.deepEqual([accepts(handshake).isWebSocket, accepts(handshake).isLast], [true, false]);
  assert.equal(accepts({ ...handshake, REQUEST_METHOD: 'POST' }).isWebSocket, false);
});

test('a request without a method, or with CR, LF or NUL where it matters, is refused', () => {
  refuses({ REQUEST_METHOD: '' }, /^Invalid uWSGI header: REQUEST_METHOD is missing$/);
  for (const bad of ['a\r\nb', 'a\nb', 'a\0b']) {
    refuses({ REQUEST_METHOD: bad }, /\((?:method-token|request-line-end)\)$/);
    refuses({ REQUEST_URI: `/${bad}` }, /\((?:target-characters|request-line-end)\)$/);
    refuses({ QUERY_STRING: bad }, /^Invalid uWSGI header: control character in QUERY_STRING$/);
    refuses({ SCRIPT_NAME: bad }, /^Invalid uWSGI header: control character in SCRIPT_NAME$/);
    refuses({ HTTP_X: bad }, /\(field-value\)$/);
    refuses({ CONTENT_TYPE: bad }, /\(field-value\)$/);
    refuses({ [`HTTP_${bad}`]: 'x' }, /\(field-name\)$/);
  }
  refuses({ HTTP_: 'x' }, /\(field-name\)$/);
  refuses({ HTTP_HOST: 'a b' }, /\(host-value\)$/);
  refuses({}, /\(host-twice\)$/, { from: [...GET_SEEN, ['HTTP_HOST', 'b']] });
});

test('the limits of HTTP hold: number and size of fields, and the request line', () => {
  const fields = Object.fromEntries(Array.from({ length: 99 }, (_, index) => [`HTTP_X${index}`, 'x']));
  assert.equal(refuses(fields, /\(fields-count\)$/).status, 431);
  accepts({ HTTP_A: 'x'.repeat(8190 - 5) });
  assert.equal(refuses({ HTTP_A: 'x'.repeat(8190 - 4) }, /\(field-size\)$/).status, 431);
  assert.equal(refuses({ REQUEST_URI: `/${'x'.repeat(4094)}` }, /\(request-line-length\)$/).status, 414);
  accepts({ REQUEST_METHOD: 'PURGE-all' }, { settings: { permit_unconventional_http_method: true } });
  refuses({ REQUEST_METHOD: 'PURGE-all' }, /\(method-unconventional\)$/);
});

test('a refused request has the request line of its variables in the access log', () => {
  assert.equal(requestLineIn(GET_SEEN), 'GET /seen?q=1 HTTP/1.1');
  assert.equal(requestLineIn([]), ' / HTTP/1.1');
});

test('damaged packets of any kind are refused or read, and no field of a ticket gets a NUL or a line end', () => {
  const random = seededRandom(20_261_130);
  const rules = headRules();
  const from = withVariables(GET_SEEN, { SCRIPT_NAME: '/s', CONTENT_LENGTH: '3', HTTPS: 'on', HTTP_COOKIE: 'a=b' });
  let served = 0;
  for (let round = 0; round < 20_000; round += 1) {
    const bytes = variablesBlock(from);
    for (let damage = random(4); damage > 0; damage -= 1)
      bytes[random(bytes.length)] = random(4) === 0 ? random(256) : 0;
    const variables = parseVariables(random(4) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes);
    if (variables instanceof Refusal) continue;
    const head = uwsgiHead(variables, rules, 'http');
    if (head instanceof Refusal) continue;
    served += 1;
    const { method, target, path, query, scriptName, client } = head;
    const texts = [method, target, path, query, scriptName, client?.address ?? '', client?.port ?? ''];
    for (const text of texts) assert.doesNotMatch(text, /[\0\r\n]/, `round ${round}`);
    const pairs = head.headerFields === '' ? [] : head.headerFields.split('\0');
    assert.equal(pairs.length % 2, 0);
    for (const text of pairs) assert.doesNotMatch(text, /[\r\n]/, `round ${round}`);
  }
  assert.ok(served > 1000, `${served} served`);
});
