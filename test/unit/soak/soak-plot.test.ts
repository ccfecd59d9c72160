// The soak's picture.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { draw, niceCeiling, summarise } from '../../../bench/soak/plot.ts';

test('an axis ends at a round number above all values', () => {
  assert.deepEqual([0.7, 1, 3, 7, 12, 60, 101].map(niceCeiling), [1, 1, 5, 10, 20, 100, 200]);
});

test('a long series is drawn as medians with their least and most', () => {
  const points = Array.from({ length: 10_000 }, (_, at) => ({ atMs: at, value: at % 10 }));
  const summaries = summarise(points, 10_000);
  assert.ok(summaries.length <= 200, `${summaries.length} places`);
  for (const { least, typical, most } of summaries) assert.deepEqual([least, most, typical >= 4], [0, 9, true]);
});

test('each panel has its title and a line for each series, and markup in a label is text', () => {
  const points = [1, 2, 3].map((value) => ({ atMs: value * 1000, value }));
  const panels = [{ title: 'memory', unit: 'MiB', lines: [{ label: '<a> & b', points }] }];
  const columns = [{ title: 'sync', panels, marks: [{ atMs: 500, kind: 'reload' }] }];
  const svg = draw({ title: 'Soak', subtitle: 'of 3 s', endMs: 3000, columns });
  assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  assert.match(svg, />memory</);
  assert.match(svg, /&lt;a> &amp; b/);
  assert.equal(svg.match(/<polyline/g)?.length, 1);
});
