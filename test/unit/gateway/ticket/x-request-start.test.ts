// X-Request-Start in the forms of common proxies, and in malformed ones.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestStartMs, upstreamWaitMs } from '../../../../src/gateway/ticket/x-request-start.ts';

function startOf(value: string): number | null {
  return requestStartMs(`REQUEST_METHOD\0GET\0HTTP_X_REQUEST_START\0${value}\0HTTP_Z\0z`);
}

for (const [value, what] of [
  ['t=1700000000.250', "nginx's t= and msec"],
  ['1700000000.250', 'seconds with decimals'],
  ['1700000000250', "Heroku's milliseconds"],
  ['t=1700000000250', 'milliseconds with t='],
  ['1700000000250.0', 'milliseconds with decimals'],
  ['1700000000250000', 'microseconds'],
  ['t=1700000000250000', "Apache's t=%t"],
  [' t=1700000000.250 ', 'spaces around'],
] as const) {
  test(`'${value}' (${what}) is 1,700,000,000,250 ms since 1970`, () => {
    assert.equal(startOf(value), 1_700_000_000_250);
  });
}

test('whole seconds are seconds', () => {
  assert.equal(startOf('1700000000'), 1_700_000_000_000);
  assert.equal(startOf('t=0'), 0);
});

for (const value of [
  '',
  't=',
  'now',
  '-5',
  't=-5',
  '1.',
  '.5',
  '1e9',
  '0x10',
  't=1 2',
  't=t=1',
  '1,2',
  'Infinity',
  'NaN',
]) {
  test(`'${value}' is ignored`, () => assert.equal(startOf(value), null));
}

test('it is found in any position, and only by its whole name', () => {
  assert.equal(requestStartMs('A\0b\0HTTP_X_REQUEST_START\x001700000000'), 1_700_000_000_000);
  assert.equal(requestStartMs('A\0b'), null);
  assert.equal(requestStartMs('A\0b\0HTTP_X_REQUEST_STARTED\x001700000000'), null);
  assert.equal(requestStartMs('A\0b\0HTTP_NOT_HTTP_X_REQUEST_START\x001700000000'), null);
});

for (const [what, value] of [
  ['a query', 'QUERY_STRING\0HTTP_X_REQUEST_START'],
  ['a field', 'HTTP_A\0HTTP_X_REQUEST_START'],
] as const) {
  test(`${what} that reads like the field's name does not hide the real field`, () => {
    assert.equal(requestStartMs(`A\0b\0${value}\0HTTP_X_REQUEST_START\x001700000000\0Z\0z`), 1_700_000_000_000);
    assert.equal(
      requestStartMs(`A\0b\0${value}\0PATH_INFO\0/\0HTTP_X_REQUEST_START\x00t=1700000000`),
      1_700_000_000_000,
    );
    assert.equal(requestStartMs(`A\0b\0${value}\0PATH_INFO\0/`), null);
  });
}

test('the wait is the time since then', () => {
  assert.equal(upstreamWaitMs(1000, 1250), 250);
  assert.equal(upstreamWaitMs(1000, 1000), 0);
});

test('a clock that is ahead, or an hour behind, counts as no wait; so does no clock', () => {
  assert.equal(upstreamWaitMs(1001, 1000), 0);
  assert.equal(upstreamWaitMs(0, 3_599_999), 3_599_999);
  assert.equal(upstreamWaitMs(0, 3_600_000), 0);
  assert.equal(upstreamWaitMs(null, 1000), 0);
});

test('endless digits do not count as a wait', () => {
  const start = startOf('9'.repeat(400));
  assert.equal(upstreamWaitMs(start, Date.now()), 0);
});
