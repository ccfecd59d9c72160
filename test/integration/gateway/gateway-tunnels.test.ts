// Connections that a WSGI application takes over: raw bytes between a client and a worker that the test plays.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { END, FRAMED } from '../../../src/runqueue/channel-frame.ts';
import { handshake } from '../../harness/clients/raw-web-socket.ts';
import { eventually, within } from '../../harness/deadline.ts';
import { LiveGateway } from '../../harness/doubles/live-gateway.ts';
import { untilHeld } from '../../harness/doubles/until-held.ts';

const KIB = 1024;
const WSGI = { dialect: 'wsgi' } as const;

/** Reads this many bytes. */
async function read(socket: Socket, bytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let got = 0;
  while (got < bytes) {
    const piece: Buffer | null = socket.read(Math.min(bytes - got, socket.readableLength || 1));
    if (piece === null) await within(`${bytes} bytes`, once(socket, 'readable'));
    else {
      pieces.push(piece);
      got += piece.length;
    }
  }
  return Buffer.concat(pieces);
}

test('a tunnel carries everything from the first byte after the head on, in both directions', async (t) => {
  const gateway = await LiveGateway.start(t, WSGI);
  const worker = await gateway.serve();
  const client = await gateway.connect();
  await client.send(`${handshake('/raw')}early`);
  const taken = await worker.take();
  assert.equal(taken.ticket.upgrade, true);
  const socket = taken.tunnel();
  socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\nfrom the worker');
  assert.equal((await client.head()).status, 101);
  assert.equal((await client.exactly(15)).toString(), 'from the worker');
  await client.send(' later');
  assert.equal((await read(socket, 11)).toString(), 'early later');
  await eventually('the arbiter to know', () => gateway.streams().length > 0);
  assert.deepEqual(gateway.streams(), [{ generation: 1, webSockets: 0, tunnels: 1, eventStreams: 0 }]);
});

test('the end of one direction is passed on, and the other continues', async (t) => {
  const gateway = await LiveGateway.start(t, WSGI);
  const worker = await gateway.serve();
  const client = await gateway.connect();
  await client.send(handshake('/raw'));
  const socket = (await worker.take()).tunnel();
  await client.send('last');
  client.endSending();
  assert.equal((await read(socket, 4)).toString(), 'last');
  const ended = once(socket, 'end');
  socket.read();
  await within('the end of what the client sends', ended);
  socket.end('answer');
  assert.equal((await client.untilEnd()).toString(), 'answer');
  const line = await eventually('the access line', () => gateway.accessLines().at(-1));
  assert.equal(line, 'GET /raw 101 6');
});

test('a worker that closes its tunnel serves the next ticket on another channel', async (t) => {
  const gateway = await LiveGateway.start(t, WSGI);
  const worker = await gateway.serve();
  const client = await gateway.connect();
  await client.send(handshake('/raw'));
  const socket = (await worker.take()).tunnel();
  socket.end('bye');
  const other = await gateway.connect();
  await other.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const next = await worker.take();
  assert.equal((await client.untilEnd()).toString(), 'bye');
  client.close();
  await within('the end of the tunnel', once(socket, 'close'));
  next.head(200, 'Content-Length: 2\r\n', 'ok', END | FRAMED);
  assert.equal((await other.response()).status, 200);
});

test('the client gets everything that a worker sent before it died', async (t) => {
  const gateway = await LiveGateway.start(t, WSGI);
  const worker = await gateway.serve();
  const client = await gateway.connect();
  await client.send(handshake('/raw'));
  const socket = (await worker.take()).tunnel();
  await new Promise((resolve) => socket.write('last words', resolve));
  worker.die();
  gateway.gateway.workerGone(worker.slotRange, 1);
  assert.equal((await client.untilEnd()).toString(), 'last words');
});

test('neither side is read faster than the other reads', async (t) => {
  const gateway = await LiveGateway.start(t, WSGI);
  const worker = await gateway.serve();
  const client = await gateway.connect();
  await client.send(handshake('/raw'));
  const socket = (await worker.take()).tunnel();
  for (const [from, to] of [
    [client.socket, socket],
    [socket, client.socket],
  ] as const) {
    const piece = Buffer.alloc(64 * KIB, 'p');
    let [quiet, last] = [0, -1];
    await eventually('the sender to be held back', () => {
      while (from.writableLength < 256 * KIB) from.write(piece);
      const passed = from.bytesWritten - from.writableLength;
      quiet = passed === last ? quiet + 1 : 0;
      last = passed;
      return quiet > 25;
    });
    assert.ok(last < 64 * KIB * KIB, `${last} bytes passed to a side that does not read`);
    assert.ok(to.readableLength <= 64 * KIB);
  }
});

test('a WebSocket client that leaves unread messages behind is detected, between two frames', async (t) => {
  const gateway = await LiveGateway.start(t, { ...WSGI, webSocketPingIntervalMs: 1000 });
  const worker = await gateway.serve();
  const client = await gateway.connect();
  await client.send(handshake('/raw'));
  const socket = (await worker.take()).tunnel();
  socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
  assert.equal((await client.head()).status, 101);
  await untilHeld(client.socket, Buffer.alloc(64 * KIB));
  client.socket.destroy();
  await eventually('the gateway to have noticed', () => gateway.accessLines().length > 0);
});

test('a tunnel survives a reload until graceful_timeout', async (t) => {
  const gateway = await LiveGateway.start(t, { ...WSGI, gracefulTimeoutMs: 1500 });
  const worker = await gateway.serve();
  const client = await gateway.connect();
  await client.send(handshake('/raw'));
  const socket = (await worker.take()).tunnel();
  await gateway.serve();
  await client.send('ping');
  assert.equal((await read(socket, 4)).toString(), 'ping');
  socket.write('pong');
  assert.equal((await client.exactly(4)).toString(), 'pong');
  assert.ok(await client.closesSilently());
});

test('a WebSocket in a tunnel is closed with 1012 before it is cut, between two frames of the application', async (t) => {
  const gateway = await LiveGateway.start(t, { ...WSGI, gracefulTimeoutMs: 3000 });
  const worker = await gateway.serve();
  const client = await gateway.connect();
  await client.send(handshake('/raw'));
  const socket = (await worker.take()).tunnel();
  const message = Buffer.concat([Buffer.from([0x82, 126, 0x01, 0x00]), Buffer.alloc(256, 7)]);
  socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
  socket.write(message.subarray(0, 100));
  assert.equal((await client.head()).status, 101);
  await client.exactly(100);
  await gateway.serve();
  // Longer than the limit after which it would be closed if no frame were in flight.
  await new Promise((resolve) => setTimeout(resolve, 2750));
  socket.write(Buffer.concat([message.subarray(100), message]));
  assert.deepEqual(
    await client.exactly(164),
    Buffer.concat([message.subarray(100), Buffer.from([0x88, 2, 0x03, 0xf4])]),
  );
  await client.send('closes');
  assert.equal((await read(socket, 6)).toString(), 'closes');
  assert.ok(await client.closesSilently());
});

test('an ordinary response to the handshake is passed on as usual', async (t) => {
  const gateway = await LiveGateway.start(t, WSGI);
  const worker = await gateway.serve();
  const client = await gateway.connect();
  await client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  (await worker.take()).head(200, 'Content-Length: 2\r\n', 'ok', END | FRAMED);
  assert.equal((await client.response()).body.toString(), 'ok');
});

test('a TUNNEL for a request that is not a handshake costs the worker its channel, and the client gets 502', async (t) => {
  const gateway = await LiveGateway.start(t, WSGI);
  const worker = await gateway.serve();
  const client = await gateway.connect();
  await client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const taken = await worker.take();
  worker.keepClaims();
  taken.tunnel();
  assert.equal((await client.response()).status, 502);
});
