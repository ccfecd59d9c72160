// The total spool of slow readers: the gateway against a worker and clients that the test plays.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { END } from '../../../src/runqueue/channel-frame.ts';
import { eventually, pause } from '../../harness/deadline.ts';
import { LiveGateway } from '../../harness/doubles/live-gateway.ts';

const MIB = 1024 * 1024;
const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

test('when the spool is full, the worker waits and requests without a free worker get 503, until the client reads', async (t) => {
  const gateway = await LiveGateway.start(t, { spoolLimitBytes: MIB });
  const { spoolBudget } = gateway.gateway;
  const worker = await gateway.serve();
  const slow = await gateway.connect();
  await slow.send(REQUEST);
  const taken = await worker.take();
  const pieces = 48;
  taken.head(200, `Content-Length: ${pieces * MIB}\r\n`);
  for (let count = 1; count <= pieces; count += 1) taken.body(Buffer.alloc(MIB, 'x'), count === pieces ? END : 0);
  await eventually('the spool to be full', () => spoolBudget.isSpent);
  const refused = await eventually('a request that has to wait', async () => {
    const other = await gateway.connect();
    await other.send(REQUEST);
    return await Promise.race([other.response(), pause(100).then(() => undefined)]);
  });
  assert.equal(refused.status, 503);
  assert.ok(refused.headers.some(([name]) => name.toLowerCase() === 'retry-after'));
  assert.ok(spoolBudget.usedBytes < 3 * MIB, `${spoolBudget.usedBytes} bytes on disk`);
  const head = await slow.head();
  let received = 0;
  const end = await slow.body(head, 'GET', (bytes) => {
    received += bytes.length;
  });
  assert.deepEqual([received, end], [pieces * MIB, 'complete']);
  await eventually('the spool to be empty', () => spoolBudget.usedBytes === 0);
});
