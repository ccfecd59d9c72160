// The notifications to systemd at each change of the server's state.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  notice,
  type ServiceState,
  statusOf,
  watchdogIntervalMs,
} from '../../../../src/arbiter/systemd/service-manager.ts';

const sender = { pid: 7, monotonicUsec: 1234n };
const starting: ServiceState = {
  phase: 'starting',
  generation: null,
  next: 1,
  workersReady: 0,
  workersWanted: 0,
  failure: null,
  successor: null,
};
const serving: ServiceState = {
  ...starting,
  phase: 'serving',
  generation: 1,
  next: null,
  workersReady: 2,
  workersWanted: 2,
};
const reloading: ServiceState = { ...serving, next: 2 };
const paused: ServiceState = { ...serving, phase: 'paused', workersReady: 0, workersWanted: 0 };
const stopping: ServiceState = { ...serving, phase: 'stopping' };

describe('notice()', () => {
  for (const [what, before, now, expected] of [
    ['the start', null, starting, ['STATUS=Starting']],
    ['nothing new', serving, serving, []],
    ['serving', starting, serving, ['READY=1', 'MAINPID=7', 'STATUS=Generation 1 serves with 2 workers']],
    [
      'serving, as the first state',
      null,
      serving,
      ['READY=1', 'MAINPID=7', 'STATUS=Generation 1 serves with 2 workers'],
    ],
    ['a reload', serving, reloading, ['RELOADING=1', 'MONOTONIC_USEC=1234', `STATUS=${statusOf(reloading)}`]],
    [
      'a reload over another',
      reloading,
      { ...reloading, next: 3 },
      ['RELOADING=1', 'MONOTONIC_USEC=1234', `STATUS=${statusOf({ ...reloading, next: 3 })}`],
    ],
    [
      'the end of a reload',
      reloading,
      { ...serving, generation: 2 },
      ['READY=1', 'STATUS=Generation 2 serves with 2 workers'],
    ],
    ['a worker less', serving, { ...serving, workersReady: 1 }, ['STATUS=Generation 1 serves with 1 of 2 workers']],
    ['a pause', serving, paused, ['STATUS=Paused: no workers until TTIN or HUP']],
    ['the end of a pause', paused, serving, ['STATUS=Generation 1 serves with 2 workers']],
    ['the stop', serving, stopping, ['STOPPING=1', 'STATUS=Stopping']],
    ['the stop of one that never served', starting, stopping, ['STOPPING=1', 'STATUS=Stopping']],
    [
      'the stop of one with a successor',
      serving,
      { ...stopping, successor: 9 },
      ['MAINPID=9', 'STATUS=Leaving the service to process 9'],
    ],
    ['what happens while it stops', stopping, { ...stopping, workersReady: 0 }, []],
  ] as const) {
    test(`the notice for ${what}`, () => {
      assert.deepEqual(notice(before, now, sender)?.split('\n') ?? [], expected);
    });
  }
});

describe('statusOf()', () => {
  test('has the reason of the last failed reload, in one line', () => {
    const failure = 'App failed to load.\n  No module\tnamed shop';
    assert.equal(
      statusOf({ ...serving, failure }),
      'Generation 1 serves with 2 workers; the last reload failed: App failed to load. No module named shop',
    );
  });

  test('is never much longer than a line', () => {
    assert.ok(statusOf({ ...serving, failure: 'x'.repeat(10_000) }).length < 400);
  });
});

test('watchdogIntervalMs() is half of the limit, for the process that is meant', () => {
  assert.equal(watchdogIntervalMs({ WATCHDOG_USEC: '30000000' }, 7), 15_000);
  assert.equal(watchdogIntervalMs({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '7' }, 7), 15_000);
  assert.equal(watchdogIntervalMs({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '8' }, 7), null);
  for (const limit of [undefined, '', '0', '-5', 'soon'])
    assert.equal(watchdogIntervalMs({ WATCHDOG_USEC: limit }, 7), null);
});
