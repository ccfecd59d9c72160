// WebSockets of ASGI applications: handshake, messages, limits and every way in which one ends. The gateway against a worker and
// clients that the test plays byte by byte.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { constants, deflateRawSync } from 'node:zlib';
import { END, FRAMED, TEXT } from '../../../src/runqueue/channel-frame.ts';
import type { GatewaySettings } from '../../../src/settings/for-processes/gateway-settings.ts';
import {
  acceptFor,
  BINARY_FRAME,
  CLOSE_FRAME,
  CONTINUATION,
  clientFrame,
  closePayload,
  handshake,
  PING_FRAME,
  PONG_FRAME,
  RawWebSocket,
  TEXT_FRAME,
} from '../../harness/clients/raw-web-socket.ts';
import { eventually } from '../../harness/deadline.ts';
import { LiveGateway } from '../../harness/doubles/live-gateway.ts';
import { untilHeld } from '../../harness/doubles/until-held.ts';
import type { TakenTicket, WorkerDouble } from '../../harness/doubles/worker-double.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

interface Opened {
  readonly gateway: LiveGateway;
  readonly worker: WorkerDouble;
  readonly taken: TakenTicket;
  readonly client: RawWebSocket;
}

/** A WebSocket that the application has accepted. */
async function open(t: TestContext, changes: Partial<GatewaySettings> = {}, fields = ''): Promise<Opened> {
  const gateway = await LiveGateway.start(t, changes);
  const worker = await gateway.serve();
  const client = await RawWebSocket.open({ host: '127.0.0.1', port: gateway.port }, '/ws', fields);
  const taken = await worker.take();
  taken.accept();
  assert.equal((await client.accepted()).status, 101);
  return { gateway, worker, taken, client };
}

async function assertServes({ gateway, worker }: Pick<Opened, 'gateway' | 'worker'>): Promise<void> {
  const other = await gateway.connect();
  await other.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  (await worker.take()).head(204, '', '', END);
  assert.equal((await other.response()).status, 204);
  other.close();
}

test('a handshake is dispatched as such, and completed when the application accepts, with its additions', async (t) => {
  const gateway = await LiveGateway.start(t);
  const worker = await gateway.serve();
  const target = { host: '127.0.0.1', port: gateway.port };
  const client = await RawWebSocket.open(target, '/chat?a=1', 'Sec-WebSocket-Protocol: chat, echo\r\n');
  const taken = await worker.take();
  assert.deepEqual([taken.ticket.upgrade, taken.ticket.streamed], [true, false]);
  assert.equal(taken.header('sec-websocket-protocol'), 'chat, echo');
  taken.accept('Sec-WebSocket-Protocol: echo\r\nX-Name: é\r\nConnection: close\r\nSec-WebSocket-Accept: no\r\n');
  const head = await client.accepted();
  assert.equal(head.status, 101);
  const fields = new Map(head.headers.map(([name, value]) => [name.toLowerCase(), value]));
  assert.deepEqual([...fields.keys()].sort(), [
    ...['connection', 'date', 'sec-websocket-accept', 'sec-websocket-protocol', 'server', 'upgrade', 'x-name'],
  ]);
  assert.equal(fields.get('sec-websocket-accept'), acceptFor());
  assert.equal(fields.get('sec-websocket-protocol'), 'echo');
  assert.equal(fields.get('x-name'), 'é');
  assert.equal(fields.get('connection'), 'Upgrade');
  await eventually('the arbiter to know', () => gateway.streams().length > 0);
  assert.deepEqual(gateway.streams(), [{ generation: 1, webSockets: 1, tunnels: 0, eventStreams: 0 }]);
});

test('messages pass whole in both directions, text as text and bytes as bytes', async (t) => {
  const { taken, client } = await open(t);
  await client.send(TEXT_FRAME, 'grüße');
  const text = await taken.next();
  assert.deepEqual([text.type, text.flags, text.payload.toString()], ['MESSAGE', TEXT, 'grüße']);
  await client.send(BINARY_FRAME, Buffer.from([0, 255]), { isFinal: false });
  await client.send(CONTINUATION, Buffer.from([1]), { isFinal: true });
  const bytes = await taken.next();
  assert.deepEqual([bytes.type, bytes.flags, bytes.payload.toString('hex')], ['MESSAGE', 0, '00ff01']);
  await client.send(TEXT_FRAME);
  assert.equal((await taken.next()).payload.length, 0);
  for (const message of ['', 'ü'.repeat(40_000), Buffer.alloc(300), Buffer.alloc(3 * KIB * KIB, 'b')]) {
    taken.message(message);
    const frames = [await client.frame()];
    while (frames.at(-1)?.isFinal === false) frames.push(await client.frame());
    assert.equal(frames[0]?.opcode, typeof message === 'string' ? TEXT_FRAME : BINARY_FRAME);
    assert.ok(frames.slice(1).every((frame) => frame.opcode === CONTINUATION));
    assert.ok(Buffer.concat(frames.map((frame) => frame.payload)).equals(Buffer.from(message as string)));
  }
});

test('messages that the client sends before the application has accepted are not lost', async (t) => {
  const gateway = await LiveGateway.start(t);
  const worker = await gateway.serve();
  const client = await gateway.connect();
  await client.send(Buffer.concat([Buffer.from(handshake('/ws')), clientFrame(TEXT_FRAME, 'early')]));
  const taken = await worker.take();
  await client.send(clientFrame(TEXT_FRAME, 'later'));
  taken.accept();
  assert.equal((await taken.next()).payload.toString(), 'early');
  assert.equal((await taken.next()).payload.toString(), 'later');
});

test('a denial is an ordinary response, after which the client is no longer read', async (t) => {
  const gateway = await LiveGateway.start(t);
  const worker = await gateway.serve();
  const client = await gateway.connect();
  await client.send(`${handshake('/ws')}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`);
  (await worker.take()).head(403, 'Content-Length: 2\r\n', 'no', END | FRAMED);
  const response = await client.response();
  assert.deepEqual([response.status, response.body.toString()], [403, 'no']);
  assert.ok(await client.closesSilently());
  assert.equal(worker.waitingTickets, 0);
});

for (const [name, fields, status, more] of [
  ['another version', 'Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n', 426, '13'],
  ['no version', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n', 426, '13'],
  ['no key', 'Sec-WebSocket-Version: 13\r\n', 400, undefined],
  ['a key of 15 bytes', 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25j\r\n', 400, undefined],
] as const) {
  test(`a handshake with ${name} is answered with ${status} and never dispatched`, async (t) => {
    const gateway = await LiveGateway.start(t);
    const worker = await gateway.serve();
    const client = await gateway.connect();
    await client.send(`GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${fields}\r\n`);
    const response = await client.response();
    assert.equal(response.status, status);
    assert.equal(response.headers.find(([header]) => header === 'Sec-WebSocket-Version')?.[1], more);
    assert.equal(worker.waitingTickets, 0);
  });
}

test('anything but a handshake of HTTP/1.1 is an ordinary request', async (t) => {
  const gateway = await LiveGateway.start(t);
  const worker = await gateway.serve();
  for (const request of [
    'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 1\r\n\r\nx',
    'GET / HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  ]) {
    const client = await gateway.connect();
    await client.send(request);
    const taken = await worker.take();
    assert.equal(taken.ticket.upgrade, false, request);
    taken.head(204, '', '', END);
    assert.equal((await client.response()).status, 204);
  }
});

test('the client closes: the worker gets code and reason, answers, and is free', async (t) => {
  const { gateway, worker, taken, client } = await open(t);
  await client.send(CLOSE_FRAME, closePayload(4001, 'tschüß'));
  const close = await taken.next();
  assert.deepEqual([close.type, close.status, close.payload.toString()], ['CLOSE', 4001, 'tschüß']);
  assert.equal(await client.closeCode(), 4001);
  taken.close(1000);
  await assertServes({ gateway, worker });
});

for (const [name, act, code] of [
  ['closes without a code', (client: RawWebSocket) => client.send(CLOSE_FRAME), 1005],
  ['is cut off', async (client: RawWebSocket) => void client.connection.socket.resetAndDestroy(), 1006],
  ['just ends its connection', async (client: RawWebSocket) => client.connection.endSending(), 1006],
] as const) {
  test(`a client that ${name} counts as gone with ${code} for the worker`, async (t) => {
    const { taken, client } = await open(t);
    await act(client);
    const close = await taken.next();
    assert.deepEqual([close.type, close.status], ['CLOSE', code]);
  });
}

for (const [name, code, reason, seen] of [
  ['a code and a reason', 1000, 'bye', 1000],
  ['a code of its own', 4999, '', 4999],
  ['1005, which stands for none', 1005, '', 1005],
  ['a code that may not be sent', 1004, '', 1011],
  ['1006, which cuts', 1006, '', null],
] as const) {
  test(`the worker closes with ${name}`, async (t) => {
    const { gateway, worker, taken, client } = await open(t);
    taken.close(code, reason);
    assert.equal(await client.closeCode(), seen);
    await assertServes({ gateway, worker });
  });
}

const LONE_CONTINUATION = clientFrame(CONTINUATION, 'x');
for (const [name, frames, code] of [
  ['text that is not UTF-8', clientFrame(TEXT_FRAME, Buffer.from([0xc3, 0x28])), 1007],
  ['a frame without a mask', clientFrame(TEXT_FRAME, 'x', { isMasked: false }), 1002],
  ['a reserved bit', clientFrame(TEXT_FRAME, 'x', { reserved: 0x40 }), 1002],
  ['an unknown opcode', clientFrame(3, 'x'), 1002],
  ['a continuation of nothing', LONE_CONTINUATION, 1002],
  ['a ping of 126 bytes', clientFrame(PING_FRAME, 'p'.repeat(126)), 1002],
  ['a close frame of one byte', clientFrame(CLOSE_FRAME, 'x'), 1002],
  ['a close code that may not be sent', clientFrame(CLOSE_FRAME, closePayload(1005)), 1002],
  ['a message over the limit', clientFrame(BINARY_FRAME, Buffer.alloc(1001)), 1009],
  [
    'fragments that are over the limit together',
    Buffer.concat([
      clientFrame(TEXT_FRAME, 'x'.repeat(600), { isFinal: false }),
      clientFrame(CONTINUATION, 'x'.repeat(600)),
    ]),
    1009,
  ],
] as const) {
  test(`${name} closes the WebSocket with ${code}, for client and worker`, async (t) => {
    const { gateway, worker, taken, client } = await open(t, { webSocketMessageBytes: 1000 });
    await client.send(BINARY_FRAME, Buffer.alloc(1000));
    assert.equal((await taken.next()).payload.length, 1000);
    await client.connection.send(frames);
    assert.equal(await client.closeCode(), code);
    const close = await taken.next();
    assert.deepEqual([close.type, close.status], ['CLOSE', code]);
    taken.close(1000);
    await assertServes({ gateway, worker });
  });
}

test('a ping of the client is answered by the gateway alone', async (t) => {
  const { taken, client } = await open(t);
  await client.send(PING_FRAME, 'are you there');
  const pong = await client.frame();
  assert.deepEqual([pong.opcode, pong.payload.toString()], [PONG_FRAME, 'are you there']);
  await client.send(TEXT_FRAME, 'x');
  assert.equal((await taken.next()).type, 'MESSAGE');
});

test('a client that does not answer pings is disconnected, one that does stays', async (t) => {
  const { gateway, taken, client } = await open(t, { webSocketPingIntervalMs: 500, webSocketPingTimeoutMs: 1500 });
  for (let count = 0; count < 2; count += 1) {
    const ping = await client.frame();
    assert.equal(ping.opcode, PING_FRAME);
    await client.send(PONG_FRAME, ping.payload);
  }
  const close = await taken.next();
  assert.deepEqual([close.type, close.status], ['CLOSE', 1006]);
  assert.equal(await client.closeCode(), null);
  await eventually('the gateway to have forgotten it', () => gateway.streams().length === 0);
});

test('a client that does not read applies backpressure to the worker, and gets everything when it reads', async (t) => {
  const { taken, client } = await open(t, { webSocketPingIntervalMs: 0 });
  const message = Buffer.alloc(64 * KIB, 'm');
  const { socket } = taken.channel;
  let sent = 0;
  let quiet = 0;
  let last = -1;
  await eventually('the worker to be held back', () => {
    while (socket.writableLength < 256 * KIB) {
      taken.message(message);
      sent += 1;
    }
    const passed = socket.bytesWritten - socket.writableLength;
    quiet = passed === last ? quiet + 1 : 0;
    last = passed;
    return quiet > 25;
  });
  assert.ok(sent * message.length < 64 * KIB * KIB, `${sent} messages were taken for a client that does not read`);
  for (let count = 0; count < sent; count += 1) assert.equal((await client.frame()).payload.length, message.length);
  // More than 64 KiB have arrived: the end is confirmed.
  taken.close(1000);
  assert.equal((await taken.next()).type, 'TAKEN');
  assert.equal(await client.closeCode(), 1000);
});

test('a worker that does not read applies backpressure to the client, and gets everything when it reads', async (t) => {
  const { taken, client } = await open(t);
  taken.channel.socket.pause();
  const { socket } = client.connection;
  const frame = clientFrame(BINARY_FRAME, Buffer.alloc(64 * KIB));
  let sent = 0;
  let quiet = 0;
  let last = -1;
  await eventually('the client to be held back', () => {
    while (socket.writableLength < 256 * KIB) {
      socket.write(frame);
      sent += 1;
    }
    const passed = socket.bytesWritten - socket.writableLength;
    quiet = passed === last ? quiet + 1 : 0;
    last = passed;
    return quiet > 25;
  });
  assert.ok(sent * frame.length < 64 * KIB * KIB, `${sent} messages were taken for a worker that does not read`);
  taken.channel.socket.resume();
  for (let count = 0; count < sent; count += 1) assert.equal((await taken.next()).payload.length, 64 * KIB);
});

test('a worker that dies ends its WebSockets with 1011; a handshake that it had not answered gets 502', async (t) => {
  const { gateway, worker, client } = await open(t);
  worker.die();
  gateway.gateway.workerGone(worker.slotRange, 1);
  assert.equal(await client.closeCode(), 1011);
  const second = await gateway.serve();
  const waiting = await RawWebSocket.open({ host: '127.0.0.1', port: gateway.port });
  (await second.take()).watch();
  second.die();
  gateway.gateway.workerGone(second.slotRange, 2);
  assert.equal((await waiting.accepted()).status, 502);
});

test('the next generation closes the WebSockets of the one before with 1012, and leaves its own alone', async (t) => {
  const { gateway, taken, client } = await open(t, { gracefulTimeoutMs: 500 });
  const next = await gateway.serve();
  const close = await taken.next();
  assert.deepEqual([close.type, close.status], ['CLOSE', 1012]);
  assert.equal(await client.closeCode(), 1012);
  taken.close(1000);
  const fresh = await RawWebSocket.open({ host: '127.0.0.1', port: gateway.port });
  const accepted = await next.take();
  accepted.accept();
  await fresh.accepted();
  await fresh.send(TEXT_FRAME, 'still here');
  assert.equal((await accepted.next()).type, 'MESSAGE');
});

test('a WebSocket that is accepted by a draining generation is closed, too', async (t) => {
  const gateway = await LiveGateway.start(t, { gracefulTimeoutMs: 500 });
  const old = await gateway.serve();
  const client = await RawWebSocket.open({ host: '127.0.0.1', port: gateway.port });
  const taken = await old.take();
  await gateway.serve();
  taken.accept();
  assert.equal((await client.accepted()).status, 101);
  assert.equal(await client.closeCode(), 1012);
});

test('a worker of a generation that drains dies: its WebSockets end with 1012', async (t) => {
  const { gateway, worker, client } = await open(t, { gracefulTimeoutMs: 60_000 });
  await gateway.serve();
  worker.die();
  gateway.gateway.workerGone(worker.slotRange, 1);
  assert.equal(await client.closeCode(), 1012);
});

test('the stop of the gateway closes WebSockets with 1012, and waits for none that does not answer', async (t) => {
  const { gateway, taken, client } = await open(t);
  const silent = await RawWebSocket.open({ host: '127.0.0.1', port: gateway.port });
  silent.connection.socket.pause();
  const drained = gateway.drain('graceful', 1000);
  assert.equal(await client.closeCode(), 1012);
  const close = await taken.next();
  assert.deepEqual([close.type, close.status], ['CLOSE', 1012]);
  client.connection.close();
  await drained;
});

test('the access log has one line for a WebSocket, at its end, with status 101 and the bytes that the client got', async (t) => {
  const { gateway, taken, client } = await open(t);
  taken.message('12345');
  taken.message('678');
  await client.frame();
  await client.send(TEXT_FRAME, 'answer');
  assert.equal((await taken.next()).type, 'MESSAGE');
  assert.deepEqual(gateway.accessLines(), []);
  taken.close(1000);
  await client.closeCode();
  client.connection.close();
  const line = await eventually('the access line', () => gateway.accessLines().at(-1));
  assert.equal(line, 'GET /ws 101 8');
  assert.equal(gateway.accessLines().length, 1);
});

test('a client that has left before the application accepts ends the ticket with GONE', async (t) => {
  const gateway = await LiveGateway.start(t);
  const worker = await gateway.serve();
  const client = await RawWebSocket.open({ host: '127.0.0.1', port: gateway.port });
  const taken = await worker.take();
  client.connection.socket.resetAndDestroy();
  await eventually('the access line', () => gateway.accessLines().length > 0);
  taken.accept();
  assert.equal((await taken.next()).type, 'GONE');
  taken.close(1006);
  await assertServes({ gateway, worker });
});

test('compression is used if setting and client agree, and only for messages that benefit', async (t) => {
  const offer = 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n';
  const { taken, client } = await open(t, { webSocketCompression: true }, offer);
  taken.message('c'.repeat(5000));
  const compressed = await client.frame();
  assert.ok(compressed.isCompressed && compressed.payload.length < 500);
  taken.message('short');
  assert.equal((await client.frame()).isCompressed, false);
  const plain = await open(t, {}, offer);
  plain.taken.message('c'.repeat(5000));
  assert.equal((await plain.client.frame()).isCompressed, false);
});

// Unread messages

test('a client that leaves unread messages behind is detected by its ping, and its memory is freed', async (t) => {
  const { gateway, worker, taken, client } = await open(t, { webSocketPingIntervalMs: 1000 });
  taken.channel.socket.pause();
  const { socket } = client.connection;
  await untilHeld(socket, clientFrame(BINARY_FRAME, Buffer.alloc(64 * KIB)));
  assert.ok(gateway.gateway.budget.usedBytes > 64 * KIB, 'what waits is of the budget');
  socket.destroy();
  await eventually('the gateway to have noticed', () => gateway.accessLines().length > 0);
  assert.ok(worker.isCancelled(taken.ticket), 'the worker can see it without reading');
  await eventually('the arbiter to know', () => gateway.streams().length === 0);
  taken.channel.socket.destroy();
  await eventually('the memory to be free', () => gateway.gateway.budget.usedBytes === 0);
});

test('a client that is not read for a while but is alive stays connected', async (t) => {
  const { taken, client } = await open(t, { webSocketPingIntervalMs: 1000, webSocketPingTimeoutMs: 1000 });
  taken.channel.socket.pause();
  await untilHeld(client.connection.socket, clientFrame(BINARY_FRAME, Buffer.alloc(64 * KIB)));
  const seen: number[] = [];
  // Ping, pong, ping, pong: twice the time that a client which is read would have.
  while (seen.length < 4) seen.push((await client.frame()).opcode);
  assert.deepEqual(seen, [PING_FRAME, PONG_FRAME, PING_FRAME, PONG_FRAME]);
  taken.channel.socket.resume();
  assert.equal((await taken.next()).payload.length, 64 * KIB);
});

test('unread empty messages are charged, and apply backpressure to the client', async (t) => {
  const { gateway, taken, client } = await open(t);
  const { budget } = gateway.gateway;
  taken.channel.socket.pause();
  const empty = clientFrame(BINARY_FRAME, '');
  await untilHeld(client.connection.socket, Buffer.concat(Array.from({ length: 10_000 }, () => empty)));
  // Each becomes a frame of 16 bytes; the rest is in the sockets.
  assert.ok(budget.usedBytes > 64 * KIB && budget.usedBytes < MIB, `${budget.usedBytes} bytes are charged`);
  client.connection.socket.resetAndDestroy();
  taken.channel.socket.destroy();
  await eventually('the memory to be free', () => budget.usedBytes === 0);
});

test('the pings of a client that does not read are not answered endlessly', async (t) => {
  const { gateway, taken, client } = await open(t, { webSocketPingIntervalMs: 0 });
  const { socket } = client.connection;
  socket.pause();
  const pings = Buffer.concat(Array.from({ length: 1000 }, () => clientFrame(PING_FRAME, 'x'.repeat(125))));
  let sent = 0;
  // All of them are read, so a ping does not wait.
  while (sent < 16 * MIB) {
    sent += pings.length;
    await new Promise((resolve) => socket.write(pings, resolve));
  }
  await client.send(TEXT_FRAME, 'still here');
  assert.equal((await taken.next()).payload.toString(), 'still here');
  assert.ok(gateway.gateway.budget.usedBytes < MIB, `${gateway.gateway.budget.usedBytes} bytes wait`);
});

test('when memory is used up, large messages are refused with 1013 and short ones pass', async (t) => {
  const { gateway, taken, client } = await open(t, { memoryLimitBytes: MIB, webSocketPingIntervalMs: 0 });
  const { budget } = gateway.gateway;
  await client.send(BINARY_FRAME, Buffer.alloc(900 * KIB), { isFinal: false });
  await eventually('the part to be charged', () => budget.usedBytes > 900 * KIB);
  await client.send(CONTINUATION, 'the rest');
  assert.equal((await taken.next()).payload.length, 900 * KIB + 8);
  await eventually('the memory to be free', () => budget.usedBytes === 0);
  budget.add(2 * MIB);
  await client.send(TEXT_FRAME, 'short');
  assert.equal((await taken.next()).payload.toString(), 'short');
  await client.send(BINARY_FRAME, Buffer.alloc(300 * KIB), { isFinal: false });
  const close = await taken.next();
  assert.deepEqual([close.type, close.status], ['CLOSE', 1013]);
  assert.equal(await client.closeCode(), 1013);
  await eventually('the memory to be free', () => budget.usedBytes === 2 * MIB);
});

test('many one-byte fragments count with the memory that they occupy, not as one byte each', async (t) => {
  const { gateway, client } = await open(t, { memoryLimitBytes: MIB, webSocketPingIntervalMs: 0 });
  const fragment = clientFrame(CONTINUATION, 'x', { isFinal: false });
  await client.send(BINARY_FRAME, 'x', { isFinal: false });
  await client.connection.send(Buffer.concat(Array.from({ length: 8000 }, () => fragment)));
  assert.equal(await client.closeCode(), 1013);
  await eventually('the memory to be free', () => gateway.gateway.budget.usedBytes === 0);
});

test('a compressed message may not exceed the memory limit, alone or together with others', async (t) => {
  const offer = 'Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover\r\n';
  const limits = { webSocketCompression: true, memoryLimitBytes: 4 * MIB, webSocketPingIntervalMs: 0 };
  const bomb = (bytes: number): Buffer =>
    deflateRawSync(Buffer.alloc(bytes), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
  const alone = await open(t, limits, offer);
  await alone.client.send(BINARY_FRAME, bomb(3 * MIB), { reserved: 0x40 });
  assert.equal((await alone.taken.next()).payload.length, 3 * MIB);
  await alone.client.send(BINARY_FRAME, bomb(6 * MIB), { reserved: 0x40 });
  assert.equal(await alone.client.closeCode(), 1009);
  const beside = await open(t, limits, offer);
  const { budget } = beside.gateway.gateway;
  budget.add(5 * MIB);
  await beside.client.send(BINARY_FRAME, bomb(3 * MIB), { reserved: 0x40 });
  assert.equal(await beside.client.closeCode(), 1013);
  await eventually('the memory to be free', () => budget.usedBytes === 5 * MIB);
});
