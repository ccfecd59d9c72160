// Workers that keep dying before they have served.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CrashLoop, isBootCrash } from '../../../../src/arbiter/workers/crash-loop.ts';
import type { WorkerState } from '../../../../src/arbiter/workers/worker-life.ts';

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

test('without a crash all that are missing are forked at once', () => {
  assert.equal(new CrashLoop().allows(4, 2, 0), 4);
});

test('after a crash nothing is forked for a second, then one at a time', () => {
  const loop = new CrashLoop();
  loop.forked(1);
  assert.equal(loop.crashed(5000), 'A worker has failed to boot: the next one is forked in 1 s.');
  assert.equal(loop.allows(4, 0, 5999), 0);
  assert.equal(loop.allows(4, 0, 6000), 1);
  assert.equal(loop.allows(3, 1, 6000), 0);
  assert.equal(loop.allows(0, 0, 6000), 0);
});

test('crashes in a row are counted for the log', () => {
  const loop = new CrashLoop();
  loop.crashed(5000);
  assert.equal(loop.crashed(6000), 'Workers keep failing to boot (2 in a row): the next one is forked in 2 s.');
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
