// The fields of a ticket, out of a head and a connection.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProxyHeader } from '../../../../src/gateway/accept/proxy-protocol.ts';
import type { RequestHead } from '../../../../src/gateway/http1/head/request-head.ts';
import { connectionFields, type EnvironFields, environFields } from '../../../../src/gateway/ticket/environ-fields.ts';
import type { ListenerAddress } from '../../../../src/messages/between-arbiter-and-gateway.ts';
import { headOf } from '../exchange/exchange-double.ts';

const TCP: ListenerAddress = { id: 0, label: 'http://127.0.0.1:8000', kind: 'tcp', host: '127.0.0.1', port: '8000' };
const UNIX: ListenerAddress = { id: 1, label: 'unix:/run/app.sock', kind: 'unix', host: '/run/app.sock', port: '' };
const PEER = { address: '10.0.0.7', port: '50123' };

function overTcp(head: RequestHead, peerTrusted = false): EnvironFields {
  return environFields(head, connectionFields(TCP, PEER), TCP, peerTrusted);
}

function overUnix(head: RequestHead): EnvironFields {
  return environFields(head, connectionFields(UNIX, null), UNIX, true);
}

function pairs({ fields }: EnvironFields): [string, string][] {
  const parts = fields.split('\0');
  assert.equal(parts.length % 2, 0, 'names and values come in pairs');
  const found: [string, string][] = [];
  for (let at = 0; at < parts.length; at += 2) found.push([parts[at] ?? '', parts[at + 1] ?? '']);
  const names = found.map(([name]) => name);
  assert.equal(new Set(names).size, names.length, `each name once: ${names}`);
  return found;
}

function server(fields: EnvironFields): [string | undefined, string | undefined] {
  const environ = new Map(pairs(fields));
  return [environ.get('SERVER_NAME'), environ.get('SERVER_PORT')];
}

test('over TCP: the request line, the peer, the listener, and the header fields', () => {
  const head = headOf(
    'GET /caf%C3%A9/%2f?q=%20x HTTP/1.1\r\nHost: example.org:81\r\nContent-Type: text/plain\r\nX-A: b',
  );
  assert.deepEqual(pairs(overTcp(head)), [
    ['REQUEST_METHOD', 'GET'],
    ['PATH_INFO', '/caf\u00c3\u00a9//'],
    ['QUERY_STRING', 'q=%20x'],
    ['RAW_URI', '/caf%C3%A9/%2f?q=%20x'],
    ['SERVER_PROTOCOL', 'HTTP/1.1'],
    ['REMOTE_ADDR', '10.0.0.7'],
    ['REMOTE_PORT', '50123'],
    ['SERVER_NAME', '127.0.0.1'],
    ['SERVER_PORT', '8000'],
    ['HTTP_HOST', 'example.org:81'],
    ['CONTENT_TYPE', 'text/plain'],
    ['HTTP_X_A', 'b'],
  ]);
});

test('without header fields there are no empty ones', () => {
  const fields = overTcp(headOf('GET / HTTP/1.0'));
  assert.equal(pairs(fields).at(-1)?.[0], 'SERVER_PORT');
});

test('over a Unix socket the peer has no address and no port', () => {
  const environ = new Map(pairs(overUnix(headOf('GET / HTTP/1.1\r\nHost: example.org'))));
  assert.equal(environ.get('REMOTE_ADDR'), '');
  assert.equal(environ.has('REMOTE_PORT'), false);
});

for (const [host, name, port] of [
  ['example.org', 'example.org', '80'],
  ['example.org:8080', 'example.org', '8080'],
  ['example.org:', 'example.org', ''],
  ['10.1.2.3:81', '10.1.2.3', '81'],
  ['[::1]', '[::1]', '80'],
  ['[2001:db8::7]:8443', '[2001:db8::7]', '8443'],
] as const) {
  test(`over a Unix socket, Host "${host}" is the server ${name}, port "${port}"`, () => {
    assert.deepEqual(server(overUnix(headOf(`GET / HTTP/1.1\r\nHost: ${host}`))), [name, port]);
  });
}

test('over a Unix socket with https the port is 443 unless Host has another', () => {
  assert.deepEqual(server(overUnix(headOf('GET / HTTP/1.1\r\nHost: a', 'https'))), ['a', '443']);
  assert.deepEqual(server(overUnix(headOf('GET / HTTP/1.1\r\nHost: [::1]', 'https'))), ['[::1]', '443']);
  assert.deepEqual(server(overUnix(headOf('GET / HTTP/1.1\r\nHost: a:1', 'https'))), ['a', '1']);
});

test('over a Unix socket without a Host the server is the path of the socket, without a port', () => {
  assert.deepEqual(server(overUnix(headOf('GET / HTTP/1.0'))), ['/run/app.sock', '']);
  assert.deepEqual(server(overUnix(headOf('GET / HTTP/1.1\r\nHost:'))), ['/run/app.sock', '']);
});

test('over TCP the Host does not change the name of the server', () => {
  assert.deepEqual(server(overTcp(headOf('GET / HTTP/1.1\r\nHost: other:1'))), ['127.0.0.1', '8000']);
});

test("https is sent, http is not: it is the worker's default", () => {
  const scheme = (head: RequestHead): string | undefined => new Map(pairs(overTcp(head))).get('wsgi.url_scheme');
  assert.equal(scheme(headOf('GET / HTTP/1.1\r\nHost: a', 'https')), 'https');
  assert.equal(scheme(headOf('GET / HTTP/1.1\r\nHost: a', 'http')), undefined);
});

test('SCRIPT_NAME is removed from the path and sent separately', () => {
  const environ = new Map(pairs(overTcp(headOf('GET /shop/cart?x HTTP/1.1\r\nHost: a', 'http', '/shop'))));
  assert.deepEqual(
    ['SCRIPT_NAME', 'PATH_INFO', 'RAW_URI'].map((name) => environ.get(name)),
    ['/shop', '/cart', '/shop/cart?x'],
  );
  assert.equal(new Map(pairs(overTcp(headOf('GET / HTTP/1.1\r\nHost: a')))).has('SCRIPT_NAME'), false);
});

test('a path that would decode to a NUL stays encoded as a whole, and is marked', () => {
  const fields = overTcp(headOf('GET /a%00b%41 HTTP/1.1\r\nHost: a'));
  assert.equal(fields.rawPath, true);
  assert.equal(new Map(pairs(fields)).get('PATH_INFO'), '/a%00b%41');
});

test('%00 in the query does not leave the path encoded', () => {
  const fields = overTcp(headOf('GET /a%41?q=%00 HTTP/1.1\r\nHost: a'));
  assert.equal(fields.rawPath, false);
  const environ = new Map(pairs(fields));
  assert.deepEqual([environ.get('PATH_INFO'), environ.get('QUERY_STRING')], ['/aA', 'q=%00']);
});

function proxied(listener: ListenerAddress, peer: typeof PEER | null, header: ProxyHeader): Map<string, string> {
  const shared = connectionFields(listener, peer, header);
  return new Map(pairs({ fields: shared.slice(1), rawPath: false, requestStart: null }));
}

test('a PROXY header names the client and the address that it called; the server stays the listener', () => {
  const source = { address: '2001:db8::1', port: '4711' };
  const destination = { address: '2001:db8::2', port: '443' };
  const named = {
    REMOTE_ADDR: '2001:db8::1',
    REMOTE_PORT: '4711',
    PROXY_PROTOCOL: 'TCP6',
    PROXY_ADDR: '2001:db8::2',
    PROXY_PORT: '443',
  };
  const header: ProxyHeader = { protocol: 'TCP6', source, destination };
  assert.deepEqual(Object.fromEntries(proxied(TCP, PEER, header)), {
    ...named,
    SERVER_NAME: '127.0.0.1',
    SERVER_PORT: '8000',
  });
  assert.deepEqual(Object.fromEntries(proxied(UNIX, null, header)), named);
});

test('a PROXY header without addresses leaves those of the socket', () => {
  for (const protocol of ['LOCAL', 'UNSPEC', 'UNKNOWN'] as const) {
    const header: ProxyHeader = { protocol, source: null, destination: null };
    const environ = proxied(TCP, PEER, header);
    assert.deepEqual(
      ['REMOTE_ADDR', 'REMOTE_PORT', 'PROXY_PROTOCOL', 'PROXY_ADDR'].map((name) => environ.get(name)),
      ['10.0.0.7', '50123', protocol, undefined],
    );
    assert.deepEqual(
      [...proxied(UNIX, null, header)],
      [
        ['REMOTE_ADDR', ''],
        ['PROXY_PROTOCOL', protocol],
      ],
    );
  }
});

test('X-Request-Start counts only from a peer that is trusted; the application sees it either way', () => {
  const head = headOf('GET / HTTP/1.1\r\nHost: a\r\nX-Request-Start: t=1700000000.250');
  assert.equal(overTcp(head, true).requestStart, 1_700_000_000_250);
  assert.equal(overTcp(head, false).requestStart, null);
  assert.equal(overTcp(headOf('GET / HTTP/1.1\r\nHost: a'), true).requestStart, null);
  for (const trusted of [true, false]) {
    assert.equal(new Map(pairs(overTcp(head, trusted))).get('HTTP_X_REQUEST_START'), 't=1700000000.250');
  }
});

test('the fields that all requests of a connection share have the same text for each', () => {
  assert.equal(connectionFields(TCP, PEER), connectionFields(TCP, { ...PEER }));
  assert.equal(connectionFields(UNIX, null), '\0REMOTE_ADDR\0');
});
