// Workers that keep dying before they have served.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  afterCrash,
  type Backoff,
  backoffMs,
  CrashLoop,
  hasProved,
  isBootCrash,
  NO_BACKOFF,
  PROVEN_AFTER_MS,
} from '../../../../src/arbiter/workers/crash-loop.ts';
import type { WorkerState } from '../../../../src/arbiter/workers/worker-life.ts';
import { textOf } from '../../../../src/log/message.ts';

const READY: WorkerState = { kind: 'ready', sinceMs: 1000, successor: 'not-needed' };
const FAILED = { code: 1, signal: null };

test('a worker that ends while it boots has failed to boot, even with status 0', () => {
  assert.equal(isBootCrash({ kind: 'booting', sinceMs: 0 }, { code: 0, signal: null }, 0, 10_000), true);
});

test('a worker that fails soon after it was ready has failed to boot', () => {
  assert.equal(isBootCrash(READY, FAILED, 0, 1500), true);
  assert.equal(isBootCrash(READY, { code: null, signal: 11 }, 0, 1500), true);
});

test('a worker that has taken a ticket, has lasted, was killed or left has not failed to boot', () => {
  assert.equal(isBootCrash(READY, FAILED, 1, 1500), false);
  assert.equal(isBootCrash(READY, FAILED, 0, 60_000), false);
  assert.equal(isBootCrash(READY, { code: null, signal: 9 }, 0, 1500), false);
  assert.equal(isBootCrash(READY, { code: 0, signal: null }, 0, 1500), false);
});

test('without a crash all missing workers are forked immediately', () => {
  assert.equal(new CrashLoop().allows(4, 2, 0), 4);
});

test('after a crash nothing is forked for a second, then one at a time', () => {
  const loop = new CrashLoop();
  loop.forked(1);
  assert.equal(textOf(loop.crashed(5000)), 'A worker has failed to boot: the next one is forked in 1 s.');
  assert.equal(loop.allows(4, 0, 5999), 0);
  assert.equal(loop.allows(4, 0, 6000), 1);
  assert.equal(loop.allows(3, 1, 6000), 0);
  assert.equal(loop.allows(0, 0, 6000), 0);
});

test('crashes in a row are counted for the log', () => {
  const loop = new CrashLoop();
  loop.crashed(5000);
  assert.equal(textOf(loop.crashed(6000)), 'Workers keep failing to boot (2 in a row): the next one is forked in 2 s.');
});

test('a younger worker that stays ready ends the row; an older one does not', () => {
  const loop = new CrashLoop();
  loop.forked(7);
  loop.crashed(0);
  loop.isReady(7, 60_000);
  assert.equal(loop.allows(4, 0, 60_000), 1);
  loop.isReady(8, 60_000);
  assert.equal(loop.allows(4, 0, 60_000), 4);
});

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
