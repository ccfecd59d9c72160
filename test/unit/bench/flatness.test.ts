// Whether a server does as much with many connections, many workers and large bodies.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describePoint, judgeFlatness } from '../../../bench/scenarios/flatness.mjs';

function connections(near: number, far: { unitsPerSecond: number; failure?: string }) {
  const row = { server: 'tunicorn', title: 'Tunicorn' };
  const points = [
    { at: 100, rows: [{ ...row, unitsPerSecond: near }] },
    { at: 10_000, rows: [{ ...row, ...far }] },
  ];
  return [{ name: 'connections' as const, unit: 'requests/s', points }];
}

const goal = 'Tunicorn: flat; requests/s with 10,000 connections at least 0.8 × those with 100 connections';

test('a server that keeps its rate with many connections is flat', () => {
  const flat = judgeFlatness(connections(1000, { unitsPerSecond: 800 }), 'tunicorn');
  assert.deepEqual(flat, [{ goal, reached: '0.80 ×', met: true }]);
  assert.equal(judgeFlatness(connections(1000, { unitsPerSecond: 790 }), 'tunicorn')[0]?.met, false);
});

test('a server that fails at the far end is not flat', () => {
  const far = { unitsPerSecond: Number.NaN, failure: 'errors: 900 timeout' };
  assert.deepEqual(judgeFlatness(connections(1000, far), 'tunicorn'), [
    { goal, reached: 'errors: 900 timeout', met: false },
  ]);
});

test('a point that a short run has left out has no verdict', () => {
  const series = connections(1000, { unitsPerSecond: 1000 }).map((each) => ({
    ...each,
    points: each.points.slice(0, 1),
  }));
  assert.deepEqual(judgeFlatness(series, 'tunicorn'), []);
});

test('points are named with their unit', () => {
  assert.equal(describePoint('workers', 32), '32 workers');
  assert.equal(describePoint('response-bodies', 64 * 1024 * 1024), 'responses of 64 MiB');
  assert.equal(describePoint('request-bodies', 0), 'requests of 0 B');
});
