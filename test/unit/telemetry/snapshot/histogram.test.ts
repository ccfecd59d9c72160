// Histograms: which bucket an observation falls into, and the quantiles that are estimated from the buckets.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Histogram, observedSince, quantile } from '../../../../src/telemetry/snapshot/histogram.ts';

const BOUNDS = [1, 2, 4];

test('a bucket includes its upper bound, and the last one has what is beyond all bounds', () => {
  const histogram = new Histogram(BOUNDS);
  for (const value of [0, 1, 1.5, 2, 4, 4.5, 100]) histogram.observe(value);
  assert.deepEqual(histogram.counts(), { counts: [2, 2, 1, 2], sum: 113 });
});

test('the difference of two states is what was observed in between', () => {
  const histogram = new Histogram(BOUNDS);
  histogram.observe(1);
  const earlier = histogram.counts();
  histogram.observe(3);
  assert.deepEqual(observedSince(earlier, histogram.counts()), { counts: [0, 0, 1, 0], sum: 3 });
});

test('a quantile is linear within its bucket', () => {
  const counts = [10, 10, 0, 0];
  assert.equal(quantile({ counts, sum: 0 }, BOUNDS, 0.5), 1);
  assert.equal(quantile({ counts, sum: 0 }, BOUNDS, 0.25), 0.5);
  assert.equal(quantile({ counts, sum: 0 }, BOUNDS, 0.75), 1.5);
});

test('a quantile beyond the last bound is that bound, and without observations there is none', () => {
  assert.equal(quantile({ counts: [0, 0, 0, 5], sum: 50 }, BOUNDS, 0.5), 4);
  assert.equal(quantile({ counts: [0, 0, 0, 0], sum: 0 }, BOUNDS, 0.5), null);
});
