// The pid file: real files, real processes.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { createPidFile, type PidFile } from '../../../src/arbiter/process/pid-file.ts';

const root = mkdtempSync(path.join(tmpdir(), 'tunicorn-pid-'));
after(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
function freshPath(): string {
  count += 1;
  mkdirSync(path.join(root, String(count)));
  return path.join(root, String(count), 'app.pid');
}

function created(file: string, pid?: number): PidFile {
  const result = createPidFile(file, pid);
  assert.ok(result.ok, result.ok ? '' : result.message);
  return result.pidFile;
}

async function sleeper(): Promise<ChildProcess & { readonly pid: number }> {
  const child = spawn('sleep', ['600']);
  after(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  return child as ChildProcess & { readonly pid: number };
}

async function deadPid(): Promise<number> {
  const child = await sleeper();
  child.kill('SIGKILL');
  await once(child, 'exit');
  return child.pid;
}

test('createPidFile() writes our pid and a line end, readable by all users whatever the umask, and nothing else', () => {
  const file = freshPath();
  const umask = process.umask(0o077);
  created(file);
  process.umask(umask);
  assert.equal(readFileSync(file, 'utf8'), `${process.pid}\n`);
  assert.equal(statSync(file).mode & 0o7777, 0o644);
  assert.deepEqual(readdirSync(path.dirname(file)), ['app.pid']);
});

test('createPidFile() refuses while the process in the file lives, and leaves the file alone', async () => {
  const file = freshPath();
  const { pid } = await sleeper();
  writeFileSync(file, `${pid}\n`);
  const message = `Already running on PID ${pid} (or pid file '${file}' is stale)`;
  assert.deepEqual(createPidFile(file), { ok: false, message });
  assert.equal(readFileSync(file, 'utf8'), `${pid}\n`);
});

test('createPidFile() counts a process of another user as alive', (t) => {
  if (process.getuid?.() === 0) {
    // Root may signal every process, so another user has to ask about pid 1.
    process.seteuid?.(65534);
    t.after(() => process.seteuid?.(0));
  }
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'tunicorn-pid-other-')), 'app.pid');
  t.after(() => rmSync(path.dirname(file), { recursive: true }));
  writeFileSync(file, '1\n');
  const result = createPidFile(file);
  assert.equal(result.ok, false);
  assert.match(result.ok ? '' : result.message, /^Already running on PID 1 /);
});

test('createPidFile() replaces the file of a dead process', async () => {
  const file = freshPath();
  writeFileSync(file, `${await deadPid()}\n`);
  created(file);
  assert.equal(readFileSync(file, 'utf8'), `${process.pid}\n`);
});

for (const content of ['', '\n', 'garbage', '12 34', '-1', '0', '0x10', '4294967296', '99999999999999']) {
  test(`createPidFile() replaces a file that holds ${JSON.stringify(content)}`, () => {
    const file = freshPath();
    writeFileSync(file, content);
    created(file);
    assert.equal(readFileSync(file, 'utf8'), `${process.pid}\n`);
  });
}

test('createPidFile() replaces our own file', () => {
  const file = freshPath();
  created(file);
  created(file);
  assert.equal(readFileSync(file, 'utf8'), `${process.pid}\n`);
});

test('createPidFile() names a directory that does not exist', () => {
  const message = "/nodir doesn't exist. Can't create pidfile.";
  assert.deepEqual(createPidFile('/nodir/app.pid'), { ok: false, message });
});

test('createPidFile() names a file that cannot be written, and the reason, and leaves nothing behind', () => {
  const file = freshPath();
  mkdirSync(file);
  const result = createPidFile(file);
  assert.match(result.ok ? '' : result.message, /^pid file '.*app\.pid' can't be written: ./);
  assert.deepEqual(readdirSync(path.dirname(file)), ['app.pid']);
});

test('remove() removes our file, also when the working directory has changed', () => {
  const file = freshPath();
  const start = process.cwd();
  process.chdir(path.dirname(file));
  const pidFile = created('app.pid');
  process.chdir('/');
  pidFile.remove();
  process.chdir(start);
  assert.equal(existsSync(file), false);
  pidFile.remove();
});

test("remove() leaves a successor's file", () => {
  const file = freshPath();
  const pidFile = created(file);
  writeFileSync(file, '1\n');
  pidFile.remove();
  assert.equal(readFileSync(file, 'utf8'), '1\n');
});
