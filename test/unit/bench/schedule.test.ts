// The schedules of the open-loop benchmarks, and the order statistics of their latencies.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arrivals } from '../../../bench/load/open-loop.mjs';
import { mixedSchedule } from '../../../bench/load/open-loop-kept.mjs';
import { maximum, median, percentile } from '../../../bench/load/statistics.mjs';

const load = { perSecond: 1000, seconds: 20, seed: 7, path: '/', otherPath: '/long', otherShare: 0.05 };

test('arrivals come at the wanted rate, in order, the same ones for the same seed', () => {
  const times = arrivals(1000, 20, 7);
  assert.ok(Math.abs(times.length - 20_000) < 500, `${times.length} arrivals`);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
  assert.deepEqual(times, arrivals(1000, 20, 7));
  assert.notDeepEqual(times, arrivals(1000, 20, 8));
});

test('the gaps between arrivals are those of independent clients', () => {
  const times = arrivals(1000, 20, 7);
  const gaps = times.map((atMs, index) => atMs - (times[index - 1] ?? 0));
  // Of exponential gaps, 37 % are longer than the mean.
  const long = gaps.filter((gap) => gap > 1).length / gaps.length;
  assert.ok(Math.abs(long - Math.exp(-1)) < 0.02, `${long} are longer than the mean`);
});

test('a mixed schedule sends the wanted share to the other path, at whole milliseconds', () => {
  const schedule = mixedSchedule(load);
  const share = schedule.filter(({ path }) => path === '/long').length / schedule.length;
  assert.ok(Math.abs(share - 0.05) < 0.01, `a share of ${share}`);
  assert.ok(schedule.every(({ dueMs }) => Number.isInteger(dueMs)));
  assert.deepEqual(schedule, mixedSchedule(load));
});

test('long requests are independent of the gaps before them', () => {
  const schedule = mixedSchedule(load);
  const gapBefore = (index: number): number => (schedule[index]?.dueMs ?? 0) - (schedule[index - 1]?.dueMs ?? 0);
  const gaps = schedule.flatMap(({ path }, index) => (path === '/long' ? [gapBefore(index)] : []));
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  assert.ok(mean > 0.8 && mean < 1.2, `a mean gap of ${mean} ms before long requests`);
});

test('a percentile is a value that occurred', () => {
  const values = Array.from({ length: 1000 }, (_, index) => 1000 - index);
  assert.equal(median(values), 500);
  assert.equal(percentile(values, 0.99), 990);
  assert.equal(percentile(values, 0.999), 999);
  assert.equal(maximum(values), 1000);
  assert.equal(percentile([3], 0.999), 3);
  assert.ok(Number.isNaN(median([])));
});
