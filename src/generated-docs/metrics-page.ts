// Generates docs/metrics.md from the table of metrics. Pure.

import { wrap } from '../cli/help.ts';
import { type Metric, sampleName } from '../telemetry/metrics/metric.ts';
import { BYTES_BUCKETS, SECONDS_BUCKETS } from '../telemetry/snapshot/histogram.ts';

const LINE_LENGTH = 120;

const OPENING = `# Metrics

This page is generated from the table in \`src/telemetry/metrics/metric-table.ts\`; change it there.

\`/metrics\` at the address of [\`admin_bind\`](settings.md#admin_bind) answers in OpenMetrics 1.0 if the client accepts it, as
Prometheus does, and otherwise in the older text format of Prometheus. See [operating.md](operating.md) for how to set it up.

- Each value is the sum over all gateways, or over all workers.
- A counter begins with 0 at the start of the server and never goes back: not at a reload, not when a gateway or a worker ends. A gateway
  that is killed loses what it has counted in its last second.
- All values of a label are there from the start. None comes from a client: there are no paths.
- An upgrade by \`USR2\` is a restart for the counters: the new arbiter answers once the older one stops.
`;

export function formatMetricsPage(metrics: readonly Metric[]): string {
  const buckets = [
    '## Buckets\n',
    `Of times, in seconds: ${SECONDS_BUCKETS.join(', ')}.\n`,
    `Of sizes, in bytes: ${BYTES_BUCKETS.join(', ')}.\n`,
  ];
  return [OPENING, ...metrics.map(describe), ...buckets].join('\n');
}

function describe(metric: Metric): string {
  const { kind, unit, help, labels } = metric;
  const facts = [
    `Kind: ${kind}`,
    ...(unit === undefined ? [] : [`Unit: ${unit}`]),
    ...Object.entries(labels).map(([name, values]) => `Label \`${name}\`: ${inWords(values)}`),
  ];
  const items = facts.flatMap((fact) =>
    wrap(`- ${fact}`, LINE_LENGTH - 2).map((line, at) => (at === 0 ? line : `  ${line}`)),
  );
  return [`## ${sampleName(metric)}`, '', ...wrap(help, LINE_LENGTH), '', ...items, ''].join('\n');
}

function inWords(values: readonly string[] | string): string {
  return typeof values === 'string' ? values : values.map((value) => `\`${value}\``).join(', ');
}
