// What a gateway counts for each request.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Exchange } from '../../../../src/gateway/exchange/exchange.ts';
import { RequestCounts } from '../../../../src/gateway/report/request-counts.ts';
import { SECONDS_BUCKETS } from '../../../../src/telemetry/snapshot/histogram.ts';

/** Arrived at 1000 ms; a proxy had held it for 500 ms before. */
function ended(parts: Partial<Record<keyof Exchange, unknown>>): Exchange {
  return {
    request: { arrivedMs: 1000, upstreamMs: 500 },
    ticket: { waitedMs: 520 },
    status: 200,
    why: 'answered',
    isLasting: false,
    receivedBytes: 10,
    sentBytes: 2000,
    state: { kind: 'finished', ended: { ownStatus: null } },
    ...parts,
  } as unknown as Exchange;
}

function bucketOf(seconds: number): number {
  return SECONDS_BUCKETS.findIndex((bound) => seconds <= bound);
}

test('queue and application add up to the whole time, without the time in proxies', () => {
  const counts = new RequestCounts();
  counts.ended(ended({}), 1100);
  const { queueSeconds, applicationSeconds, requestSeconds, requestBytes, responseBytes, requests } =
    counts.counters(3);
  assert.equal(requests['2xx'], 1);
  for (const [histogram, seconds] of [
    [queueSeconds, 0.02],
    [applicationSeconds, 0.08],
    [requestSeconds, 0.1],
  ] as const) {
    assert.ok(Math.abs(histogram.sum - seconds) < 1e-9);
    assert.equal(histogram.counts[bucketOf(seconds)], 1);
  }
  assert.equal(requestBytes.sum, 10);
  assert.equal(responseBytes.sum, 2000);
  assert.equal(counts.counters(3).lostLogLines, 3);
});

test('a request that no worker took has waited all its time, and is no time of the application', () => {
  const counts = new RequestCounts();
  const state = { kind: 'finished', ended: { ownStatus: 503 } };
  counts.ended(ended({ ticket: null, status: 503, why: 'queue-timeout', state }), 3000);
  const { queueSeconds, applicationSeconds, requestSeconds, refused, ownAnswers, ends } = counts.counters(0);
  assert.deepEqual([queueSeconds.sum, applicationSeconds.sum, requestSeconds.sum], [2, 0, 2]);
  assert.equal(refused.queue_timeout, 1);
  assert.equal(ownAnswers[503], 1);
  assert.equal(ends['queue-timeout'], 1);
});

test('a file of the gateway waits in no queue, and is no time of the application', () => {
  const counts = new RequestCounts();
  counts.ended(ended({ ticket: null, isServedHere: true }), 1100);
  const { queueSeconds, applicationSeconds, requestSeconds, responseBytes, requests } = counts.counters(0);
  assert.deepEqual([requests['2xx'], responseBytes.sum], [1, 2000]);
  assert.ok(requestSeconds.sum > 0);
  assert.deepEqual([...queueSeconds.counts, ...applicationSeconds.counts].filter(Boolean), []);
});

test('a WebSocket counts as a request, but its life is no time of the application', () => {
  const counts = new RequestCounts();
  counts.ended(ended({ status: 101, isLasting: true }), 60_000);
  const { requests, queueSeconds, applicationSeconds, requestSeconds } = counts.counters(0);
  assert.equal(requests['1xx'], 1);
  assert.ok(queueSeconds.sum > 0);
  assert.deepEqual([applicationSeconds.sum, requestSeconds.sum], [0, 0]);
});

test('requests without a status, and statuses beyond 599, have their class', () => {
  const counts = new RequestCounts();
  counts.ended(ended({ status: null, why: 'client-gone' }), 2000);
  counts.ended(ended({ status: 799 }), 2000);
  counts.unserved(undefined, 'client-gone');
  counts.unserved(400, 'refused');
  const { requests, ownAnswers, ends } = counts.counters(0);
  assert.deepEqual(requests, { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 1, '5xx': 1, none: 2 });
  assert.equal(ownAnswers[400], 1);
  assert.equal(ends['client-gone'], 2);
});
