// How many tickets may lie in the pipe ahead of the workers.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowanceAfter } from '../../../../src/gateway/queue/pipe-allowance.ts';

test('there is no result before the window of 10 ms is over', () => {
  assert.equal(allowanceAfter(1000, 500, 500), null);
  assert.equal(allowanceAfter(1000, 500, 509.9), null);
  assert.notEqual(allowanceAfter(1000, 500, 510), null);
});

test('slow requests leave one ticket ahead, so that a worker that is done has work', () => {
  assert.equal(allowanceAfter(0, 0, 10), 1);
  assert.equal(allowanceAfter(1, 0, 10), 1);
  assert.equal(allowanceAfter(1, 0, 3_600_000), 1);
});

test('fast requests leave as many as are answered in 2 ms', () => {
  assert.equal(allowanceAfter(100, 0, 10), 20);
  assert.equal(allowanceAfter(600, 1000, 1010), 120);
  assert.equal(allowanceAfter(100, 0, 20), 10);
});

test('a part of a ticket counts as one', () => {
  assert.equal(allowanceAfter(6, 0, 10), 2);
  assert.equal(allowanceAfter(11, 0, 10), 3);
});
