// The two private directories of an arbiter.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, test } from 'node:test';
import type { Account } from '../../../../src/arbiter/process/as-account.ts';
import { makeRuntimeDirectories, removeRuntimeDirectories } from '../../../../src/arbiter/process/runtime-directory.ts';
import { textOf } from '../../../../src/log/message.ts';
import { lifelinePath } from '../../../../src/runqueue/runtime-files.ts';
import type { RuntimeDirectories } from '../../../../src/settings/for-processes/resolved-settings.ts';

const scratch = fs.mkdtempSync(join(tmpdir(), 'tunicorn-directories-'));
after(() => fs.rmSync(scratch, { recursive: true }));

const OWNER = { userId: process.geteuid?.() ?? 0, groupId: process.getegid?.() ?? 0, initGroupId: null };

test('both directories are made where they are wanted, for their owner alone, and another pair beside them', () => {
  const one = made(scratch, OWNER);
  const other = made(scratch, OWNER);
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

test('they are removed with their contents, and again without complaint', () => {
  const directories = made(scratch, OWNER);
  fs.writeFileSync(join(directories.spoolDir, 'body-1'), 'x');
  fs.writeFileSync(join(directories.runtimeDir, 'board'), 'x');
  removeRuntimeDirectories(directories);
  removeRuntimeDirectories(directories);
  assert.deepEqual(fs.readdirSync(scratch), []);
});

test('an unusable folder is skipped, and a note names its replacement and the reason', () => {
  const missing = join(scratch, 'missing');
  const wanted = { workerTmpDir: missing, uploadDir: null, temporary: missing, chdir: scratch, boardBytes: 4096 };
  const result = makeRuntimeDirectories(wanted, OWNER);
  assert.ok(result.ok);
  const [runtimeParent, spoolParent] = [dirname(result.directories.runtimeDir), dirname(result.directories.spoolDir)];
  assert.deepEqual(result.notes.map(textOf), [
    `The runtime directory is in ${runtimeParent}: ${missing} cannot be used (No such file or directory)`,
    `The spool directory is in ${spoolParent}: ${missing} cannot be used (No such file or directory)`,
  ]);
  removeRuntimeDirectories(result.directories);
});

test('a tmp_upload_dir that cannot be used is refused with its path and the reason, and nothing is left behind', () => {
  const missing = join(scratch, 'missing');
  const wanted = { workerTmpDir: scratch, uploadDir: missing, temporary: scratch, chdir: scratch, boardBytes: 4096 };
  const result = makeRuntimeDirectories(wanted, OWNER);
  assert.equal(
    result.ok ? '' : result.message,
    `No folder for the spool directory: ${missing} cannot be used (No such file or directory)`,
  );
  assert.deepEqual(fs.readdirSync(scratch), []);
});

test('a folder whose path is too long for sockets is skipped', () => {
  const long = join(scratch, 'x'.repeat(100));
  fs.mkdirSync(long);
  const result = makeRuntimeDirectories(
    { workerTmpDir: long, uploadDir: long, temporary: scratch, chdir: scratch, boardBytes: 4096 },
    OWNER,
  );
  assert.ok(result.ok);
  assert.match(result.notes.map(textOf)[0] ?? '', /x cannot be used \(its path is too long for sockets\)$/);
  assert.equal(dirname(result.directories.spoolDir), long);
  removeRuntimeDirectories(result.directories);
  fs.rmSync(long, { recursive: true });
});

test('a folder that root may enter and the account of the workers may not is passed over', {
  skip: OWNER.userId !== 0 && 'not root',
}, () => {
  fs.chmodSync(scratch, 0o711);
  const closed = freshParent();
  const open = freshParent();
  fs.chmodSync(open, 0o1777);
  const account = { userId: 65534, groupId: 65533, initGroupId: null };
  const result = makeRuntimeDirectories(
    { workerTmpDir: open, uploadDir: null, temporary: closed, chdir: open, boardBytes: 4096 },
    account,
  );
  assert.ok(result.ok);
  assert.match(
    result.notes.map(textOf).join(),
    new RegExp(`^The spool directory is in /.*: ${closed} cannot be used \\(Permission denied\\)`),
  );
  assert.deepEqual([process.geteuid?.(), process.getegid?.()], [OWNER.userId, OWNER.groupId]);
  removeRuntimeDirectories(result.directories);
  fs.rmdirSync(closed);
  fs.rmdirSync(open);
});

test('a folder without room for the runtime directory is passed over', {
  skip: canMount() ? false : 'no mount',
}, () => {
  const small = freshParent();
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'none', small]);
  try {
    const result = makeRuntimeDirectories(
      { workerTmpDir: small, uploadDir: null, temporary: scratch, chdir: scratch, boardBytes: 4096 },
      OWNER,
    );
    assert.ok(result.ok);
    assert.match(result.notes.map(textOf)[0] ?? '', / cannot be used \(No space left on device\)$/);
    removeRuntimeDirectories(result.directories);
    assert.deepEqual(fs.readdirSync(small), []);
  } finally {
    execFileSync('umount', [small]);
    fs.rmdirSync(small);
  }
});

test('a parent that may be written and not listed will do', () => {
  const parent = freshParent();
  fs.chmodSync(parent, 0o333);
  const { status, stdout, stderr } = asOrdinaryUser(
    `
    const made = module.makeRuntimeDirectories(wanted, account);
    if (!made.ok) throw new Error(made.message);
    const { runtimeDir, spoolDir } = made.directories;
    console.log(fs.statSync(runtimeDir).isDirectory() && fs.statSync(spoolDir).isDirectory());
    module.removeRuntimeDirectories(made.directories);`,
    parent,
  );
  fs.chmodSync(parent, 0o700);
  assert.deepEqual([status, stdout], [0, 'true\n'], stderr);
  assert.deepEqual(fs.readdirSync(parent), []);
  fs.rmdirSync(parent);
});

test('a parent that may not be written is refused by its path and the reason', () => {
  const parent = freshParent();
  fs.chmodSync(parent, 0o555);
  const { status, stdout, stderr } = asOrdinaryUser(
    `
    console.log(module.makeRuntimeDirectories({ ...wanted, workerTmpDir: null }, account).message);`,
    parent,
  );
  fs.chmodSync(parent, 0o700);
  assert.equal(status, 0, stderr);
  assert.equal(stdout, `No folder for the spool directory: ${parent} cannot be used (Permission denied)\n`);
  fs.rmdirSync(parent);
});

test('root gives them to the user that the workers run as', { skip: OWNER.userId !== 0 && 'not root' }, () => {
  const directories = made(scratch, { userId: 65534, groupId: 65533, initGroupId: null });
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

/** The directories of a server that was killed an hour ago, in a separate parent. */
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
  removeRuntimeDirectories(made(parent, OWNER));
}

function freshParent(): string {
  return fs.mkdtempSync(join(scratch, 'parent-'));
}

test('the next server removes the remains of a killed one', () => {
  const parent = freshParent();
  const { spoolDir } = leftOver(parent);
  fs.writeFileSync(join(spoolDir, 'body-1'), 'x');
  start(parent);
  assert.deepEqual(fs.readdirSync(parent), []);
});

test('the files of a living server are left alone: its lifeline has a reader', () => {
  const parent = freshParent();
  const { runtimeDir, spoolDir } = leftOver(parent);
  const reader = fs.openSync(lifelinePath(runtimeDir), fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  start(parent);
  assert.deepEqual([fs.existsSync(join(runtimeDir, 'board')), fs.existsSync(spoolDir)], [true, true]);
  fs.closeSync(reader);
  start(parent);
  assert.deepEqual(fs.readdirSync(parent), []);
});

test('directories that may belong to a starting server are left alone', () => {
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
  // A directory of ours that names another user's spool.
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

function canMount(): boolean {
  return spawnSync('unshare', ['-m', 'true']).status === 0 && OWNER.userId === 0;
}

function made(parent: string, account: Account): RuntimeDirectories {
  const wanted = { workerTmpDir: parent, uploadDir: parent, temporary: parent, chdir: parent, boardBytes: 4096 };
  const result = makeRuntimeDirectories(wanted, account);
  assert.ok(result.ok, result.ok ? '' : result.message);
  return result.directories;
}

/** Root may list everything, so a separate process gives up that right, after it has read the module. */
function asOrdinaryUser(script: string, parent: string): { status: number | null; stdout: string; stderr: string } {
  fs.chmodSync(scratch, 0o711);
  const source = `
    import fs from 'node:fs';
    const [url, parent] = process.argv.slice(1);
    const module = await import(url);
    if (process.geteuid() === 0) {
      process.setgroups([]);
      process.setgid(65534);
      process.setuid(65534);
    }
    const account = { userId: process.geteuid(), groupId: process.getegid(), initGroupId: null };
    const wanted = { workerTmpDir: parent, uploadDir: parent, temporary: parent, chdir: parent, boardBytes: 4096 };
    ${script}`;
  const module = new URL('../../../../src/arbiter/process/runtime-directory.js', import.meta.url).href;
  return spawnSync(process.execPath, ['--input-type=module', '--eval', source, module, parent], { encoding: 'utf8' });
}
