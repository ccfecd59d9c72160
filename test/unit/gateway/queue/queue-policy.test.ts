// The next request, overdue requests, and the limit: every order, at and beside every limit.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isOverdue,
  isOverfull,
  PATIENT,
  type QueuePolicy,
  servedEnd,
} from '../../../../src/gateway/queue/queue-policy.ts';

const WAITS = [0, 499, 500, 501, 3_600_000];

for (const [order, end] of [
  ['fifo', 'oldest'],
  ['lifo', 'newest'],
] as const) {
  test(`${order} serves the ${end}, however long the oldest has waited`, () => {
    for (const timeoutMs of [0, 100]) {
      for (const waitMs of WAITS) assert.equal(servedEnd({ limit: 0, timeoutMs, order }, waitMs), end);
    }
  });
}

for (const [timeoutMs, overloadedMs] of [
  [0, 500],
  [100, 50],
  [4000, 2000],
  [1, 0.5],
] as const) {
  test(`adaptive with a queue_timeout of ${timeoutMs} ms turns to the newest when the oldest has waited more than ${overloadedMs} ms`, () => {
    const policy: QueuePolicy = { limit: 0, timeoutMs, order: 'adaptive' };
    const ends = [0, overloadedMs - 0.1, overloadedMs, overloadedMs + 0.1, overloadedMs * 100].map((waitMs) =>
      servedEnd(policy, waitMs),
    );
    assert.deepEqual(ends, ['oldest', 'oldest', 'oldest', 'newest', 'newest']);
  });
}

test('a request is overdue when it has waited longer than the timeout, and never without one', () => {
  const policy: QueuePolicy = { limit: 0, timeoutMs: 1000, order: 'fifo' };
  assert.deepEqual(
    [0, 999, 1000, 1000.1, 1e9].map((waitMs) => isOverdue(policy, waitMs)),
    [false, false, false, true, true],
  );
  assert.equal(isOverdue({ ...policy, timeoutMs: 0 }, 1e9), false);
});

test('as many as the limit may wait, one more is too many; without a limit any number may', () => {
  const policy: QueuePolicy = { limit: 2, timeoutMs: 0, order: 'fifo' };
  assert.deepEqual(
    [0, 1, 2, 3].map((waiting) => isOverfull(policy, waiting)),
    [false, false, false, true],
  );
  assert.equal(isOverfull({ ...policy, limit: 0 }, 1_000_000), false);
});

test('until the settings are known, no request is turned away', () => {
  assert.equal(isOverdue(PATIENT, 1e9), false);
  assert.equal(isOverfull(PATIENT, 1e9), false);
  assert.equal(servedEnd(PATIENT, 1e9), 'oldest');
});
