// When a generation whose forkserver has died is to be replaced again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Revival } from '../../../../src/arbiter/generations/generation-retry.ts';

test('without a failed attempt nothing is due', () => {
  assert.equal(new Revival().isDue(1_000_000), false);
});

test('each failed attempt waits longer than the one before', () => {
  const revival = new Revival();
  revival.putOff(0);
  assert.equal(revival.isDue(999), false);
  assert.equal(revival.isDue(1000), true);
  revival.putOff(1000);
  assert.equal(revival.isDue(2999), false);
  assert.equal(revival.isDue(3000), true);
});

test('what is cancelled is due no more, and success begins with the shortest wait again', () => {
  const revival = new Revival();
  revival.putOff(0);
  revival.putOff(1000);
  revival.cancel();
  assert.equal(revival.isDue(1_000_000), false);
  revival.succeeded();
  revival.putOff(10_000);
  assert.equal(revival.isDue(11_000), true);
});
