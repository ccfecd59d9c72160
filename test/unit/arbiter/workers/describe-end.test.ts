// How the log says that a process has ended.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeEnd, signalName } from '../../../../src/arbiter/workers/describe-end.ts';

test('describeEnd() says the exit code, or the signal by its name', () => {
  assert.equal(describeEnd(0, null), 'exited with code 0');
  assert.equal(describeEnd(3, null), 'exited with code 3');
  assert.equal(describeEnd(null, 9), 'was ended by SIGKILL');
  assert.equal(describeEnd(null, 'SIGTERM'), 'was ended by SIGTERM');
});

test('signalName() takes the usual one of two names, and leaves a number that has none', () => {
  assert.deepEqual([6, 11, 17, 29].map(signalName), ['SIGABRT', 'SIGSEGV', 'SIGCHLD', 'SIGIO']);
  assert.equal(signalName(40), 'signal 40');
});
