// How reloads went.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReloadHistory } from '../../../../src/arbiter/generations/reload-history.ts';

test('the first generation is no reload', () => {
  const history = new ReloadHistory();
  history.ended(1, 'succeeded', null, 5);
  assert.deepEqual(history.counts, { succeeded: 0, failed: 0, superseded: 0 });
  assert.equal(history.last(5), null);
});

test('a reload ends once, with its failure and its traceback', () => {
  const history = new ReloadHistory();
  history.begins(2, 1000);
  assert.deepEqual(history.last(3000)?.result, 'running');
  assert.deepEqual(history.last(3000)?.seconds, 2);
  history.traceback(2, 'Traceback ...');
  history.traceback(1, 'of another one');
  history.ended(2, 'failed', 'App failed to load.', 4000);
  history.ended(2, 'superseded', null, 5000);
  assert.deepEqual(history.counts, { succeeded: 0, failed: 1, superseded: 0 });
  assert.deepEqual(history.last(9000), {
    generation: 2,
    result: 'failed',
    startedAt: '1970-01-01T00:00:01.000Z',
    seconds: 3,
    failure: 'App failed to load.',
    traceback: 'Traceback ...',
  });
});

test('a reload that supersedes another one is the last', () => {
  const history = new ReloadHistory();
  history.begins(2, 0);
  history.ended(2, 'superseded', null, 100);
  history.begins(3, 100);
  history.ended(3, 'succeeded', null, 300);
  assert.deepEqual(history.counts, { succeeded: 1, failed: 0, superseded: 1 });
  assert.equal(history.last(300)?.generation, 3);
});
