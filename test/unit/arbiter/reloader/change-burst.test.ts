// Many file changes become one reload.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addChange,
  type Burst,
  type ChangeKind,
  describeBurst,
  dueAtMs,
  LONGEST_MS,
  QUIET_MS,
} from '../../../../src/arbiter/reloader/change-burst.ts';
import { changeOf, isNewerThan } from '../../../../src/arbiter/reloader/file-signature.ts';
import { textOf } from '../../../../src/log/message.ts';

function burstOf(...changes: readonly (readonly [path: string, kind: ChangeKind, atMs: number])[]): Burst {
  let burst: Burst | null = null;
  for (const [path, kind, atMs] of changes) burst = addChange(burst, { path, kind }, atMs);
  assert.ok(burst);
  return burst;
}

test('a change is due when it has been quiet for a while', () => {
  assert.equal(dueAtMs(burstOf(['/a.py', 'modified', 1000])), 1000 + QUIET_MS);
});

test('each further change puts it off', () => {
  assert.equal(dueAtMs(burstOf(['/a.py', 'modified', 1000], ['/b.py', 'modified', 1150])), 1150 + QUIET_MS);
});

test('a burst without an end is acted on all the same', () => {
  const changes = Array.from({ length: 100 }, (_, at) => ['/a.py', 'modified', 1000 + at * 100] as const);
  assert.equal(dueAtMs(burstOf(...changes)), 1000 + LONGEST_MS);
});

test('the log names the first file, and how many there are', () => {
  assert.equal(textOf(describeBurst(burstOf(['/a.py', 'modified', 0]))), 'Worker reloading: /a.py modified');
  const two = burstOf(['/a.py', 'modified', 0], ['/b.py', 'created', 1], ['/a.py', 'modified', 2]);
  assert.equal(textOf(describeBurst(two)), 'Worker reloading: /a.py modified (and 1 other file)');
  const three = burstOf(['/a.py', 'deleted', 0], ['/b.py', 'created', 1], ['/c.py', 'modified', 2]);
  assert.equal(textOf(describeBurst(three)), 'Worker reloading: /a.py deleted (and 2 other files)');
});

const sequences: readonly (readonly [kinds: readonly ChangeKind[], said: ChangeKind])[] = [
  [['deleted', 'created'], 'modified'],
  [['deleted', 'created', 'modified'], 'modified'],
  [['modified', 'deleted'], 'deleted'],
  [['created', 'modified'], 'created'],
  [['created', 'deleted'], 'deleted'],
];

for (const [kinds, said] of sequences) {
  test(`a file that was ${kinds.join(', then ')} counts as ${said}`, () => {
    const burst = burstOf(...kinds.map((kind, at) => ['/a.py', kind, at] as const));
    assert.equal(textOf(describeBurst(burst)), `Worker reloading: /a.py ${said}`);
  });
}

test('a file has changed if its time or size has, or if it appears or disappears', () => {
  const before = { mtimeMs: 1000.25, size: 10 };
  assert.equal(changeOf(before, { mtimeMs: 1000.25, size: 10 }), null);
  assert.equal(changeOf(before, { mtimeMs: 999, size: 10 }), 'modified');
  assert.equal(changeOf(before, { mtimeMs: 1000.25, size: 11 }), 'modified');
  assert.equal(changeOf(before, 'missing'), 'deleted');
  assert.equal(changeOf('missing', before), 'created');
  assert.equal(changeOf('missing', 'missing'), null);
});

test('a file seen for the first time has changed when it is newer than the generation, by a clock that is right', () => {
  assert.equal(isNewerThan(1000, { mtimeMs: 1001, size: 1 }, 2000), true);
  assert.equal(isNewerThan(1000, { mtimeMs: 1000, size: 1 }, 2000), false);
  assert.equal(isNewerThan(1000, { mtimeMs: 2000.9, size: 1 }, 2000), true, 'in the millisecond that it is');
  assert.equal(isNewerThan(1000, { mtimeMs: 2001, size: 1 }, 2000), false);
  assert.equal(isNewerThan(1000, 'missing', 2000), false);
  assert.equal(isNewerThan(Number.POSITIVE_INFINITY, { mtimeMs: 1001, size: 1 }, 2000), false);
});
