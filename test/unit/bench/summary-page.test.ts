// The page that the benchmarks write about a day.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summaryPage } from '../../../bench/summary-page.mjs';

const machine = { processor: 'Some CPU', cores: '2', 'load average before': '0.10 0.20 0.30' };
const results = [
  {
    scenario: 'throughput',
    measuredAt: '2026-01-02T03:04:05.678Z',
    pace: 'brief',
    machine,
    goals: [
      { goal: 'fast', reached: '2.00 ×', met: true },
      { goal: 'faster', reached: '0.50 ×', met: false },
      { goal: 'unknown', reached: 'not measured', met: undefined },
    ],
    data: { plan: { rounds: 3, seconds: 2 } },
  },
  { scenario: 'fairness', measuredAt: '2026-01-02T03:14:05.678Z', pace: 'brief', machine, data: {} },
];

test('the page counts the goals, and names those that were missed as such', () => {
  const page = summaryPage(results, ['overview.svg'], '');
  assert.match(page, /^## Benchmarks of 2026-01-02$/m);
  assert.match(page, /1 of 2 goals reached/);
  assert.match(page, /^\| fast +\| +2\.00 × \| yes \| throughput \|$/m);
  assert.match(page, /^\| faster +\| +0\.50 × \| +no \| throughput \|$/m);
  assert.match(page, /^\| unknown +\| not measured \| +\? \| throughput \|$/m);
  assert.match(page, /!\[overview\]\(overview\.svg\)/);
});

test('the page names the machine once, and the load and the turns of each scenario', () => {
  const page = summaryPage(results, [], '');
  assert.match(page, /^Machine: processor Some CPU, cores 2\.$/m);
  assert.match(
    page,
    /\[throughput\]\(throughput\.md\): 03:04:05 UTC, brief, 3 rounds of 2 s, load average before 0\.10 0\.20 0\.30/,
  );
  assert.match(page, /\[fairness\]\(fairness\.md\): 03:14:05 UTC, brief, load average/);
});
