// The time that a drain waits for a client in the middle of a request, by a clock that the test moves.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { STALL_MS } from '../../../src/gateway/drain.ts';
import { END, FRAMED } from '../../../src/runqueue/channel-frame.ts';
import { field, type HttpConnection } from '../../harness/clients/http-connection.ts';
import { pause } from '../../harness/deadline.ts';
import { LiveGateway } from '../../harness/doubles/live-gateway.ts';
import { StoppedClock } from '../../harness/doubles/stopped-clock.ts';
import type { WorkerDouble } from '../../harness/doubles/worker-double.ts';

/** Time for several checks for stalled clients; more does no harm. */
const SOME_LOOKS_MS = 200;

test('a client that was connected long before the drain may still send its first request in two pieces', async (t) => {
  const { clock, clients, worker, drained } = await draining(t);
  for (const client of clients) await client.send('GET / HTTP/1.1\r\nHo');
  clock.advance(STALL_MS - 1);
  await pause(SOME_LOOKS_MS);
  for (const client of clients) {
    await client.send('st: x\r\n\r\n');
    (await worker.take()).head(200, 'Content-Length: 2\r\n', 'ok', END | FRAMED);
    const response = await client.response();
    assert.deepEqual([response.status, field(response, 'Connection')], [200, 'close']);
    assert.ok(await client.closesSilently());
  }
  await drained;
});

test('one that stalls in the middle of its head gets 503 when its time is up', async (t) => {
  const { clock, clients, drained } = await draining(t);
  for (const client of clients) await client.send('GET / HTTP/1.1\r\nHo');
  await pause(SOME_LOOKS_MS);
  clock.advance(STALL_MS + 1);
  for (const client of clients) {
    const response = await client.response();
    assert.deepEqual([response.status, field(response, 'Connection')], [503, 'close']);
    assert.ok(await client.closesSilently());
  }
  await drained;
});

/** One client that has sent nothing so far, and one that has had an answer; both long before the drain. */
async function draining(t: TestContext): Promise<{
  clock: StoppedClock;
  clients: HttpConnection[];
  worker: WorkerDouble;
  drained: Promise<void>;
}> {
  const clock = new StoppedClock(t);
  const live = await LiveGateway.start(t);
  const worker = await live.serve();
  const silent = await live.connect();
  const served = await live.connect();
  await served.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  (await worker.take()).head(200, 'Content-Length: 2\r\n', 'ok', END | FRAMED);
  assert.equal((await served.response()).status, 200);
  clock.advance(10 * STALL_MS);
  return { clock, clients: [silent, served], worker, drained: live.drain('graceful', 3_600_000) };
}
