// The two private directories of an arbiter.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, test } from 'node:test';
import {
  type DirectoryOwner,
  lifelinePath,
  makeRuntimeDirectories,
  type RuntimeDirectories,
  removeRuntimeDirectories,
} from '../../src/arbiter/runtime-directory.ts';

const scratch = fs.mkdtempSync(join(tmpdir(), 'tunicorn-directories-'));
after(() => fs.rmSync(scratch, { recursive: true }));

const OWNER = { userId: process.geteuid?.() ?? 0, groupId: process.getegid?.() ?? 0 };

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

test('they are removed with what is in them, and once more without complaint', () => {
  const directories = made(scratch, OWNER);
  fs.writeFileSync(join(directories.spoolDir, 'body-1'), 'x');
  fs.writeFileSync(join(directories.runtimeDir, 'board'), 'x');
  removeRuntimeDirectories(directories);
  removeRuntimeDirectories(directories);
  assert.deepEqual(fs.readdirSync(scratch), []);
});

for (const [what, parentOf] of [
  ['runtime', (parent: string) => [parent, scratch]],
  ['spool', (parent: string) => [scratch, parent]],
] as const) {
  test(`a ${what} parent that is missing is refused by its path and the reason, and nothing is left behind`, () => {
    const missing = join(scratch, 'missing');
    const [runtimeParent = null, spoolParent = null] = parentOf(missing);
    const result = makeRuntimeDirectories(runtimeParent, spoolParent, OWNER);
    assert.ok(!result.ok);
    assert.ok(
      result.message.includes(`'${join(missing, `tunicorn-${what === 'runtime' ? 'run' : 'spool'}-`)}`),
      result.message,
    );
    assert.match(result.message, /: No such file or directory$/i);
    assert.deepEqual(fs.readdirSync(scratch), []);
  });
}

test('a parent that may be written and not listed will do', () => {
  const parent = freshParent();
  fs.chmodSync(parent, 0o333);
  const { status, stdout, stderr } = asOrdinaryUser(
    `
    const made = module.makeRuntimeDirectories(parent, parent, { userId: process.geteuid(), groupId: process.getegid() });
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
    console.log(module.makeRuntimeDirectories(parent, parent, { userId: process.geteuid(), groupId: process.getegid() }).message);`,
    parent,
  );
  fs.chmodSync(parent, 0o700);
  assert.equal(status, 0, stderr);
  assert.ok(stdout.includes(`'${join(parent, 'tunicorn-run-')}`), stdout);
  assert.match(stdout, /: Permission denied\n$/i);
  fs.rmdirSync(parent);
});

test('root gives them to the user that the workers run as', { skip: OWNER.userId !== 0 && 'not root' }, () => {
  const directories = made(scratch, { userId: 65534, groupId: 65533 });
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
  removeRuntimeDirectories(made(parent, OWNER));
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

function made(parent: string, owner: DirectoryOwner): RuntimeDirectories {
  const result = makeRuntimeDirectories(parent, parent, owner);
  assert.ok(result.ok, result.ok ? '' : result.message);
  return result.directories;
}

/** Root may list everything: there, a process of its own gives up that right, after it has read the module. */
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
    ${script}`;
  const module = new URL('../../src/arbiter/runtime-directory.js', import.meta.url).href;
  return spawnSync(process.execPath, ['--input-type=module', '--eval', source, module, parent], { encoding: 'utf8' });
}
