// How long a crash loop waits.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterCrash, type Backoff, backoffMs, NO_BACKOFF } from '../../src/arbiter/boot-backoff.ts';

test('after each crash in a row the wait is twice as long, up to 30 s', () => {
  const waits = [];
  let backoff: Backoff = NO_BACKOFF;
  for (let nowMs = 100_000; waits.length < 8; nowMs = backoff.notBeforeMs) {
    backoff = afterCrash(backoff, nowMs);
    waits.push(backoff.notBeforeMs - nowMs);
  }
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  assert.equal(backoff.crashes, 8);
});

test('without a crash nothing waits', () => {
  assert.deepEqual(NO_BACKOFF, { crashes: 0, notBeforeMs: 0 });
  assert.equal(backoffMs(0), 0);
});

test('a crash loop that goes on for years still waits 30 s', () => {
  assert.equal(backoffMs(1_000_000), 30_000);
});
