// The text of the metrics, in both formats, and which one a client gets.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatMetrics, metricsFormat } from '../../../../src/telemetry/metrics/exposition.ts';
import type { Metric } from '../../../../src/telemetry/metrics/metric.ts';
import type { Snapshot } from '../../../../src/telemetry/snapshot/snapshot.ts';

const METRICS: readonly Metric[] = [
  {
    name: 'shop',
    kind: 'info',
    help: 'A "name" and a \\.',
    labels: { name: 'any' },
    samples: () => [{ labels: { name: 'a"b\\c\nd' }, value: 1 }],
  },
  {
    name: 'shop_sold_bytes',
    kind: 'counter',
    unit: 'bytes',
    help: 'Sold.',
    labels: {},
    samples: () => [{ labels: {}, value: 2.5 }],
  },
  {
    name: 'shop_seconds',
    kind: 'histogram',
    unit: 'seconds',
    help: 'Times.',
    labels: {},
    bounds: [0.5, 1],
    histogram: () => ({ counts: [1, 0, 2], sum: 7 }),
  },
];

const HISTOGRAM = `shop_seconds_bucket{le="0.5"} 1
shop_seconds_bucket{le="1.0"} 1
shop_seconds_bucket{le="+Inf"} 3
shop_seconds_sum 7
shop_seconds_count 3
`;

const OPEN_METRICS = 'application/openmetrics-text';

function text(accept: string): string {
  return formatMetrics(METRICS, {} as Snapshot, metricsFormat(accept));
}

test('OpenMetrics names families, has units, and ends', () => {
  assert.equal(
    text(OPEN_METRICS),
    `# TYPE shop info
# HELP shop A \\"name\\" and a \\\\.
shop_info{name="a\\"b\\\\c\\nd"} 1
# TYPE shop_sold_bytes counter
# UNIT shop_sold_bytes bytes
# HELP shop_sold_bytes Sold.
shop_sold_bytes_total 2.5
# TYPE shop_seconds histogram
# UNIT shop_seconds seconds
# HELP shop_seconds Times.
${HISTOGRAM}# EOF
`,
  );
});

test('the older format names samples, and has neither infos nor units', () => {
  assert.equal(
    text('*/*'),
    `# TYPE shop_info gauge
# HELP shop_info A "name" and a \\\\.
shop_info{name="a\\"b\\\\c\\nd"} 1
# TYPE shop_sold_bytes_total counter
# HELP shop_sold_bytes_total Sold.
shop_sold_bytes_total 2.5
# TYPE shop_seconds histogram
# HELP shop_seconds Times.
${HISTOGRAM}`,
  );
});

for (const [accept, isOpenMetrics] of [
  ['', false],
  ['*/*', false],
  ['text/plain', false],
  [OPEN_METRICS, true],
  [`${OPEN_METRICS}; version=1.0.0; charset=utf-8`, true],
  [`${OPEN_METRICS};version=2.0.0, text/plain`, false],
  [`${OPEN_METRICS};q=0`, false],
  [`${OPEN_METRICS};q=0.3,text/plain;q=0.5`, false],
  // Prometheus 2.42 and 3.0.
  [`${OPEN_METRICS};version=1.0.0,${OPEN_METRICS};version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`, true],
  [
    `${OPEN_METRICS};version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=1.0.0;q=0.4,text/plain;q=0.2,*/*;q=0.1`,
    true,
  ],
  ['nonsense;;q=x,', false],
] as const) {
  test(`Accept: ${accept} ${isOpenMetrics ? 'gets OpenMetrics' : 'gets the older format'}`, () => {
    assert.equal(metricsFormat(accept).isOpenMetrics, isOpenMetrics);
  });
}
