// The figures that the benchmarks write into the READMEs.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detailsOf, figuresOf, replaceFigures } from '../../../bench/figures.mjs';

const begin = '<!-- figures: written by npm run bench -- --readme DATE -->';
const end = '<!-- end of the figures -->';
const about = { measuredAt: '2026-01-02T03:04:05.678Z', pace: 'full', machine: {} };
const results = [
  {
    ...about,
    scenario: 'throughput',
    goals: [
      { goal: 'fast', reached: '2.00 ×', met: true },
      { goal: 'faster', reached: '0.50 ×', met: false },
    ],
    data: {
      cells: [
        {
          title: 'hello, keep-alive',
          rows: [
            { server: 'tunicorn', title: 'Tunicorn', requestsPerSecond: 24_683 },
            { server: 'tunicorn@abc', title: 'Tunicorn of abc', requestsPerSecond: 12_000 },
            { server: 'gunicorn-sync', title: 'Gunicorn sync', requestsPerSecond: 2_000 },
            { server: 'granian-wsgi', title: 'Granian', failure: 'ended', requestsPerSecond: null },
          ],
        },
      ],
    },
  },
];

test('new figures replace the old ones, and nothing else of the page', () => {
  const page = `# Title\n\n${begin}\n\nold\n\n${end}\n\nmore\n`;
  assert.equal(replaceFigures(page, 'new'), `# Title\n\n${begin}\n\nnew\n\n${end}\n\nmore\n`);
  assert.throws(() => replaceFigures('# Title\n', 'new'), /no place for figures/);
});

test('the table has the rate, and its ratio to each server that was measured', () => {
  const figures = figuresOf(results, 'results/2026-01-02');
  const cells = (line: string): string[] => line.split('|').map((cell) => cell.trim());
  const lines = figures.split('\n').filter((line) => line.startsWith('|'));
  assert.equal(lines.length, 3);
  assert.deepEqual(cells(lines[0] ?? '').slice(2, -1), [
    ...['Tunicorn', 'Gunicorn', 'Gunicorn gthread', 'uWSGI http-socket', 'Granian', 'uvicorn', 'abc'],
  ]);
  assert.deepEqual(cells(lines[2] ?? '').slice(1, -1), [
    ...['hello world (WSGI), keep-alive', '24,700 requests/s', '12 ×', '', '', '', '', '2.06 ×'],
  ]);
  assert.match(figures, /!\[.+\]\(results\/2026-01-02\/overview\.svg\)/);
});

test('goals that were missed are named with their scenario, and pictures are those that were drawn', () => {
  const details = detailsOf(results, 'results/2026-01-02');
  assert.match(details, /^1 of 2 goals were reached\. .*Missed:\n\n- `throughput`: faster: 0\.50 ×$/);
  const mixed = { ...about, scenario: 'mixed', goals: [], data: {} };
  assert.match(detailsOf([mixed], 'results/2026-01-02'), /!\[.+\]\(results\/2026-01-02\/mixed\.svg\)$/);
});
