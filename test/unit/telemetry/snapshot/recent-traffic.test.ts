// Rates and percentiles of the last minutes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GatewayCounters, NO_COUNTERS } from '../../../../src/telemetry/snapshot/gateway-report.ts';
import { TrafficHistory } from '../../../../src/telemetry/snapshot/recent-traffic.ts';

function counters(requests: number): GatewayCounters {
  const { counts } = NO_COUNTERS.requestSeconds;
  return {
    ...NO_COUNTERS,
    requests: { ...NO_COUNTERS.requests, '2xx': requests },
    requestSeconds: { counts: counts.map((_, at) => (at === 0 ? requests : 0)), sum: requests },
  };
}

test('a window covers its own time only', () => {
  const history = new TrafficHistory();
  for (let second = 0; second <= 300; second += 1)
    history.keep(counters(second < 200 ? 0 : (second - 200) * 10), second * 1000);
  const minute = history.recent(counters(1000), 60_000, 300_000);
  assert.equal(minute.seconds, 60);
  assert.equal(minute.requestsPerSecond, 10);
  assert.equal(minute.byStatus['2xx'], 10);
  assert.equal(minute.byStatus['5xx'], 0);
  const five = history.recent(counters(1000), 300_000, 300_000);
  assert.equal(five.seconds, 300);
  assert.ok(Math.abs(five.requestsPerSecond - 1000 / 300) < 1e-9);
});

test('after the start a window covers the time since the start', () => {
  const history = new TrafficHistory();
  history.keep(counters(0), 1000);
  const minute = history.recent(counters(20), 60_000, 11_000);
  assert.equal(minute.seconds, 10);
  assert.equal(minute.requestsPerSecond, 2);
  assert.ok((minute.requestSeconds.p99 ?? 1) < 0.001);
});

test('without requests there are no percentiles, and before the first look no rates', () => {
  const none = new TrafficHistory().recent(counters(5), 60_000, 0);
  assert.equal(none.requestsPerSecond, 0);
  assert.deepEqual(none.queueSeconds, { p50: null, p95: null, p99: null });
});
