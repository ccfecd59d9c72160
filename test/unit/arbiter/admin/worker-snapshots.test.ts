// The workers of a snapshot: their states, which add up, and their shares of the requests.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countWorkers, describeWorkers, type WorkerSources } from '../../../../src/arbiter/admin/worker-snapshots.ts';
import type { WorkerState } from '../../../../src/arbiter/workers/worker-life.ts';

const READY: WorkerState = { kind: 'ready', sinceMs: 1000, successor: 'not-needed' };

function worker(slot: number, state: WorkerState) {
  return { slot, slots: 1, age: slot, process: state.kind === 'forking' ? null : { pid: 100 + slot }, state };
}

function generation(number: number, kind: string, workers: readonly ReturnType<typeof worker>[]) {
  return { number, state: { kind }, workers: { all: () => workers } };
}

const OLD = generation(1, 'draining', [
  worker(0, READY),
  worker(1, { kind: 'doomed', sinceMs: 0, reason: 'timeout', step: 'aborted' }),
]);
const NEW = generation(2, 'serving', [
  worker(2, READY),
  worker(3, READY),
  worker(4, { kind: 'booting', sinceMs: 0 }),
  worker(5, { kind: 'forking', sinceMs: 0 }),
  worker(6, { kind: 'retiring', sinceMs: 0, reason: 'spent', askedAtMs: 0 }),
]);

const USAGE = new Map([
  [0, { running: 1, taken: 30 }],
  [2, { running: 2, taken: 60 }],
  [3, { running: 0, taken: 10 }],
]);

const sources = {
  generations: { all: () => [OLD, NEW] },
  board: { usage: ({ slot }: { slot: number }) => USAGE.get(slot) ?? { running: 0, taken: 0 } },
} as unknown as WorkerSources;

test('each worker has one state, and a ready one in an old generation takes no more requests', () => {
  const workers = describeWorkers(sources, new Map(), 3000);
  assert.deepEqual(
    workers.map(({ state }) => state),
    ['draining', 'draining', 'busy', 'ready', 'booting', 'booting', 'draining'],
  );
  assert.deepEqual(countWorkers(workers), { ready: 1, busy: 1, booting: 2, draining: 3 });
});

test('shares are those of all requests that living workers have taken', () => {
  const workers = describeWorkers(sources, new Map(), 3000);
  assert.deepEqual(
    workers.map(({ share }) => share),
    [0.3, 0, 0.6, 0.1, 0, 0, 0],
  );
  const none = { ...sources, board: { usage: () => ({ running: 0, taken: 0 }) } };
  assert.ok(describeWorkers(none, new Map(), 0).every(({ share }) => share === 0));
});

test('a worker says since when, why, and what it takes', () => {
  const usage = { residentBytes: 1, cpuSeconds: 2, proportionalBytes: null };
  const workers = describeWorkers(sources, new Map([[102, usage]]), 3000);
  const [, doomed, busy, , , forking] = workers;
  assert.equal(doomed?.life, 'doomed: timeout');
  assert.deepEqual([busy?.pid, busy?.generation, busy?.sinceSeconds, busy?.usage], [102, 2, 2, usage]);
  assert.deepEqual([forking?.pid, forking?.usage], [null, null]);
});
