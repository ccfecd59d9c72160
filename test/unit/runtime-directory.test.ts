// The two private directories of an arbiter.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { makeRuntimeDirectories, removeRuntimeDirectories } from '../../src/arbiter/runtime-directory.ts';

const scratch = fs.mkdtempSync(join(tmpdir(), 'tunicorn-directories-'));
after(() => fs.rmSync(scratch, { recursive: true }));

const OWNER = { userId: process.geteuid?.() ?? 0, groupId: process.getegid?.() ?? 0 };

test('both directories are made where they are wanted, for their owner alone, and another pair beside them', () => {
  const one = makeRuntimeDirectories(scratch, scratch, OWNER);
  const other = makeRuntimeDirectories(scratch, scratch, OWNER);
  const all = [one.runtimeDir, one.spoolDir, other.runtimeDir, other.spoolDir];
  assert.equal(new Set(all).size, 4);
  for (const directory of all) {
    assert.equal(dirname(directory), scratch);
    assert.equal(fs.statSync(directory).mode & 0o777, 0o700);
    assert.equal(fs.statSync(directory).uid, OWNER.userId);
  }
  assert.match(basename(one.runtimeDir), /^tunicorn-/);
  assert.match(basename(one.spoolDir), /^tunicorn-spool-/);
  removeRuntimeDirectories(one);
  removeRuntimeDirectories(other);
});

test('they are removed with what is in them, and once more without complaint', () => {
  const directories = makeRuntimeDirectories(scratch, scratch, OWNER);
  fs.writeFileSync(join(directories.spoolDir, 'body-1'), 'x');
  fs.writeFileSync(join(directories.runtimeDir, 'board'), 'x');
  removeRuntimeDirectories(directories);
  removeRuntimeDirectories(directories);
  assert.deepEqual(fs.readdirSync(scratch), []);
});

test('a parent that is missing is an error that names it, and leaves nothing behind', () => {
  const missing = join(scratch, 'missing');
  assert.throws(() => makeRuntimeDirectories(missing, scratch, OWNER), /ENOENT.*missing/);
  assert.throws(() => makeRuntimeDirectories(scratch, missing, OWNER), /ENOENT.*missing/);
  assert.deepEqual(fs.readdirSync(scratch), []);
});

test('root gives them to the user that the workers run as', { skip: OWNER.userId !== 0 && 'not root' }, () => {
  const directories = makeRuntimeDirectories(scratch, scratch, { userId: 65534, groupId: 65533 });
  for (const directory of [directories.runtimeDir, directories.spoolDir]) {
    const { uid, gid } = fs.statSync(directory);
    assert.deepEqual([uid, gid], [65534, 65533]);
  }
  removeRuntimeDirectories(directories);
});
