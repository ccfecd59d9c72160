// How an arbiter's view of the other one changes during an upgrade.

import assert from 'node:assert/strict';
import { ChildProcess } from 'node:child_process';
import { test } from 'node:test';
import { moveUpgrade, type UpgradeState } from '../../../../src/arbiter/process/upgrade-state.ts';

const child = new ChildProcess();
const ALONE: UpgradeState = { kind: 'alone' };
const OLDER: UpgradeState = { kind: 'older', child, pid: 7 };
const NEWER: UpgradeState = { kind: 'newer', parent: 6 };

test('an arbiter that has started another one is the older one until that has gone', () => {
  assert.deepEqual(moveUpgrade(ALONE, { type: 'child-started', child, pid: 7 }), OLDER);
  assert.deepEqual(moveUpgrade(OLDER, { type: 'child-gone', child }), ALONE);
});

test('the end of another child changes nothing', () => {
  assert.equal(moveUpgrade(OLDER, { type: 'child-gone', child: new ChildProcess() }), OLDER);
  assert.equal(moveUpgrade(ALONE, { type: 'child-gone', child }), ALONE);
});

test('an arbiter that was started by another one is alone once that has gone', () => {
  assert.deepEqual(moveUpgrade(NEWER, { type: 'parent-gone' }), ALONE);
});

test('no arbiter starts a second one, and only a newer one loses its parent', () => {
  assert.equal(moveUpgrade(OLDER, { type: 'child-started', child, pid: 8 }), null);
  assert.equal(moveUpgrade(NEWER, { type: 'child-started', child, pid: 8 }), null);
  assert.equal(moveUpgrade(ALONE, { type: 'parent-gone' }), null);
  assert.equal(moveUpgrade(OLDER, { type: 'parent-gone' }), null);
});
