// When WebSocket clients are pinged and given up, and when those of a draining generation are closed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextPing, type PingState } from '../../../../src/gateway/upgraded/ping-schedule.ts';
import { closeDelayMs } from '../../../../src/gateway/upgraded/websocket-retirement.ts';

const SETTINGS = { webSocketPingIntervalMs: 20_000, webSocketPingTimeoutMs: 10_000 };

test('a client is pinged when nothing was heard for the interval, and given up when nothing answers for the timeout', () => {
  const cases: [PingState['kind'], number, ReturnType<typeof nextPing>][] = [
    ['heard', 19_999, 'wait'],
    ['heard', 20_000, 'ping'],
    ['asked', 9_999, 'wait'],
    ['asked', 10_000, 'give-up'],
  ];
  for (const [kind, elapsedMs, wanted] of cases)
    assert.equal(nextPing(SETTINGS, { kind, sinceMs: 5 }, 5 + elapsedMs, false), wanted, `${kind} for ${elapsedMs} ms`);
});

test('without an interval no client is pinged, without a timeout none is given up', () => {
  const never = 1e12;
  assert.equal(
    nextPing({ ...SETTINGS, webSocketPingIntervalMs: 0 }, { kind: 'heard', sinceMs: 0 }, never, false),
    'wait',
  );
  assert.equal(
    nextPing({ ...SETTINGS, webSocketPingIntervalMs: 0 }, { kind: 'asked', sinceMs: 0 }, never, false),
    'wait',
  );
  assert.equal(
    nextPing({ ...SETTINGS, webSocketPingTimeoutMs: 0 }, { kind: 'asked', sinceMs: 0 }, never, false),
    'wait',
  );
});

test('a client that is not read is sent something a second time soon after its ping, and never given up', () => {
  const cases: [PingState['kind'], number, ReturnType<typeof nextPing>][] = [
    ['heard', 19_999, 'wait'],
    ['heard', 20_000, 'ping'],
    ['asked', 999, 'wait'],
    ['asked', 1000, 'probe'],
    ['asked', 1_000_000, 'probe'],
  ];
  for (const [kind, elapsedMs, wanted] of cases)
    assert.equal(nextPing(SETTINGS, { kind, sinceMs: 5 }, 5 + elapsedMs, true), wanted, `${kind} for ${elapsedMs} ms`);
});

test('WebSockets are closed within half of the time that there is, and within 5 s', () => {
  assert.deepEqual([closeDelayMs(30_000, 0), closeDelayMs(30_000, 0.5), closeDelayMs(30_000, 1)], [0, 2500, 5000]);
  assert.deepEqual([closeDelayMs(4000, 1), closeDelayMs(0, 1)], [2000, 0]);
});
