// The goals of the benchmarks: the rows that they compare, and the verdicts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeGoals, LEVEL } from '../../../bench/goals.mjs';

const cells = [
  {
    title: 'hello',
    rows: [
      { server: 'tunicorn', title: 'Tunicorn', requestsPerSecond: 3000, p99Ms: 4, pssMiB: 86 },
      { server: 'tunicorn@abc', title: 'Tunicorn of abc', requestsPerSecond: 2000, p99Ms: 3, pssMiB: 90 },
      { server: 'granian', title: 'Granian', requestsPerSecond: 3150, p99Ms: 10, pssMiB: 40 },
      { server: 'uwsgi', title: 'uWSGI', requestsPerSecond: 1500, p99Ms: 8, pssMiB: 13 },
      { server: 'gunicorn', title: 'Gunicorn', failure: 'ended at start-up', p99Ms: 1, pssMiB: Number.NaN },
    ],
  },
];
const rate = { cell: 'hello', own: 'tunicorn', measure: 'requestsPerSecond', bound: 'at least' } as const;

test('a goal against a peer and one against the earlier commit compare rates of the same cell', () => {
  const goals = [
    { ...rate, than: 'uwsgi', value: 2 },
    { ...rate, than: 'baseline', value: 1.6 },
  ];
  assert.deepEqual(judgeGoals(goals, cells, 'abc'), [
    { goal: 'Tunicorn, hello: requests/s at least 2 × uWSGI', reached: '2.00 ×', met: true },
    { goal: 'Tunicorn, hello: requests/s at least 1.6 × Tunicorn of abc', reached: '1.50 ×', met: false },
  ]);
});

test('a goal whose servers did not take part is left out', () => {
  assert.deepEqual(judgeGoals([{ ...rate, than: 'baseline', value: 1 }], cells, undefined), []);
  assert.deepEqual(judgeGoals([{ ...rate, than: 'uvicorn', value: 1 }], cells, 'abc'), []);
  assert.deepEqual(judgeGoals([{ ...rate, cell: 'Flask', than: 'uwsgi', value: 1 }], cells, 'abc'), []);
});

test('level means within the differences between rounds of one server', () => {
  const [verdict] = judgeGoals([{ ...rate, than: 'granian', value: LEVEL }], cells, undefined);
  assert.equal(verdict?.goal, 'Tunicorn, hello: requests/s level with (at least 0.95 ×) Granian');
  assert.equal(verdict?.met, true);
});

test('a goal in absolute terms', () => {
  const goal = { ...rate, measure: 'pssMiB', bound: 'at most', value: 85 } as const;
  assert.deepEqual(judgeGoals([goal], cells, undefined), [
    { goal: 'Tunicorn, hello: memory at most 85 MiB', reached: '86.0 MiB', met: false },
  ]);
});

test('the best peer is no Tunicorn, and none that failed', () => {
  const goal = { ...rate, measure: 'p99Ms', bound: 'at most', value: 0.5, than: 'best peer' } as const;
  assert.deepEqual(judgeGoals([goal], cells, 'abc'), [
    { goal: 'Tunicorn, hello: p99 at most 0.5 × uWSGI', reached: '0.50 ×', met: true },
  ]);
  const [fastest] = judgeGoals([{ ...rate, value: 1, than: 'best peer' }], cells, 'abc');
  assert.match(fastest?.goal ?? '', /Granian$/);
});

test('a peer that failed leaves a goal open; a Tunicorn that failed has missed it', () => {
  const [open] = judgeGoals([{ ...rate, than: 'gunicorn', value: 1 }], cells, undefined);
  assert.deepEqual([open?.reached, open?.met], ['ended at start-up', undefined]);
  const failed = { server: 'tunicorn', title: 'Tunicorn', failure: 'ended' };
  const broken = cells.map(({ title, rows }) => ({ title, rows: [failed, ...rows.slice(1)] }));
  const [missed] = judgeGoals([{ ...rate, than: 'uwsgi', value: 1 }], broken, undefined);
  assert.deepEqual([missed?.reached, missed?.met], ['ended', false]);
});
