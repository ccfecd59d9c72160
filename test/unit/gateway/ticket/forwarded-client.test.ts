// X-Forwarded-For and X-Forwarded-Proto, as an ASGI application's scope believes them under the names of uvicorn's workers.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toTrustedPeers } from '../../../../src/gateway/accept/trusted-peers.ts';
import { asgiFields } from '../../../../src/gateway/ticket/asgi-fields.ts';
import { forwardedClient } from '../../../../src/gateway/ticket/forwarded-client.ts';
import { chooseWorkerClass } from '../../../../src/settings/for-processes/choose-worker-class.ts';
import { WORKER_CLASSES } from '../../../../src/settings/for-processes/worker-classes.ts';
import { headOf } from '../exchange/exchange-double.ts';

const PROXIES = toTrustedPeers('forwarded_allow_ips', '127.0.0.1,10.0.0.0/8,fd00::/8');
const EVERYBODY = toTrustedPeers('forwarded_allow_ips', '*');

function headers(...values: readonly string[]): string {
  return `\0host\0a${values.map((value) => `\0x-forwarded-for\0${value}`).join('')}\0accept\0*/*`;
}

for (const [what, values, address, port] of [
  ['one address', ['8.8.8.8'], '8.8.8.8', '0'],
  ['what the client has forged is left of what the proxy saw', ['1.1.1.1, 8.8.8.8'], '8.8.8.8', '0'],
  ['proxies are passed over', ['1.1.1.1, 8.8.8.8, 10.0.0.1,127.0.0.1'], '8.8.8.8', '0'],
  ['fields are one list', ['1.1.1.1', '8.8.8.8', '10.0.0.1'], '8.8.8.8', '0'],
  ['of proxies alone the first', ['10.0.0.9, 10.0.0.1'], '10.0.0.9', '0'],
  ['a port', ['8.8.8.8:4711'], '8.8.8.8', '4711'],
  ['a proxy with a port', ['8.8.8.8, 10.0.0.1:80'], '8.8.8.8', '0'],
  ['IPv6', ['2001:db8::1, fd00::7'], '2001:db8::1', '0'],
  ['IPv6 in brackets with a port', ['[2001:db8::1]:443, [fd00::7]:80'], '2001:db8::1', '443'],
  ['a port that is none, in brackets', ['[2001:db8::1]:x'], '2001:db8::1', '0'],
  ['a port that is none is no proxy', ['8.8.8.8, 10.0.0.1:x'], '10.0.0.1:x', '0'],
  ['a port beyond all ports', ['8.8.8.8:99999'], '8.8.8.8:99999', '0'],
  ['a bracket that is not closed', ['[fd00::7'], '[fd00::7', '0'],
  ['a name', ['unknown'], 'unknown', '0'],
] as const) {
  test(`X-Forwarded-For: ${what}`, () => {
    assert.deepEqual(forwardedClient(headers(...values), false, PROXIES).client, { address, port });
  });
}

test('a missing field, an empty one, or an empty last element names no client', () => {
  for (const values of [[], [''], ['8.8.8.8, '], [' ']])
    assert.equal(forwardedClient(headers(...values), false, PROXIES).client, null);
});

test('if every peer is trusted, the first is the client', () => {
  const { client } = forwardedClient(headers('8.8.8.8:1, 10.0.0.1'), false, EVERYBODY);
  assert.deepEqual(client, { address: '8.8.8.8', port: '1' });
});

test('a value that looks like a name names no client', () => {
  const { client, scheme } = forwardedClient('\0a\0x-forwarded-for\0b\0x-forwarded-proto\0c\0https', false, PROXIES);
  assert.deepEqual([client, scheme], [null, null]);
});

test('X-Forwarded-Proto: the last one of the four schemes, for a WebSocket in the way of the ticket', () => {
  const proto = (value: string, isWebSocket: boolean): string | null =>
    forwardedClient(`\0x-forwarded-proto\0http\0x-forwarded-proto\0${value}`, isWebSocket, PROXIES).scheme;
  assert.deepEqual(
    ['http', 'https', 'ws', 'wss', ' https ', 'HTTPS', 'https,http', ''].map((value) => proto(value, false)),
    ['http', 'https', 'ws', 'wss', 'https', null, null, null],
  );
  assert.deepEqual(
    ['http', 'https', 'ws', 'wss', 'ftp'].map((value) => proto(value, true)),
    ['http', 'https', 'http', 'https', null],
  );
});

test('a ticket has the client of the fields only where their word counts', () => {
  const listener = { id: 0, label: 'http://a:80', kind: 'tcp', host: 'a', port: '80' } as const;
  const connection = { listener, client: { address: '127.0.0.1', port: '4000' }, peerTrusted: true };
  const head = headOf('GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 8.8.8.8\r\nX-Forwarded-Proto: wss');
  const parts = (proxies: typeof PROXIES | null): string[] =>
    asgiFields(head, { ...connection, proxies })
      .fields.split('\0')
      .slice(2, 9);
  assert.deepEqual(parts(null), ['http', '/', '', '127.0.0.1', '4000', 'a', '80']);
  assert.deepEqual(parts(PROXIES), ['wss', '/', '', '8.8.8.8', '0', 'a', '80']);
});

test("only uvicorn's names, and classes derived from them, trust the fields", () => {
  for (const each of WORKER_CLASSES.flatMap(({ name, aliases }) => [name, ...aliases])) {
    const choice = chooseWorkerClass(each, 1);
    assert.ok(choice.ok);
    const wanted = each.startsWith('uvicorn') ? 'forwarded-for' : 'connection';
    assert.deepEqual([each, choice.workerClass.clientFrom], [each, wanted]);
  }
  const bases = ['workers.Mine', 'uvicorn_worker._workers.UvicornWorker', 'gunicorn.workers.base.Worker'];
  const own = chooseWorkerClass('workers.Mine', 1, { bases, settings: {}, error: null });
  assert.ok(own.ok);
  assert.deepEqual([own.workerClass.name, own.workerClass.clientFrom], ['asgi', 'forwarded-for']);
});
