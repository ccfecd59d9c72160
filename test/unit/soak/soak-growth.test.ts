// The soak's criterion for growth.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeGrowth, median, type Point } from '../../../bench/soak/growth.ts';

const minutes = 30;
const endMs = minutes * 60_000;
const tolerance = { share: 0.1, atLeast: 5 };

/** One point a second. */
function series(valueAt: (atMs: number) => number): Point[] {
  return Array.from({ length: minutes * 60 }, (_, second) => ({ atMs: second * 1000, value: valueAt(second * 1000) }));
}

test('a quantity that stays, and one that falls, do not grow', () => {
  assert.equal(judgeGrowth(series(constant(80)), endMs, tolerance)?.grows, false);
  assert.equal(
    judgeGrowth(
      series((atMs) => 200 - atMs / 20_000),
      endMs,
      tolerance,
    )?.grows,
    false,
  );
});

test('growth in the first third only is warming up', () => {
  const warmingUp = series((atMs) => 50 + 100 * Math.min(1, atMs / (endMs / 3)));
  assert.equal(judgeGrowth(warmingUp, endMs, tolerance)?.grows, false);
});

test('a leak of 1 MiB a minute beside 60 MiB is found in half an hour', () => {
  const verdict = judgeGrowth(
    series((atMs) => 60 + atMs / 60_000),
    endMs,
    tolerance,
  );
  assert.equal(verdict?.grows, true);
  assert.ok(Math.abs((verdict?.perHour ?? 0) - 60) < 0.1, `${verdict?.perHour} an hour`);
});

test('a leak is found below the saw teeth of a garbage collector', () => {
  const leaking = series((atMs) => 60 + atMs / 60_000 + ((atMs / 1000) % 40));
  assert.equal(judgeGrowth(leaking, endMs, tolerance)?.grows, true);
});

test('saw teeth, and peaks in less than half of the last third, are not growth', () => {
  const sawTeeth = series((atMs) => 60 + ((atMs / 1000) % 40));
  assert.equal(judgeGrowth(sawTeeth, endMs, tolerance)?.grows, false);
  const peaks = series((atMs) => (atMs > (2 * endMs) / 3 && (atMs / 1000) % 5 < 2 ? 300 : 60));
  assert.equal(judgeGrowth(peaks, endMs, tolerance)?.grows, false);
});

test('the tolerance is a share or an amount, whichever is more', () => {
  const jump = (from: number, to: number): Point[] => series((atMs) => (atMs < (2 * endMs) / 3 ? from : to));
  assert.equal(judgeGrowth(jump(10, 14), endMs, tolerance)?.grows, false);
  assert.equal(judgeGrowth(jump(10, 16), endMs, tolerance)?.grows, true);
  assert.equal(judgeGrowth(jump(100, 109), endMs, tolerance)?.grows, false);
  assert.equal(judgeGrowth(jump(100, 111), endMs, tolerance)?.grows, true);
});

test('a handful of points is not judged', () => {
  assert.equal(judgeGrowth(series(constant(1)).slice(0, 3), endMs, tolerance), undefined);
});

test('a median is a value that was seen', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 3, 2]), 2);
  assert.ok(Number.isNaN(median([])));
});

function constant(value: number): () => number {
  return () => value;
}
