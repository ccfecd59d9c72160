import assert from 'node:assert/strict';
import test from 'node:test';
import { describeLost, describeUnfinished } from '../../../../src/gateway/report/lost-request.ts';

const LOST = { method: 'GET', target: '/a?b=1', requestId: null, workerPid: 7, ageMs: 1234, hasBegun: false };

test('a request that its worker has taken along is told by its method, target, age and worker', () => {
  assert.equal(describeLost(LOST), 'GET /a?b=1 was lost after 1.2 s with its worker (pid:7): its client gets 502.');
});

test('with its id, if it has one; and what has become of a response that had begun', () => {
  assert.equal(
    describeLost({ ...LOST, requestId: 'abc', hasBegun: true }),
    'GET /a?b=1 (request id abc) was lost after 1.2 s with its worker (pid:7): its response is cut off.',
  );
});

test('at the end of the server, a request that is not finished is told with its age', () => {
  const { workerPid: _, ...unfinished } = LOST;
  assert.equal(
    describeUnfinished(unfinished),
    'GET /a?b=1 was not finished in time for the shutdown, after 1.2 s: its client gets 503.',
  );
});
