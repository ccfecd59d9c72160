// The log messages about the end of a process.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeEnd, signalName, workerExitMessages } from '../../../../src/arbiter/workers/exit-messages.ts';
import type { DoomReason, WorkerState } from '../../../../src/arbiter/workers/worker-life.ts';
import { textOf } from '../../../../src/log/message.ts';

const READY: WorkerState = { kind: 'ready', sinceMs: 0, successor: 'not-needed' };

function doomed(reason: DoomReason): WorkerState {
  return { kind: 'doomed', sinceMs: 0, reason, step: 'killed' };
}

test('a worker that leaves with 0 is not logged', () => {
  assert.deepEqual(workerExitMessages(7, READY, { code: 0, signal: null }, ''), []);
});

for (const [what, was, end, stack, expected] of [
  ['another exit status', READY, { code: 7, signal: null }, '', [['error', 'Worker (pid:7) exited with code 7.']]],
  [
    'SIGKILL from outside',
    READY,
    { code: null, signal: 9 },
    '',
    [['error', 'Worker (pid:7) was sent SIGKILL! Perhaps out of memory?']],
  ],
  ['SIGTERM from outside', READY, { code: null, signal: 15 }, '', [['info', 'Worker (pid:7) was sent SIGTERM!']]],
  [
    'a crash that has left a stack',
    READY,
    { code: null, signal: 11 },
    '  File "app.py", line 1',
    [
      ['warning', 'Worker (pid:7) was sent SIGSEGV!'],
      ['error', 'Stack of worker (pid:7) at its end:\n  File "app.py", line 1'],
    ],
  ],
  [
    'a timeout, with the stack',
    doomed('timeout'),
    { code: null, signal: 9 },
    '  File "app.py", line 1',
    [['critical', 'Worker (pid:7) is gone. What it was doing:\n  File "app.py", line 1']],
  ],
  [
    'a timeout whose stack is in the log already',
    doomed('timeout'),
    { code: null, signal: 9 },
    null,
    [['critical', 'Worker (pid:7) is gone.']],
  ],
  [
    'the end of a drain that took too long, with the stack',
    doomed('graceful-timeout'),
    { code: null, signal: 9 },
    '  File "app.py", line 1',
    [
      [
        'warning',
        'Worker (pid:7) was killed: it did not finish within graceful_timeout. What it was doing:\n  File "app.py", line 1',
      ],
    ],
  ],
  [
    'a slow boot without a stack',
    doomed('slow-boot'),
    { code: 1, signal: null },
    '',
    [['critical', 'Worker (pid:7) is gone. It left no stack.']],
  ],
  [
    'the end of a drain that took too long',
    doomed('graceful-timeout'),
    { code: null, signal: 9 },
    '',
    [['warning', 'Worker (pid:7) was killed: it did not finish within graceful_timeout.']],
  ],
  [
    'a generation that was given up',
    doomed('given-up'),
    { code: null, signal: 9 },
    '',
    [['debug', 'Worker (pid:7) ended: it was no longer needed.']],
  ],
] as const) {
  test(`${what} is logged once, with the reason`, () => {
    const entries = workerExitMessages(7, was, end, stack).map((entry) => [entry.message.level, textOf(entry)]);
    assert.deepEqual(entries, expected);
  });
}

test('describeEnd() has the exit code, or the name of the signal', () => {
  assert.equal(describeEnd(0, null), 'exited with code 0');
  assert.equal(describeEnd(3, null), 'exited with code 3');
  assert.equal(describeEnd(null, 9), 'was killed by SIGKILL');
  assert.equal(describeEnd(null, 'SIGTERM'), 'was killed by SIGTERM');
});

test('signalName() uses the more common of two names, and keeps a number without a name', () => {
  assert.deepEqual([6, 11, 17, 29].map(signalName), ['SIGABRT', 'SIGSEGV', 'SIGCHLD', 'SIGIO']);
  assert.equal(signalName(40), 'signal 40');
});
