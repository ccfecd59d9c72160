import assert from 'node:assert/strict';
import test from 'node:test';
import { describeLost, describeUnfinished } from '../../../../src/gateway/report/lost-request.ts';
import { textOf } from '../../../../src/log/message.ts';

const LOST = { method: 'GET', target: '/a?b=1', requestId: null, workerPid: 7, ageMs: 1234, hasBegun: false };

test('the message about a lost request names its method, target, age and worker', () => {
  assert.equal(
    textOf(describeLost(LOST)),
    'GET /a?b=1 failed after 1.2 s: its worker (pid:7) died; the client gets 502',
  );
});

test('it names the request id, if any, and says if a response was cut off', () => {
  assert.equal(
    textOf(describeLost({ ...LOST, requestId: 'abc', hasBegun: true })),
    'GET /a?b=1 (request id abc) failed after 1.2 s: its worker (pid:7) died; its response is cut off',
  );
});

test('the message about a request that the shutdown cut short names its age', () => {
  const { workerPid: _, ...unfinished } = LOST;
  assert.equal(
    textOf(describeUnfinished(unfinished)),
    'GET /a?b=1 was cut short by the shutdown after 1.2 s; the client gets 503',
  );
});
