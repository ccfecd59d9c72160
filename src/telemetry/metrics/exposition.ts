// The metrics of a snapshot as text: OpenMetrics 1.0, or the older format of Prometheus. Pure.

import type { HistogramCounts } from '../snapshot/histogram.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { type Labels, type Metric, sampleName } from './metric.ts';

export interface MetricsFormat {
  readonly contentType: string;
  readonly isOpenMetrics: boolean;
}

const OPEN_METRICS: MetricsFormat = {
  contentType: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  isOpenMetrics: true,
};
const PROMETHEUS: MetricsFormat = { contentType: 'text/plain; version=0.0.4; charset=utf-8', isOpenMetrics: false };

/** By the field Accept of the request: OpenMetrics only if the client asks for it and does not prefer plain text. */
export function metricsFormat(accept: string): MetricsFormat {
  const ranges = accept.split(',').map(parseRange);
  const weightOf = (...types: readonly string[]): number =>
    Math.max(0, ...ranges.filter(({ type }) => types.includes(type)).map(({ weight }) => weight));
  const openMetrics = weightOf('application/openmetrics-text');
  return openMetrics > 0 && openMetrics >= weightOf('text/plain') ? OPEN_METRICS : PROMETHEUS;
}

/** A version other than 1.0.0 is not ours. */
function parseRange(range: string): { readonly type: string; readonly weight: number } {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
  const parameterOf = (name: string): string | undefined =>
    parameters.find((parameter) => parameter.startsWith(`${name}=`))?.slice(name.length + 1);
  const version = parameterOf('version');
  const isOurs = type !== 'application/openmetrics-text' || version === undefined || /^"?1\.0\.0"?$/.test(version);
  const weight = Number(parameterOf('q') ?? 1);
  return { type, weight: isOurs && Number.isFinite(weight) ? weight : 0 };
}

export function formatMetrics(metrics: readonly Metric[], snapshot: Snapshot, format: MetricsFormat): string {
  const families = metrics.map((metric) => formatFamily(metric, snapshot, format));
  return `${families.join('')}${format.isOpenMetrics ? '# EOF\n' : ''}`;
}

function formatFamily(metric: Metric, snapshot: Snapshot, { isOpenMetrics }: MetricsFormat): string {
  const { kind, unit, help } = metric;
  // OpenMetrics names the family, the older format the samples; it has no infos.
  const family = isOpenMetrics ? metric.name : sampleName(metric);
  const type = kind === 'info' && !isOpenMetrics ? 'gauge' : kind;
  const head = [
    `# TYPE ${family} ${type}\n`,
    isOpenMetrics && unit !== undefined ? `# UNIT ${family} ${unit}\n` : '',
    `# HELP ${family} ${escapeHelp(help, isOpenMetrics)}\n`,
  ];
  if (metric.kind === 'histogram') {
    return head.join('') + formatHistogram(metric.name, metric.bounds, metric.histogram(snapshot));
  }
  const name = sampleName(metric);
  const samples = metric.samples(snapshot).map(({ labels, value }) => sampleLine(name, labels, value));
  return [...head, ...samples].join('');
}

function formatHistogram(name: string, bounds: readonly number[], { counts, sum }: HistogramCounts): string {
  let total = 0;
  const lines = counts.map((count, at) => {
    total += count;
    const bound = bounds[at];
    return sampleLine(`${name}_bucket`, { le: bound === undefined ? '+Inf' : formatBound(bound) }, total);
  });
  return `${lines.join('')}${sampleLine(`${name}_sum`, {}, sum)}${sampleLine(`${name}_count`, {}, total)}`;
}

/** In both formats the same text, which Prometheus takes for a part of the series' name. */
function formatBound(bound: number): string {
  return Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

function sampleLine(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`;
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function escapeHelp(text: string, isOpenMetrics: boolean): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return isOpenMetrics ? escaped.replaceAll('"', '\\"') : escaped;
}
