// When a body is too late: at a pause, or by its rate.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkLimits } from '../../../../src/gateway/connection/connection-limits.ts';

interface BodyPace {
  readonly bodyTimeoutMs: number;
  readonly bodyMinRateBytes: number;
}

const PACE: BodyPace = { bodyTimeoutMs: 30_000, bodyMinRateBytes: 500 };

/** `pauseMs` since the last byte, `elapsedMs` since the body began. */
function isBodyLate(pace: BodyPace, pauseMs: number, elapsedMs: number, receivedBytes: number): boolean {
  const limits = { headTimeoutMs: 0, keepaliveMs: 0, ...pace };
  return checkLimits(limits, { kind: 'body', elapsedMs, receivedBytes }, pauseMs) !== 'in-time';
}

test('a pause of body_timeout is allowed, a longer one is not, however fast it was before', () => {
  assert.equal(isBodyLate(PACE, 30_000, 31_000, 1e9), false);
  assert.equal(isBodyLate(PACE, 30_001, 31_000, 1e9), true);
});

test('in the first body_timeout the rate does not matter', () => {
  assert.equal(isBodyLate(PACE, 10, 30_000, 0), false);
  assert.equal(isBodyLate(PACE, 10, 30_001, 0), true);
});

test('after that each second must have brought body_min_rate bytes, on average', () => {
  for (const seconds of [1, 2, 100, 3600]) {
    const elapsedMs = 30_000 + seconds * 1000;
    assert.equal(isBodyLate(PACE, 10, elapsedMs, seconds * 500), false);
    assert.equal(isBodyLate(PACE, 10, elapsedMs + 1, seconds * 500), true);
    assert.equal(isBodyLate(PACE, 10, elapsedMs, seconds * 500 - 1), true);
  }
});

test('a byte now and then does not keep a connection open', () => {
  // One byte in 20 s never pauses for 30.
  let closedAtMs = 0;
  for (let elapsedMs = 20_000; closedAtMs === 0 && elapsedMs < 3_600_000; elapsedMs += 20_000) {
    if (isBodyLate(PACE, 0, elapsedMs, elapsedMs / 20_000)) closedAtMs = elapsedMs;
  }
  assert.equal(closedAtMs, 40_000);
});

test('body_min_rate 0 allows any rate, but no longer pause', () => {
  const pace: BodyPace = { ...PACE, bodyMinRateBytes: 0 };
  assert.equal(isBodyLate(pace, 29_000, 1e9, 1), false);
  assert.equal(isBodyLate(pace, 30_001, 1e9, 1), true);
});

test('body_timeout 0 allows any pause; the rate is then asked for after 30 s', () => {
  const pace: BodyPace = { bodyTimeoutMs: 0, bodyMinRateBytes: 500 };
  assert.equal(isBodyLate(pace, 25_000, 25_000, 0), false, 'a client far away has not had the time for a byte');
  assert.equal(isBodyLate(pace, 600_000, 610_000, 500 * 600), false);
  assert.equal(isBodyLate(pace, 600_000, 640_000, 500 * 600), true);
});

test('with both at 0 a body may take forever', () => {
  assert.equal(isBodyLate({ bodyTimeoutMs: 0, bodyMinRateBytes: 0 }, 1e12, 1e12, 0), false);
});
