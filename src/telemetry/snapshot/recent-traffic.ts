// Rates and percentiles of the last minutes, from states of the counters that are kept for that long. Pure.

import type { GatewayCounters, StatusClass } from './gateway-report.ts';
import { STATUS_CLASSES } from './gateway-report.ts';
import { type HistogramCounts, observedSince, quantile, SECONDS_BUCKETS } from './histogram.ts';

interface Percentiles {
  /** Null if there was no request. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

export interface RecentTraffic {
  /** How long it really covers: less after the start. */
  readonly seconds: number;
  readonly requestsPerSecond: number;
  readonly byStatus: Readonly<Record<StatusClass, number>>;
  readonly queueSeconds: Percentiles;
  readonly applicationSeconds: Percentiles;
  readonly requestSeconds: Percentiles;
}

type Kept = Pick<GatewayCounters, 'requests' | 'queueSeconds' | 'applicationSeconds' | 'requestSeconds'>;

const EVERY_MS = 5000;
const KEPT_MS = 300_000;

export class TrafficHistory {
  /** The oldest first. */
  #states: readonly { readonly atMs: number; readonly counters: Kept }[] = [];

  /** The counters at this time; call it about once a second. */
  keep(counters: Kept, nowMs: number): void {
    const last = this.#states.at(-1);
    if (last !== undefined && nowMs - last.atMs < EVERY_MS) return;
    const { requests, queueSeconds, applicationSeconds, requestSeconds } = counters;
    const state = { atMs: nowMs, counters: { requests, queueSeconds, applicationSeconds, requestSeconds } };
    this.#states = [...this.#states.filter(({ atMs }) => nowMs - atMs <= KEPT_MS + EVERY_MS), state];
  }

  /** What has happened in the last `windowMs` until now. */
  recent(counters: Kept, windowMs: number, nowMs: number): RecentTraffic {
    const before = this.#states.findLast(({ atMs }) => nowMs - atMs >= windowMs) ?? this.#states[0];
    if (before === undefined) return traffic(counters, counters, 0);
    return traffic(before.counters, counters, (nowMs - before.atMs) / 1000);
  }
}

function traffic(before: Kept, now: Kept, seconds: number): RecentTraffic {
  const perSecond = (count: number): number => (seconds > 0 ? count / seconds : 0);
  const rates = STATUS_CLASSES.map((name) => [name, perSecond(now.requests[name] - before.requests[name])] as const);
  return {
    seconds,
    requestsPerSecond: rates.reduce((sum, [, rate]) => sum + rate, 0),
    byStatus: Object.fromEntries(rates) as Record<StatusClass, number>,
    queueSeconds: percentiles(observedSince(before.queueSeconds, now.queueSeconds)),
    applicationSeconds: percentiles(observedSince(before.applicationSeconds, now.applicationSeconds)),
    requestSeconds: percentiles(observedSince(before.requestSeconds, now.requestSeconds)),
  };
}

function percentiles(histogram: HistogramCounts): Percentiles {
  const at = (share: number): number | null => quantile(histogram, SECONDS_BUCKETS, share);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
