// How many workers boot at the same time.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bootsNow, describePace } from '../../../../src/arbiter/workers/boot-pace.ts';
import type { WorkerState } from '../../../../src/arbiter/workers/worker-life.ts';
import { textOf } from '../../../../src/log/message.ts';

const NOW_MS = 100_000;

function booting(count: number, forMs: number = 0): { state: WorkerState }[] {
  return Array.from({ length: count }, () => ({ state: { kind: 'booting', sinceMs: NOW_MS - forMs } }));
}

const READY: { state: WorkerState } = { state: { kind: 'ready', sinceMs: 0, successor: 'not-needed' } };

test('as many workers boot at a time as there are processors', () => {
  assert.equal(bootsNow(50, [], 4, NOW_MS), 4);
  assert.equal(bootsNow(50, booting(3), 4, NOW_MS), 1);
  assert.equal(bootsNow(50, booting(4), 4, NOW_MS), 0);
  assert.equal(bootsNow(50, [{ state: { kind: 'forking', sinceMs: NOW_MS } }], 1, NOW_MS), 0);
});

test('a worker that is ready makes room for the next', () => {
  assert.equal(bootsNow(47, [READY, READY, READY, ...booting(1)], 4, NOW_MS), 3);
});

test('no more are forked than are missing', () => {
  assert.equal(bootsNow(2, [], 4, NOW_MS), 2);
  assert.equal(bootsNow(0, [READY], 4, NOW_MS), 0);
});

test('workers whose boot hangs do not keep the others from booting', () => {
  assert.equal(bootsNow(10, booting(2, 3000), 2, NOW_MS), 2);
  assert.equal(bootsNow(10, [...booting(2, 60_000), ...booting(1)], 2, NOW_MS), 1);
  assert.equal(bootsNow(10, booting(20, 100), 2, NOW_MS), 0);
});

test('the log has the number of workers that boot together, if not all do', () => {
  const pace = describePace(3, 50, 2);
  assert.ok(pace !== null);
  assert.equal(textOf(pace), 'Generation 3 boots 50 workers, 2 at a time: one per processor');
  assert.equal(describePace(1, 9, 9), null);
  assert.equal(describePace(1, 8, 1), null);
});

test('a few workers boot together', () => {
  assert.equal(bootsNow(8, [], 2, NOW_MS), 8);
  assert.equal(bootsNow(4, booting(4), 2, NOW_MS), 4);
});
