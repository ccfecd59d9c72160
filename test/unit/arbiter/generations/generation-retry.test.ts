// The schedule of retries for a generation whose forkserver has died.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GenerationRetry } from '../../../../src/arbiter/generations/generation-retry.ts';

test('without a failed attempt nothing is due', () => {
  assert.equal(new GenerationRetry().isDue(1_000_000), false);
});

test('each failed attempt waits longer than the one before', () => {
  const retry = new GenerationRetry();
  retry.putOff(0);
  assert.equal(retry.isDue(999), false);
  assert.equal(retry.isDue(1000), true);
  retry.putOff(1000);
  assert.equal(retry.isDue(2999), false);
  assert.equal(retry.isDue(3000), true);
});

test('a cancelled retry is no longer due, and success resets the wait to the shortest', () => {
  const retry = new GenerationRetry();
  retry.putOff(0);
  retry.putOff(1000);
  retry.cancel();
  assert.equal(retry.isDue(1_000_000), false);
  retry.succeeded();
  retry.putOff(10_000);
  assert.equal(retry.isDue(11_000), true);
});
