// The two private directories of an arbiter.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { lifelinePath, makeRuntimeDirectories, removeRuntimeDirectories } from '../../src/arbiter/runtime-directory.ts';

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
  assert.match(basename(one.runtimeDir), /^tunicorn-run-/);
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

interface LeftOver {
  readonly runtimeDir: string;
  readonly spoolDir: string;
}

/** The directories of a server that was killed an hour ago, in a parent of their own. */
function leftOver(parent: string, spoolDir = fs.mkdtempSync(join(parent, 'tunicorn-spool-'))): LeftOver {
  const runtimeDir = fs.mkdtempSync(join(parent, 'tunicorn-run-'));
  fs.writeFileSync(join(runtimeDir, 'board'), 'x');
  execFileSync('mkfifo', [lifelinePath(runtimeDir)]);
  fs.symlinkSync(spoolDir, join(runtimeDir, 'spool'));
  age(runtimeDir);
  return { runtimeDir, spoolDir };
}

function age(directory: string): void {
  const hourAgo = new Date(Date.now() - 3_600_000);
  fs.utimesSync(directory, hourAgo, hourAgo);
}

function start(parent: string): void {
  removeRuntimeDirectories(makeRuntimeDirectories(parent, parent, OWNER));
}

function freshParent(): string {
  return fs.mkdtempSync(join(scratch, 'parent-'));
}

test('what a killed server has left behind is removed by the next one', () => {
  const parent = freshParent();
  const { spoolDir } = leftOver(parent);
  fs.writeFileSync(join(spoolDir, 'body-1'), 'x');
  start(parent);
  assert.deepEqual(fs.readdirSync(parent), []);
});

test('what belongs to a server that lives is left alone: somebody reads its lifeline', () => {
  const parent = freshParent();
  const { runtimeDir, spoolDir } = leftOver(parent);
  const reader = fs.openSync(lifelinePath(runtimeDir), fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  start(parent);
  assert.deepEqual([fs.existsSync(join(runtimeDir, 'board')), fs.existsSync(spoolDir)], [true, true]);
  fs.closeSync(reader);
  start(parent);
  assert.deepEqual(fs.readdirSync(parent), []);
});

test('what may belong to a server that is just starting is left alone', () => {
  const parent = freshParent();
  const { runtimeDir } = leftOver(parent);
  fs.utimesSync(runtimeDir, new Date(), new Date());
  start(parent);
  assert.equal(fs.existsSync(runtimeDir), true);
});

test('directories of other programs are left alone, and so is a spool that is not one', () => {
  const parent = freshParent();
  const precious = join(parent, 'precious');
  fs.mkdirSync(precious);
  age(precious);
  leftOver(parent, precious);
  start(parent);
  assert.deepEqual(fs.readdirSync(parent), ['precious']);
});

test("root removes nothing that is another user's, though it bears the name", {
  skip: OWNER.userId !== 0 && 'not root',
}, () => {
  const parent = freshParent();
  const foreign = leftOver(parent);
  fs.lchownSync(foreign.runtimeDir, 65534, 65534);
  // A directory of ours, in which somebody else's spool is named.
  const misled = leftOver(parent, fs.mkdtempSync(join(parent, 'tunicorn-spool-')));
  fs.lchownSync(misled.spoolDir, 65534, 65534);
  fs.symlinkSync(foreign.runtimeDir, join(parent, 'tunicorn-run-link'));
  start(parent);
  assert.deepEqual(
    [foreign.runtimeDir, foreign.spoolDir, misled.spoolDir].map((path) => fs.existsSync(path)),
    [true, true, true],
  );
  assert.equal(fs.existsSync(misled.runtimeDir), false);
});
