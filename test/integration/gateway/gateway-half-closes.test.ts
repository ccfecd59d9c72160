// Clients that half-close while their request waits: which of them count as gone. By a clock that the test moves.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { HALF_CLOSE_MS } from '../../../src/gateway/connection/client-connection.ts';
import { END, FRAMED } from '../../../src/runqueue/channel-frame.ts';
import { eventually, within } from '../../harness/deadline.ts';
import { LiveGateway } from '../../harness/doubles/live-gateway.ts';
import { StoppedClock } from '../../harness/doubles/stopped-clock.ts';

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

test('a client that half-closes immediately, as nc -N does, gets its response, however long it has to wait', async (t) => {
  const clock = new StoppedClock(t);
  const live = await LiveGateway.start(t, { dialect: 'wsgi' });
  const socket = connect({ port: live.port, host: '127.0.0.1', allowHalfOpen: true });
  t.after(() => socket.destroy());
  const answer = within('the answer', textOf(socket));
  socket.end(REQUEST);
  await readBy(live);
  clock.advance(100 * HALF_CLOSE_MS);
  const worker = await live.serve();
  (await worker.take()).head(200, 'Content-Length: 2\r\n', 'ok', END | FRAMED);
  assert.match(await answer, /^HTTP\/1\.1 200 Reason\r\n[\s\S]*\r\n\r\nok$/);
});

test('a request whose client half-closes later, while it waits, is never run', async (t) => {
  const clock = new StoppedClock(t);
  const live = await LiveGateway.start(t, { dialect: 'wsgi' });
  const client = await live.connect();
  await client.send(REQUEST);
  await readBy(live);
  clock.advance(HALF_CLOSE_MS);
  client.endSending();
  await eventually('the request to be given up', () => live.accessLines().length === 2);
  const worker = await live.serve();
  const next = await live.connect();
  await next.send('GET /next HTTP/1.1\r\nHost: a\r\n\r\n');
  assert.equal((await worker.take()).path, '/next');
});

/** Connections are read in turn: when the gateway has answered on this one, it has read the bytes of the others. */
async function readBy(live: LiveGateway): Promise<void> {
  const probe = await live.connect();
  await probe.send('BAD\r\n\r\n');
  await probe.response();
}

async function textOf(socket: NodeJS.ReadableStream): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of socket) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('latin1');
}
