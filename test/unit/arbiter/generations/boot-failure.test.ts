// The report about a generation that cannot serve.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureOfWorker, reportedFailure } from '../../../../src/arbiter/generations/boot-failure.ts';
import type { WorkerState } from '../../../../src/arbiter/workers/worker-life.ts';
import { EXIT_APP_LOAD, EXIT_ERROR, EXIT_WORKER_BOOT } from '../../../../src/messages/exit-status.ts';

const KILLED = { code: null, signal: 9 };
const SLOW: WorkerState = { kind: 'doomed', sinceMs: 0, reason: 'slow-boot', step: 'killed' };

test('a report begins with the step that failed', () => {
  assert.equal(
    reportedFailure(EXIT_APP_LOAD, "No module named 'shop'."),
    "App failed to load. No module named 'shop'.",
  );
  assert.equal(reportedFailure(EXIT_WORKER_BOOT, 'post_fork raised.'), 'Worker failed to boot. post_fork raised.');
  assert.equal(reportedFailure(EXIT_ERROR, 'Error: bind is empty'), 'bind is empty');
});

test('a worker that dies on its way up fails its generation', () => {
  const reason = failureOfWorker({ kind: 'booting', sinceMs: 0 }, KILLED, true);
  assert.match(reason ?? '', /^Worker failed to boot: it .*KILL.*\.$/);
});

test('the end of a ready worker means nothing for its generation', () => {
  assert.equal(failureOfWorker({ kind: 'ready', sinceMs: 0, successor: 'not-needed' }, KILLED, false), null);
});

test('a worker that boots too slowly fails a reload, but not the first generation, which is all there is', () => {
  assert.equal(failureOfWorker(SLOW, KILLED, true), null);
  assert.equal(failureOfWorker(SLOW, KILLED, false), 'Worker failed to boot: it was not ready in time.');
});
