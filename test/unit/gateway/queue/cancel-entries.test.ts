// The entries of the cancel table that one gateway may use.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CancelEntries } from '../../../../src/gateway/queue/cancel-entries.ts';

test('each entry of the range is taken once', () => {
  const entries = new CancelEntries({ first: 10, count: 3 });
  assert.deepEqual([entries.take(), entries.take(), entries.take(), entries.take()], [10, 11, 12, undefined]);
  assert.equal(entries.free, 0);
});

test('an entry that is given back is taken again', () => {
  const entries = new CancelEntries({ first: 0, count: 1 });
  entries.giveBack(entries.take() ?? -1);
  assert.equal(entries.free, 1);
  assert.equal(entries.take(), 0);
});

test('a burnt entry is freed when its generation is gone, not when another one is', () => {
  const entries = new CancelEntries({ first: 0, count: 2 });
  entries.burn(entries.take() ?? -1, 1);
  entries.burn(entries.take() ?? -1, 1);
  entries.generationGone(2);
  assert.equal(entries.free, 0);
  entries.generationGone(1);
  assert.equal(entries.free, 2);
  entries.generationGone(1);
  assert.equal(entries.free, 2);
});
