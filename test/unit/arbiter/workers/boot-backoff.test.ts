// How long a crash loop waits.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  afterCrash,
  type Backoff,
  backoffMs,
  hasProved,
  NO_BACKOFF,
  PROVEN_AFTER_MS,
} from '../../../../src/arbiter/workers/boot-backoff.ts';

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
  assert.deepEqual(NO_BACKOFF, { crashes: 0, notBeforeMs: 0, newestAge: 0 });
  assert.equal(backoffMs(0), 0);
});

test('a crash loop that goes on for years still waits 30 s', () => {
  assert.equal(backoffMs(1_000_000), 30_000);
});

test('a worker that was there before the crash proves nothing, however long it has been ready', () => {
  const backoff = afterCrash(NO_BACKOFF, 0, 7);
  assert.equal(hasProved(backoff, 6, 3_600_000), false);
  assert.equal(hasProved(backoff, 7, 3_600_000), false);
});

test('a worker that was forked after the crash proves that things are well once it has been ready for a while', () => {
  const backoff = afterCrash(NO_BACKOFF, 0, 7);
  assert.equal(hasProved(backoff, 8, PROVEN_AFTER_MS), false);
  assert.equal(hasProved(backoff, 8, PROVEN_AFTER_MS + 1), true);
});

test('another crash asks for a later proof', () => {
  const backoff = afterCrash(afterCrash(NO_BACKOFF, 0, 7), 1000, 8);
  assert.equal(backoff.crashes, 2);
  assert.equal(hasProved(backoff, 8, 3_600_000), false);
  assert.equal(hasProved(backoff, 9, 3_600_000), true);
});
