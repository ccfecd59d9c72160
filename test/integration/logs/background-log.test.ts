// The access log of a gateway: real files, full disks, stuck readers, ends of processes.

import assert from 'node:assert/strict';
import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BackgroundLog } from '../../../src/log/background-log.ts';
import { textOf } from '../../../src/log/message.ts';

const WRITER = fileURLToPath(new URL('../../fixtures/background-log-writer.js', import.meta.url));

const root = mkdtempSync(path.join(tmpdir(), 'tunicorn-access-log-'));
after(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
function freshPath(): string {
  count += 1;
  return path.join(root, `${count}.log`);
}

function opened(target: string, onTrouble: (text: string) => void = assert.fail): BackgroundLog {
  const result = BackgroundLog.open({ name: 'access log', target, onTrouble: (said) => onTrouble(textOf(said)) });
  assert.ok(result.ok, result.ok ? '' : result.message);
  after(() => result.log.close());
  return result.log;
}

/** The log's own timers do not keep a process alive; a test that waits for one has to. */
function stayAlive(): void {
  const timer = setInterval(() => {}, 1000);
  after(() => clearInterval(timer));
}

function linesOf(file: string): readonly string[] {
  return readFileSync(file, 'utf8').split('\n').slice(0, -1);
}

/** Acts like a full disk, whose room returns immediately. Only for regular files of this process. */
function limitFileSize(limit: 0 | 'unlimited'): void {
  // Without a listener, the signal that comes with the failed write would end the process.
  process.on('SIGXFSZ', () => {});
  const { status } = spawnSync('prlimit', [`--pid=${process.pid}`, `--fsize=${limit}:`]);
  assert.equal(status, 0);
}

function numbered(from: number, to: number): readonly string[] {
  return Array.from({ length: to - from }, (_, n) => `line ${from + n}`);
}

test('close() resolves when every line is written, in order', async () => {
  const file = freshPath();
  const log = opened(file);
  for (const line of numbered(0, 50_000)) log.write(line);
  await log.close();
  assert.deepEqual(linesOf(file), numbered(0, 50_000));
  assert.equal(log.dropped, 0);
  await log.close();
});

test('a single line is written without anything that follows it', async () => {
  const file = freshPath();
  const log = opened(file);
  log.write('alone');
  while (linesOf(file).length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(linesOf(file), ['alone']);
});

test('flushSync() writes all waiting lines before it returns', () => {
  const file = freshPath();
  const log = opened(file);
  log.write('now');
  log.flushSync();
  assert.deepEqual(linesOf(file), ['now']);
  log.flushSync();
  assert.deepEqual(linesOf(file), ['now']);
});

for (const how of ['exit', 'exit-while-writing', 'end', 'exception'] as const) {
  test(`no line is lost when the process ends by ${how}`, () => {
    const file = freshPath();
    spawnSync(process.execPath, [WRITER, file, how], { stdio: 'ignore' });
    assert.deepEqual([...linesOf(file)].sort(), [...numbered(0, 5000)].sort());
  });
}

test("'-' is stdout", () => {
  const { stdout } = spawnSync(process.execPath, [WRITER, '-', 'end'], { encoding: 'utf8' });
  assert.deepEqual(stdout.split('\n').slice(0, -1), numbered(0, 5000));
});

test('reopen() continues in a new file after a rotation; earlier lines are in the old one', async () => {
  const file = freshPath();
  const log = opened(file);
  log.write('before');
  renameSync(file, `${file}.1`);
  log.reopen();
  log.write('after');
  await log.close();
  assert.deepEqual([linesOf(`${file}.1`), linesOf(file)], [['before'], ['after']]);
});

test('reopen() in the middle of a write loses and doubles nothing', async () => {
  const file = freshPath();
  const log = opened(file);
  let next = 0;
  for (let rotation = 1; rotation <= 5; rotation += 1) {
    // Enough for a write to be in progress when the file is replaced, even twice.
    for (const line of numbered(next, next + 5000)) log.write(line);
    next += 5000;
    renameSync(file, `${file}.${rotation}`);
    log.reopen();
    if (rotation % 2 === 0) log.reopen();
    while (!existsSync(file)) await new Promise((resolve) => setImmediate(resolve));
  }
  log.write('last');
  await log.close();
  const all = [1, 2, 3, 4, 5].flatMap((rotation) => linesOf(`${file}.${rotation}`)).concat(linesOf(file));
  assert.equal(all.at(-1), 'last');
  assert.equal(linesOf(file).at(-1), 'last');
  assert.deepEqual([...all.slice(0, -1)].sort(), [...numbered(0, next)].sort());
});

test('a failing reopen() keeps the old file, and reports it', async () => {
  const file = freshPath();
  const troubles: string[] = [];
  const log = opened(file, (message) => troubles.push(message));
  renameSync(file, `${file}.1`);
  mkdirSync(file);
  log.reopen();
  log.write('still here');
  await log.close();
  assert.deepEqual(linesOf(`${file}.1`), ['still here']);
  assert.match(
    troubles.join(),
    /^Cannot reopen the access log: '.*' isn't writable \[.*directory.*\]; keeping the old file$/,
  );
});

test('reopen() that fails in the background does so, too, and the next one succeeds', async () => {
  const file = freshPath();
  const troubles: string[] = [];
  let told: () => void = () => {};
  const failed = new Promise<void>((resolve) => {
    told = resolve;
  });
  const log = opened(file, (message) => {
    troubles.push(message);
    told();
  });
  log.write('before');
  renameSync(file, `${file}.1`);
  mkdirSync(file);
  log.reopen();
  await failed;
  rmdirSync(file);
  log.write('between');
  log.reopen();
  await new Promise((resolve) => setImmediate(resolve));
  log.write('after');
  await log.close();
  assert.deepEqual([...linesOf(`${file}.1`), ...linesOf(file)], ['before', 'between', 'after']);
  assert.deepEqual(linesOf(file).at(-1), 'after');
  assert.match(
    troubles.join(),
    /^Cannot reopen the access log: '.*' isn't writable \[.*directory.*\]; keeping the old file$/,
  );
});

test('open() gives the file to the user that the workers run as', (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root can give files away');
  const file = freshPath();
  const result = BackgroundLog.open({ name: 'access log', target: file, owner: { uid: 12345, gid: 23456 } });
  assert.ok(result.ok);
  after(() => result.log.close());
  const { uid, gid } = statSync(file);
  assert.deepEqual([uid, gid], [12345, 23456]);
});

test('open() does not change the owner of a device', (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root can give files away');
  const before = statSync('/dev/null');
  after(() => chownSync('/dev/null', before.uid, before.gid));
  const result = BackgroundLog.open({ name: 'access log', target: '/dev/null', owner: { uid: 12345, gid: 23456 } });
  assert.ok(result.ok);
  after(() => result.log.close());
  const { uid, gid } = statSync('/dev/null');
  assert.deepEqual([uid, gid], [before.uid, before.gid]);
});

test('open() names a file that cannot be written, and the reason', () => {
  assert.deepEqual(BackgroundLog.open({ name: 'access log', target: '/nodir/x.log' }), {
    ok: false,
    message: "'/nodir/x.log' isn't writable [No such file or directory]",
  });
});

test('a full disk: lines are kept, then dropped and counted; kept lines are written when there is room', async () => {
  stayAlive();
  const file = freshPath();
  symlinkSync('/dev/full', file);
  const troubles: string[] = [];
  let told: () => void = () => {};
  const onTrouble = (message: string): void => {
    troubles.push(message);
    told();
  };
  const nextTrouble = (): Promise<void> =>
    new Promise((resolve) => {
      told = resolve;
    });
  const log = opened(file, onTrouble);
  const line = 'x'.repeat(1023);
  for (let n = 0; n < 6 * 1024; n += 1) log.write(line);
  assert.deepEqual(troubles, ['Dropping lines of the access log: too many are waiting to be written']);
  await nextTrouble();
  assert.deepEqual(troubles.slice(1), ['Cannot write the access log: No space left on device']);
  const { dropped } = log;
  assert.ok(dropped > 1000 && dropped < 3000, String(dropped));
  rmSync(file);
  log.reopen();
  await nextTrouble();
  assert.deepEqual(troubles.slice(2), [`Writing to the access log again; lines dropped so far: ${dropped}`]);
  await log.close();
  assert.equal(log.dropped, dropped);
  assert.equal(linesOf(file).length, 6 * 1024 - dropped);
});

test('a disk that stays full is reported once', async () => {
  stayAlive();
  const file = freshPath();
  symlinkSync('/dev/full', file);
  const troubles: string[] = [];
  const log = opened(file, (message) => troubles.push(message));
  for (const line of numbered(0, 10)) {
    log.write(line);
    // Fails, as does each attempt in the background.
    log.flushSync();
  }
  assert.deepEqual(troubles, ['Cannot write the access log: No space left on device']);
  rmSync(file);
  log.reopen();
  await log.close();
  assert.deepEqual(linesOf(file), numbered(0, 10));
});

test('flushSync() also writes lines that a full disk had delayed', async () => {
  stayAlive();
  const file = freshPath();
  let told: () => void = () => {};
  const failing = new Promise<void>((resolve) => {
    told = resolve;
  });
  const log = opened(file, () => told());
  limitFileSize(0);
  log.write('held up');
  await failing;
  log.write('later');
  limitFileSize('unlimited');
  log.flushSync();
  assert.deepEqual(linesOf(file), ['held up', 'later']);
  assert.equal(log.dropped, 0);
});

test('close() drops lines that cannot be written, and reports it', async () => {
  const troubles: string[] = [];
  const log = opened('/dev/full', (message) => troubles.push(message));
  log.write('one');
  log.write('two');
  await log.close();
  assert.deepEqual(troubles, ['Closing the access log before everything was written: No space left on device']);
  log.write('three');
  assert.equal(log.dropped, 1);
});

test('a stuck reader never blocks write(), and gets the kept lines', async () => {
  const child = fork(WRITER, ['-', 'flood'], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  // The child prints this when write() has accepted all its lines, and none has been read yet.
  const [{ written, dropped }] = await once(child, 'message');
  assert.ok(dropped > 0 && dropped < written);
  let lines = 0;
  for await (const chunk of child.stdout ?? []) {
    for (const byte of chunk) if (byte === 10) lines += 1;
  }
  assert.equal(lines, written - dropped);
});

test('a stuck reader does not keep the process from exiting', () => {
  // Python makes the pipe non-blocking, hands it on, and reads nothing before the process has ended.
  const reader = `
import os, subprocess, sys
r, w = os.pipe()
os.set_blocking(w, False)
code = subprocess.run(sys.argv[1:], stdout=w, timeout=30).returncode
os.close(w)
print(code, os.read(r, 1001) == b"x" * 1000 + b"\\n")
`;
  const { stdout, stderr } = spawnSync('python3', ['-c', reader, process.execPath, WRITER, '-', 'flood-exit'], {
    encoding: 'utf8',
  });
  assert.equal(stdout, '0 True\n', stderr);
});
