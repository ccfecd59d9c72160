// The reports of gateways: sums, the counts of gateways that have ended, and those that do not answer.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayReports } from '../../../../src/arbiter/gateways/gateway-reports.ts';
import { type GatewayReport, NO_COUNTERS, sumOfGauges } from '../../../../src/telemetry/snapshot/gateway-report.ts';

function report(accepted: number, queueLength: number = 0, queueOldestSeconds: number = 0): GatewayReport {
  return {
    counters: { ...NO_COUNTERS, acceptedConnections: accepted, requests: { ...NO_COUNTERS.requests, '2xx': accepted } },
    gauges: { ...sumOfGauges([]), queueLength, queueOldestSeconds },
  };
}

test('counters and gauges are sums, and the oldest request is the oldest of all', () => {
  const reports = new GatewayReports();
  reports.heard(1, report(5, 2, 0.5), 0);
  reports.heard(2, report(7, 1, 3), 0);
  assert.equal(reports.counters.acceptedConnections, 12);
  assert.equal(reports.counters.requests['2xx'], 12);
  assert.equal(reports.gauges.queueLength, 3);
  assert.equal(reports.gauges.queueOldestSeconds, 3);
});

test('a gateway that ends leaves its counts and takes its gauges with it', () => {
  const reports = new GatewayReports();
  reports.heard(1, report(5, 2), 0);
  reports.heard(1, report(6, 2), 1000);
  reports.gone(1);
  reports.gone(1);
  reports.heard(2, report(1), 2000);
  assert.equal(reports.counters.acceptedConnections, 7);
  assert.equal(reports.gauges.queueLength, 0);
  assert.equal(reports.of(1, 2000), null);
  assert.equal(reports.of(2, 2500)?.ageSeconds, 0.5);
});

test('a gateway that leaves ten questions unanswered hangs, until it answers', () => {
  const reports = new GatewayReports();
  for (let second = 0; second < 10; second += 1) reports.asked([1, 2]);
  reports.heard(2, report(0), 0);
  assert.deepEqual(reports.hanging(), []);
  reports.asked([1, 2]);
  assert.deepEqual(reports.hanging(), [1]);
  reports.heard(1, report(0), 0);
  assert.deepEqual(reports.hanging(), []);
});

test('a wait for reports ends with the last answer, with the end of a gateway, or with its time', async () => {
  const reports = new GatewayReports();
  await reports.awaited([], 60_000);
  const both = reports.awaited([1, 2], 60_000);
  reports.heard(1, report(0), 0);
  reports.gone(2);
  await both;
  await reports.awaited([1], 1);
});
