// Why workers were replaced.

import assert from 'node:assert/strict';
import os from 'node:os';
import { test } from 'node:test';
import { restartCause, WorkerEnds } from '../../../../src/arbiter/workers/worker-ends.ts';
import type { DoomReason, ProcessEnd, RetireReason, WorkerState } from '../../../../src/arbiter/workers/worker-life.ts';

const { SIGKILL, SIGTERM, SIGSEGV } = os.constants.signals;
const CLEAN: ProcessEnd = { code: 0, signal: null };
const READY: WorkerState = { kind: 'ready', sinceMs: 0, successor: 'not-needed' };

function by(signal: number): ProcessEnd {
  return { code: null, signal };
}

function doomed(reason: DoomReason): WorkerState {
  return { kind: 'doomed', sinceMs: 0, reason, step: 'killed' };
}

function retiring(reason: RetireReason): WorkerState {
  return { kind: 'retiring', sinceMs: 0, reason, askedAtMs: 0 };
}

function exiting(retired: RetireReason | null): WorkerState {
  return { kind: 'exiting', sinceMs: 0, readySinceMs: retired === null ? 0 : null, retired };
}

for (const [what, was, end, cause] of [
  ['it was spent', retiring('spent'), CLEAN, 'max_requests'],
  ['its successor was ready', exiting('succeeded'), CLEAN, 'max_requests'],
  ['a request ran too long', doomed('timeout'), by(SIGKILL), 'timeout'],
  ['all its requests hung', doomed('stuck'), by(SIGKILL), 'timeout'],
  ['a request hung, and the others have finished', exiting('timeout'), CLEAN, 'timeout'],
  ['it was killed from outside', READY, by(SIGKILL), 'killed'],
  ['it crashed', READY, by(SIGSEGV), 'crashed'],
  ['it exited with an error', READY, { code: 3, signal: null }, 'crashed'],
  ['it exited with an error in its exit handlers', exiting(null), { code: 1, signal: null }, 'crashed'],
  ['it was terminated from outside', READY, by(SIGTERM), 'exited'],
  ['it left by itself', exiting(null), CLEAN, 'exited'],
  ['it did not boot', { kind: 'booting', sinceMs: 0 }, { code: 3, signal: null }, 'boot'],
  ['it booted too slowly', doomed('slow-boot'), by(SIGKILL), 'boot'],
  ['a hook asked for it', exiting('asked'), CLEAN, 'hook'],
  ['there were too many', exiting('surplus'), CLEAN, null],
  ['its generation was given up', doomed('given-up'), by(SIGKILL), null],
] as const) {
  test(`${what}: ${cause ?? 'not counted'}`, () => assert.equal(restartCause(was, end, true), cause));
}

test('at the end of its generation only a violent end counts', () => {
  assert.equal(restartCause(READY, CLEAN, false), null);
  assert.equal(restartCause(exiting(null), CLEAN, false), null);
  assert.equal(restartCause({ kind: 'booting', sinceMs: 0 }, by(SIGKILL), false), null);
  assert.equal(restartCause(READY, by(SIGSEGV), false), 'crashed');
});

test('each cause has its count and its last end', () => {
  const ends = new WorkerEnds();
  ends.ended(7, READY, by(SIGSEGV), true, 0);
  ends.ended(8, READY, by(SIGSEGV), true, 1000);
  ends.ended(9, exiting('surplus'), CLEAN, true, 2000);
  const last = { at: '1970-01-01T00:00:01.000Z', pid: 8, code: null, signal: 'SIGSEGV' };
  assert.deepEqual(ends.all.crashed, { count: 2, last });
  assert.deepEqual(ends.all.killed, { count: 0, last: null });
});
