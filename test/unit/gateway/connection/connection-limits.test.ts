// Which time limit a connection has passed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Awaited, checkLimits } from '../../../../src/gateway/connection/connection-limits.ts';
import { Refusal } from '../../../../src/gateway/http1/refusal.ts';

const LIMITS = { headTimeoutMs: 30_000, keepaliveMs: 95_000, bodyTimeoutMs: 20_000, bodyMinRateBytes: 500 };
const NONE = { headTimeoutMs: 0, keepaliveMs: 0, bodyTimeoutMs: 0, bodyMinRateBytes: 0 };

const cases: readonly (readonly [what: string, awaited: Awaited, limitMs: number, verdict: string])[] = [
  ['a first request that does not come', { kind: 'request', isFirst: true, hasUnsentOutput: false }, 30_000, 'leave'],
  [
    'a further request that does not arrive',
    { kind: 'request', isFirst: false, hasUnsentOutput: false },
    95_000,
    'leave',
  ],
  ['half a head', { kind: 'head' }, 30_000, '408'],
  ['a body that stops', { kind: 'body', elapsedMs: 20_001, receivedBytes: 1e9 }, 20_000, '408'],
  ['a client that does not close', { kind: 'close', hasUnsentOutput: false, elapsedMs: 2000 }, 2000, 'destroy'],
];

for (const [what, awaited, limitMs, verdict] of cases) {
  test(`${what} is waited for up to its limit, and not longer`, () => {
    assert.equal(name(checkLimits(LIMITS, awaited, limitMs)), 'in-time');
    assert.equal(name(checkLimits(LIMITS, awaited, limitMs + 1)), verdict);
  });
}

test('a client may continue sending for half a minute after the last response', () => {
  const awaited = (elapsedMs: number): Awaited => ({ kind: 'close', hasUnsentOutput: false, elapsedMs });
  assert.equal(name(checkLimits(LIMITS, awaited(30_000), 10)), 'in-time');
  assert.equal(name(checkLimits(LIMITS, awaited(30_001), 10)), 'destroy');
});

test('a body that arrives, but too slowly on average, is late', () => {
  const awaited = (receivedBytes: number): Awaited => ({ kind: 'body', elapsedMs: 40_000, receivedBytes });
  assert.equal(name(checkLimits(LIMITS, awaited(9_999), 10)), '408');
  assert.equal(name(checkLimits(LIMITS, awaited(10_000), 10)), 'in-time');
});

test('a refusal names the limit that was exceeded', () => {
  const limitOf = (awaited: Awaited, waitedMs: number): string | null => {
    const verdict = checkLimits(LIMITS, awaited, waitedMs);
    return verdict instanceof Refusal ? verdict.limit : null;
  };
  assert.equal(limitOf({ kind: 'head' }, 30_001), 'head_timeout');
  assert.equal(limitOf({ kind: 'body', elapsedMs: 20_001, receivedBytes: 1e9 }, 20_001), 'body_timeout');
  assert.equal(limitOf({ kind: 'body', elapsedMs: 40_000, receivedBytes: 0 }, 10), 'body_min_rate');
});

test('a client that is still taking its response is not closed for being idle', () => {
  for (const awaited of [
    { kind: 'request', isFirst: false, hasUnsentOutput: true },
    { kind: 'close', hasUnsentOutput: true, elapsedMs: 100_000 },
  ] as const) {
    assert.equal(name(checkLimits(LIMITS, awaited, 1e9)), 'in-time');
  }
});

test('limits of 0 are none, and the application has no limit here', () => {
  for (const [, awaited] of cases.filter(([, { kind }]) => kind !== 'close')) {
    assert.equal(name(checkLimits(NONE, awaited, 1e9)), 'in-time');
  }
  assert.equal(name(checkLimits(LIMITS, { kind: 'nothing' }, 1e9)), 'in-time');
});

function name(verdict: ReturnType<typeof checkLimits>): string {
  return verdict instanceof Refusal ? String(verdict.status) : verdict;
}
