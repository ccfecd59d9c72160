// Streamed bodies of ASGI applications, and their early ends: the gateway against a worker that the test plays.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ABORTED, END, FRAMED } from '../../../src/runqueue/channel-frame.ts';
import type { GatewaySettings } from '../../../src/settings/for-processes/gateway-settings.ts';
import type { HttpConnection } from '../../harness/clients/http-connection.ts';
import { eventually } from '../../harness/deadline.ts';
import { LiveGateway } from '../../harness/doubles/live-gateway.ts';
import { StoppedClock } from '../../harness/doubles/stopped-clock.ts';
import type { WorkerDouble } from '../../harness/doubles/worker-double.ts';

const KIB = 1024;
const HEAD = 'POST /upload HTTP/1.1\r\nHost: a\r\n';
const LENGTH_3 = 'Content-Length: 3\r\n';
const CHUNKED = 'Transfer-Encoding: chunked\r\n';

/** A gateway, the one worker of its generation, and a client. */
async function conversation(
  t: TestContext,
  changes: Partial<GatewaySettings> = {},
): Promise<{ gateway: LiveGateway; worker: WorkerDouble; client: HttpConnection }> {
  const gateway = await LiveGateway.start(t, changes);
  return { gateway, worker: await gateway.serve(), client: await gateway.connect() };
}

/** Sends until the other side accepts no more for a while; returns how much it accepted. */
async function sendUntilStuck(client: HttpConnection): Promise<number> {
  const piece = Buffer.alloc(64 * KIB, 'x');
  let lastTaken = -1;
  let quiet = 0;
  await eventually('the client to be held back', () => {
    while (client.socket.writableLength < 256 * KIB) client.socket.write(piece);
    const taken = client.socket.bytesWritten - client.socket.writableLength;
    quiet = taken === lastTaken ? quiet + 1 : 0;
    lastTaken = taken;
    return quiet > 25;
  });
  return lastTaken;
}

test('a body that arrives with its head is sent whole, in the ticket', async (t) => {
  const { worker, client } = await conversation(t);
  await client.send(`${HEAD}${LENGTH_3}\r\nabc`);
  const taken = await worker.take();
  assert.deepEqual([taken.ticket.streamed, taken.ticket.body.toString()], [false, 'abc']);
  taken.head(200, 'Content-Length: 2\r\n', 'ok', END | FRAMED);
  assert.equal((await client.response()).body.toString(), 'ok');
  await client.send(`${HEAD}${CHUNKED}\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n`);
  const chunked = await worker.take();
  assert.deepEqual([chunked.ticket.streamed, chunked.ticket.body.toString()], [false, 'def']);
});

for (const [name, fields, sent] of [
  ['with a length', 'Content-Length: 9\r\n', ['one', 'two', 'end']],
  ['in chunks', CHUNKED, ['3\r\none\r\n', '3\r\ntw', 'o\r\n3\r\nend\r\n0\r\nX: y\r\n\r\n']],
] as const) {
  test(`a body ${name} that does not arrive with its head is streamed to the worker, then the next request is served`, async (t) => {
    const { worker, client } = await conversation(t);
    await client.send(`${HEAD}${fields}\r\n`);
    const taken = await worker.take();
    assert.equal(taken.ticket.streamed, true);
    assert.equal(taken.method, 'POST');
    taken.watch();
    await client.send(sent[0]);
    assert.equal((await taken.next()).payload.toString(), 'one');
    await client.send(sent[1]);
    await client.send(`${sent[2]}GET /next HTTP/1.1\r\nHost: a\r\n\r\n`);
    assert.deepEqual(await taken.rest(), { text: 'twoend', end: END });
    assert.equal(worker.waitingTickets, 0, 'the next request waits for the response');
    taken.head(200, 'Content-Length: 2\r\n', 'ok', END | FRAMED);
    const response = await client.response();
    assert.deepEqual([response.status, response.body.toString()], [200, 'ok']);
    const next = await worker.take();
    assert.equal(next.path, '/next');
    next.head(204, '', '', END);
    assert.equal((await client.response()).status, 204);
  });
}

test('body data before WATCH is kept for it', async (t) => {
  const { worker, client } = await conversation(t);
  await client.send(`${HEAD}Content-Length: 6\r\n\r\nab`);
  const taken = await worker.take();
  assert.equal(taken.ticket.streamed, true);
  await client.send('cd');
  await client.send('ef');
  taken.watch();
  assert.deepEqual(await taken.rest(), { text: 'abcdef', end: END });
});

test('a body completed while its request waited for a worker is sent whole after all', async (t) => {
  const gateway = await LiveGateway.start(t);
  const client = await gateway.connect();
  await client.send(`${HEAD}Content-Length: 6\r\n\r\nabc`);
  await client.send('def');
  const probe = await gateway.connect();
  // Connections are read in turn: when the gateway has answered this one, it has read the other.
  await probe.send('BAD\r\n\r\n');
  await probe.response();
  const worker = await gateway.serve();
  const taken = await worker.take();
  assert.deepEqual([taken.ticket.streamed, taken.ticket.body.toString()], [false, 'abcdef']);
});

test('fields that do not fit into the ticket are asked for, the body is watched for', async (t) => {
  const { worker, client } = await conversation(t);
  await client.send(`${HEAD}X-Long: ${'l'.repeat(5000)}\r\n${LENGTH_3}\r\n`);
  const taken = await worker.take();
  assert.deepEqual([taken.ticket.streamed, taken.ticket.follows], [true, true]);
  taken.ask();
  const fields = await taken.next();
  assert.equal(fields.payload.length, taken.ticket.fieldsBytes);
  taken.watch();
  await client.send('abc');
  assert.deepEqual(await taken.rest(), { text: 'abc', end: END });
});

test('100 Continue goes out when the application asks for the body, and not before', async (t) => {
  const { worker, client } = await conversation(t);
  await client.send(`${HEAD}${LENGTH_3}Expect: 100-continue\r\n\r\n`);
  const taken = await worker.take();
  assert.equal(client.socket.bytesRead, 0);
  taken.watch();
  assert.equal((await client.head()).status, 100);
  await client.send('abc');
  assert.deepEqual(await taken.rest(), { text: 'abc', end: END });
  taken.head(204, '', '', END);
  assert.equal((await client.response()).status, 204);
});

test('an application that does not want the body of a waiting client never asks for it', async (t) => {
  const { worker, client } = await conversation(t);
  await client.send(`${HEAD}${LENGTH_3}Expect: 100-continue\r\n\r\n`);
  (await worker.take()).head(401, 'Content-Length: 0\r\n', '', END | FRAMED);
  const response = await client.response();
  assert.equal(response.status, 401);
  assert.ok(response.headers.some(([name, value]) => name === 'Connection' && value === 'close'));
  await client.untilEnd();
});

test('a client is not read further than the application reads', async (t) => {
  const { worker, client } = await conversation(t);
  await client.send(`${HEAD}Content-Length: ${1024 * KIB * KIB}\r\n\r\n`);
  const taken = await worker.take();
  const unwatched = await sendUntilStuck(client);
  assert.ok(unwatched < 16 * KIB * KIB, `${unwatched} bytes were taken without a WATCH`);
  taken.channel.socket.pause();
  taken.watch();
  const watched = await sendUntilStuck(client);
  assert.ok(watched < 24 * KIB * KIB, `${watched} bytes were taken for a worker that does not read`);
  taken.channel.socket.resume();
  await eventually(
    'the client to be read again',
    () => client.socket.bytesWritten - client.socket.writableLength > watched,
  );
});

test('a response that ends before the body closes the connection, and the rest is not a request', async (t) => {
  const { worker, client } = await conversation(t);
  await client.send(`${HEAD}Content-Length: 1000\r\n\r\nfirst`);
  const taken = await worker.take();
  taken.head(413, 'Content-Length: 3\r\n', 'too', END | FRAMED);
  await client.send('GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n');
  const response = await client.response();
  assert.deepEqual([response.status, response.end], [413, 'complete']);
  assert.ok(response.headers.some(([name, value]) => name === 'Connection' && value === 'close'));
  await client.untilEnd();
  assert.equal(worker.waitingTickets, 0);
});

test('a response can be sent while the body is received', async (t) => {
  const { worker, client } = await conversation(t);
  await client.send(`${HEAD}Content-Length: 6\r\n\r\n`);
  const taken = await worker.take();
  taken.watch();
  taken.head(200, '', '');
  assert.equal((await client.head()).status, 200);
  for (const piece of ['one', 'two']) {
    await client.send(piece);
    const frame = await taken.next();
    taken.body(frame.payload);
    assert.equal((await client.chunk())?.toString(), piece);
  }
  assert.deepEqual(await taken.rest(), { text: '', end: END });
  taken.trailers('X-Sum: 6\r\n');
  assert.match((await client.untilEnd()).toString(), /^0\r\nX-Sum: 6\r\n\r\n$/);
});

for (const [name, breach, status] of [
  ['breaks its framing', (client: HttpConnection) => client.send('nonsense\r\n'), 400],
  ['stops sending', (client: HttpConnection) => client.endSending(), 400],
  ['sends more than limit_request_body', (client: HttpConnection) => client.send(`40\r\n${'x'.repeat(64)}\r\n`), 413],
] as const) {
  test(`a client that ${name} in the middle of its body gets ${status}, and the worker the end of it`, async (t) => {
    const { gateway, worker, client } = await conversation(t, { limitRequestBodyBytes: 50 });
    await client.send(`${HEAD}${CHUNKED}\r\n3\r\nabc\r\n`);
    const taken = await worker.take();
    taken.watch();
    assert.equal((await taken.next()).payload.toString(), 'abc');
    breach(client);
    assert.equal((await taken.rest()).end, END | ABORTED);
    assert.equal((await client.response()).status, status);
    // Later frames of the worker are discarded; its next ticket is served.
    taken.head(200, '', 'late', END);
    const other = await gateway.connect();
    await other.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    (await worker.take()).head(204, '', '', END);
    assert.equal((await other.response()).status, 204);
  });

  test(`a client that ${name} after the response has begun sees that cut off`, async (t) => {
    const { worker, client } = await conversation(t, { limitRequestBodyBytes: 50 });
    await client.send(`${HEAD}${CHUNKED}\r\n`);
    const taken = await worker.take();
    taken.watch();
    taken.head(200, '', 'begun');
    assert.equal((await client.head()).status, 200);
    assert.equal((await client.chunk())?.toString(), 'begun');
    breach(client);
    assert.equal((await taken.rest()).end, END | ABORTED);
    assert.equal((await client.untilEnd()).toString(), '');
  });
}

test('a client that pauses too long gets 408, but not while the application does not read', async (t) => {
  const clock = new StoppedClock(t);
  const gateway = await LiveGateway.start(t, { bodyTimeoutMs: 1000 });
  const worker = await gateway.serve(2);
  const unread = await gateway.connect();
  await unread.send(`${HEAD}Content-Length: ${64 * KIB * KIB}\r\n\r\n`);
  const held = await worker.take();
  await sendUntilStuck(unread);
  const late = await gateway.connect();
  await late.send(`${HEAD}Content-Length: 10\r\n\r\nabc`);
  const taken = await worker.take();
  taken.watch();
  clock.advance(1001);
  assert.deepEqual(await taken.rest(), { text: 'abc', end: END | ABORTED });
  assert.equal((await late.response()).status, 408);
  taken.head(200, '', '', END);
  held.head(200, 'Content-Length: 0\r\n', '', END | FRAMED);
  assert.equal((await unread.response()).status, 200);
});

test('a client that leaves in the middle of its body ends it for the worker', async (t) => {
  const { worker, client } = await conversation(t);
  await client.send(`${HEAD}Content-Length: 10\r\n\r\nabc`);
  const taken = await worker.take();
  taken.watch();
  assert.equal((await taken.next()).payload.toString(), 'abc');
  client.socket.resetAndDestroy();
  assert.equal((await taken.rest()).end, END | ABORTED);
});

for (const [name, leave] of [
  ['closes its connection', (client: HttpConnection) => client.close()],
  ['shuts down its sending side', (client: HttpConnection) => client.endSending()],
] as const) {
  test(`a worker that watches is notified immediately that the client ${name}`, async (t) => {
    const { worker, client } = await conversation(t);
    await client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const taken = await worker.take();
    taken.watch();
    taken.head(200, '', 'begun');
    await client.head();
    leave(client);
    assert.equal((await taken.next()).type, 'GONE');
    taken.body('', END);
  });
}

test('the departure of a client is noticed even if its application does not read the body', async (t) => {
  const gateway = await LiveGateway.start(t);
  const worker = await gateway.serve();
  const client = await gateway.connect();
  await client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n');
  const taken = await worker.take();
  taken.watch();
  taken.channel.socket.pause();
  await client.send(Buffer.alloc(900_000));
  client.socket.destroy();
  await eventually('the gateway to have noticed', () => gateway.accessLines().length > 0);
});

test('a WATCH for a client that has left is answered with GONE', async (t) => {
  const { gateway, worker, client } = await conversation(t);
  await client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const taken = await worker.take();
  client.socket.resetAndDestroy();
  await eventually('the access line', () => gateway.accessLines().length > 0);
  taken.watch();
  assert.equal((await taken.next()).type, 'GONE');
});

test('a request beyond its deadline is answered with 504, and its worker is notified that the client is gone', async (t) => {
  const { gateway, worker, client } = await conversation(t);
  await client.send(`${HEAD}Content-Length: 10\r\n\r\nabc`);
  const taken = await worker.take();
  taken.watch();
  assert.equal((await taken.next()).payload.toString(), 'abc');
  gateway.gateway.expire(taken.ticket.id, process.pid);
  assert.equal((await client.response()).status, 504);
  assert.equal((await taken.next()).type, 'GONE');
});

test('a worker that dies in the middle of a body costs its client a 502', async (t) => {
  const { worker, client } = await conversation(t);
  await client.send(`${HEAD}Content-Length: 10\r\n\r\nabc`);
  const taken = await worker.take();
  taken.watch();
  await taken.next();
  worker.die();
  assert.equal((await client.response()).status, 502);
});

test('with WSGI workers a body is still whole before its request is dispatched', async (t) => {
  const { worker, client } = await conversation(t, { dialect: 'wsgi' });
  await client.send(`${HEAD}Content-Length: 6\r\n\r\nabc`);
  await client.send('def');
  const taken = await worker.take();
  assert.deepEqual([taken.ticket.streamed, taken.ticket.body.toString()], [false, 'abcdef']);
});

test('an event stream is counted until its client leaves, whatever its worker does', async (t) => {
  const { gateway, worker, client } = await conversation(t);
  await client.send('GET /events HTTP/1.1\r\nHost: a\r\n\r\n');
  const taken = await worker.take();
  taken.watch();
  taken.head(200, 'Content-Type: text/event-stream; charset=utf-8\r\n', 'data: 1\n\n');
  assert.equal((await client.head()).status, 200);
  assert.equal((await client.chunk())?.toString(), 'data: 1\n\n');
  await eventually('the arbiter to know', () => gateway.streams().length > 0);
  assert.deepEqual(gateway.streams(), [{ generation: 1, webSockets: 0, tunnels: 0, eventStreams: 1 }]);
  client.close();
  assert.equal((await taken.next()).type, 'GONE');
  await eventually('the arbiter to know that no client listens', () => gateway.streams().length === 0);
});

test('an event stream that its worker ends is no longer counted', async (t) => {
  const { gateway, worker, client } = await conversation(t);
  await client.send('GET /events HTTP/1.1\r\nHost: a\r\n\r\n');
  const taken = await worker.take();
  taken.head(200, 'Content-Type: text/event-stream\r\n', 'data: 1\n\n');
  await eventually('the arbiter to know', () => gateway.streams().length > 0);
  taken.body('', END);
  await eventually('the arbiter to know of its end', () => gateway.streams().length === 0);
});

test('the streams of a generation are reported before the next one serves, and before the end', async (t) => {
  const { gateway, worker, client } = await conversation(t);
  await client.send('GET /events HTTP/1.1\r\nHost: a\r\n\r\n');
  const taken = await worker.take();
  taken.watch();
  taken.head(200, 'Content-Type: text/event-stream\r\n', 'data: 1\n\n');
  await client.head();
  await gateway.serve();
  const first = gateway.sent.findIndex((message) => message.type === 'streams');
  const second = gateway.sent.findIndex((message) => message.type === 'serving' && message.generation === 2);
  assert.deepEqual([first >= 0, first < second], [true, true]);
  assert.deepEqual(gateway.streams(), [{ generation: 1, webSockets: 0, tunnels: 0, eventStreams: 1 }]);
  client.close();
  await eventually('the arbiter to know that no client listens', () => gateway.streams().length === 0);
  const drained = gateway.drain('graceful', 0);
  assert.deepEqual(gateway.sent.at(-1), { type: 'draining' });
  await drained;
});

test('trailers follow the last chunk, and appear nowhere else', async (t) => {
  const { worker, client } = await conversation(t);
  await client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const chunked = await worker.take();
  chunked.head(200, 'Trailer: X-Sum\r\n', 'abc');
  chunked.trailers('X-Sum: 3\r\n');
  await client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  const framed = await worker.take();
  framed.head(200, 'Content-Length: 3\r\n', 'def', FRAMED);
  framed.trailers('X-Sum: 3\r\n');
  const [first, second] = (await client.untilEnd()).toString().split('0\r\nX-Sum: 3\r\n\r\n');
  assert.match(first ?? '', /\r\n3\r\nabc\r\n$/);
  assert.match(second ?? '', /\r\n\r\ndef$/);
});
