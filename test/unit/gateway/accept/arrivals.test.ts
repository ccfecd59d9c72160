// The bytes before HTTP: a PROXY header, if allowed. The test plays the sockets.

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { Arrivals, type Opening } from '../../../../src/gateway/accept/arrivals.ts';
import { clientOf, type Transport } from '../../../../src/gateway/accept/transport.ts';
import { toHttpSettings } from '../../../../src/gateway/http-settings.ts';
import type { ListenerAddress } from '../../../../src/messages/between-arbiter-and-gateway.ts';
import { type FileValues, gatewaySettings } from '../../../harness/gateway-settings.ts';

const LISTENER: ListenerAddress = { id: 0, label: 'http://a:80', kind: 'tcp', host: '127.0.0.1', port: '80' };
const HEADER = 'PROXY TCP4 192.0.2.7 192.0.2.1 5000 80\r\n';
const GET = 'GET / HTTP/1.1\r\n\r\n';

class SocketDouble extends EventEmitter {
  readonly remoteAddress = '127.0.0.1';
  readonly remotePort = 4000;

  send(text: string): void {
    this.emit('data', Buffer.from(text, 'latin1'));
  }

  destroy(): void {
    this.emit('close');
  }
}

function begin(values: FileValues = { proxy_protocol: 'auto', proxy_allow_ips: '127.0.0.1', head_timeout: 30 }) {
  const seen: { readonly client: string | undefined; readonly opening: string }[] = [];
  const arrivals = new Arrivals((_socket: Socket, transport: Transport, opening: Opening) => {
    seen.push({ client: clientOf(transport)?.address, opening: textOf(opening) });
  });
  const socket = new SocketDouble();
  arrivals.take(socket as unknown as Socket, LISTENER, toHttpSettings(gatewaySettings(values)), 1000);
  return { arrivals, socket, seen };
}

function textOf(opening: Opening): string {
  if (opening.kind === 'request') return opening.bytes.toString('latin1');
  return opening.kind === 'refusal' ? opening.refusal.code : opening.kind;
}

test('without proxy_protocol a connection begins immediately', () => {
  const { arrivals, seen } = begin({});
  assert.deepEqual(seen, [{ client: '127.0.0.1', opening: '' }]);
  assert.equal(arrivals.size, 0);
});

test('a header names the client, and HTTP follows it', () => {
  for (const pieces of [[HEADER + GET], [HEADER.slice(0, 9), HEADER.slice(9) + GET]]) {
    const { arrivals, socket, seen } = begin();
    assert.equal(arrivals.size, 1);
    for (const piece of pieces) socket.send(piece);
    assert.deepEqual(seen, [{ client: '192.0.2.7', opening: GET }]);
    assert.equal(arrivals.size, 0);
    assert.deepEqual([socket.listenerCount('data'), socket.listenerCount('end')], [0, 0]);
  }
});

test('HTTP without a header is handed on from its first byte', () => {
  const { socket, seen } = begin();
  socket.send('P');
  socket.send('OST / HTTP/1.1\r\n');
  assert.deepEqual(seen, [{ client: '127.0.0.1', opening: 'POST / HTTP/1.1\r\n' }]);
});

test('a wrong header, and one of a peer that may send none, are refused', () => {
  const wrong = begin();
  wrong.socket.send('PROXY nonsense\r\n');
  assert.deepEqual(wrong.seen, [{ client: '127.0.0.1', opening: 'InvalidProxyLine' }]);
  const forbidden = begin({ proxy_protocol: 'v1', proxy_allow_ips: '10.0.0.1' });
  forbidden.socket.send(HEADER);
  assert.deepEqual(forbidden.seen, [{ client: '127.0.0.1', opening: 'ForbiddenProxyRequest' }]);
});

test('after head_timeout a header is no longer waited for; half a header is refused', () => {
  for (const [sent, opening] of [
    ['', 'goodbye'],
    ['PROXY ', 'RequestTimeout'],
  ] as const) {
    const { arrivals, socket, seen } = begin();
    if (sent !== '') socket.send(sent);
    arrivals.checkTime(31_000);
    assert.deepEqual(seen, []);
    arrivals.checkTime(31_001);
    assert.deepEqual(seen, [{ client: '127.0.0.1', opening }]);
  }
});

test('a client that stops sending, or is idle when the gateway drains, is closed in good order', () => {
  const ended = begin();
  ended.socket.emit('end');
  assert.deepEqual(ended.seen, [{ client: '127.0.0.1', opening: 'goodbye' }]);
  const drained = begin();
  drained.arrivals.drainIdle(2000, 2999, 1000);
  assert.deepEqual(drained.seen, []);
  drained.arrivals.drainIdle(2000, 3000, 1000);
  assert.deepEqual(drained.seen, [{ client: '127.0.0.1', opening: 'goodbye' }]);
});

test('a connection that closes while it waits is forgotten', () => {
  const { arrivals, seen } = begin();
  arrivals.destroy();
  assert.deepEqual([arrivals.size, seen], [0, []]);
});
