// Which failures the soak has caused itself.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FailureKind, Tally, type Visit } from '../../../bench/soak/tally.ts';

function failed(how: FailureKind, beganMs: number, endedMs: number, connectedMs: number = beganMs): Visit {
  return { client: 'a', connectedMs, beganMs, endedMs, outcome: { kind: 'failed', how, detail: '' } };
}

test('a failure without a kill is a failure, and is described', () => {
  const tally = new Tally();
  tally.add(failed('bad gateway', 1000, 1500));
  assert.equal(tally.total().failed, 1);
  assert.match(tally.failures[0] ?? '', /1\.0 s, a: bad gateway after 500 ms/);
});

test('a killed worker explains the loss of its in-flight requests, and nothing else', () => {
  const tally = new Tally();
  tally.strike({ victim: 'worker', atMs: 1000, canLose: 10 });
  tally.add(failed('bad gateway', 900, 1100));
  tally.add(failed('lost', 900, 1100));
  tally.add(failed('bad gateway', 1001, 1100));
  tally.add(failed('bad gateway', 800, 999));
  assert.deepEqual([tally.total().lostWithWorker, tally.total().failed], [2, 2]);
});

test('a killed worker explains no more than it can have been running', () => {
  const tally = new Tally();
  tally.strike({ victim: 'worker', atMs: 1000, canLose: 1 });
  tally.add(failed('bad gateway', 900, 1100));
  tally.add(failed('bad gateway', 900, 1100));
  assert.deepEqual([tally.total().lostWithWorker, tally.total().failed], [1, 1]);
});

test('two kills explain twice as much', () => {
  const tally = new Tally();
  for (const atMs of [1000, 1001]) tally.strike({ victim: 'worker', atMs, canLose: 1 });
  tally.add(failed('bad gateway', 900, 1100));
  tally.add(failed('bad gateway', 900, 1100));
  assert.deepEqual([tally.total().lostWithWorker, tally.total().failed], [2, 0]);
});

test('a killed gateway explains the loss of each connection that it had, also of an idle one that is used later', () => {
  const tally = new Tally();
  tally.strike({ victim: 'gateway', atMs: 1000, canLose: undefined });
  tally.add(failed('lost', 900, 1001));
  tally.add(failed('lost', 1200, 1201, 500));
  tally.add(failed('lost', 1200, 1201));
  assert.deepEqual([tally.total().lostWithGateway, tally.total().failed], [2, 1]);
});

test('a wrong answer is never explained', () => {
  const tally = new Tally();
  tally.strike({ victim: 'worker', atMs: 1000, canLose: 10 });
  tally.strike({ victim: 'gateway', atMs: 1000, canLose: undefined });
  tally.add(failed('wrong', 900, 1100));
  assert.equal(tally.total().failed, 1);
});

test('successful visits are counted by their ends', () => {
  const tally = new Tally();
  for (const kind of ['right', 'left', 'sent away', 'right'] as const) {
    tally.add({ client: kind, connectedMs: 0, beganMs: 0, endedMs: 7, outcome: { kind } });
  }
  const { right, left, sentAway, slowestMs } = tally.total();
  assert.deepEqual([right, left, sentAway, slowestMs], [2, 1, 1, 7]);
});
