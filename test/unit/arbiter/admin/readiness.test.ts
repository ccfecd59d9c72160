// Whether a server should get requests, for each of its states.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ReadinessFacts, readiness } from '../../../../src/arbiter/admin/readiness.ts';

const SERVING: ReadinessFacts = {
  phase: 'running',
  hasSuccessor: false,
  readyWorkers: 2,
  queueLength: 0,
  queueLimit: 0,
};

for (const [what, facts, reason] of [
  ['serving', {}, null],
  ['with one worker', { readyWorkers: 1 }, null],
  ['before the first generation', { readyWorkers: null }, 'the first generation is starting'],
  ['without a ready worker', { readyWorkers: 0 }, 'no worker is ready'],
  ['in shutdown_delay', { phase: 'leaving' }, 'the server will stop after shutdown_delay'],
  ['in a drain', { phase: 'stopping' }, 'the server is stopping'],
  ['paused', { phase: 'paused' }, 'the server is paused (WINCH); TTIN or HUP resumes it'],
  ['paused while a newer arbiter serves', { phase: 'paused', hasSuccessor: true }, null],
  ['stopping while a newer arbiter serves', { phase: 'stopping', hasSuccessor: true }, 'the server is stopping'],
  ['with a long queue and no limit', { queueLength: 1000 }, null],
  ['with a queue at the limit', { queueLength: 5, queueLimit: 5 }, null],
  ['with a longer queue', { queueLength: 6, queueLimit: 5 }, '6 requests are waiting, more than ready_queue_limit (5)'],
] as const) {
  test(`${what}: ${reason === null ? 'ready' : 'not ready'}`, () => {
    const wanted = reason === null ? { ready: true } : { ready: false, reason };
    assert.deepEqual(readiness({ ...SERVING, ...facts }), wanted);
  });
}
