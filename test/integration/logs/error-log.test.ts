// The error log of a Node process: real files, pipes and ends of processes.

import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { ErrorLog, type ErrorLogOptions } from '../../../src/log/error-log.ts';
import type { LogLevel } from '../../../src/log/log-line.ts';
import { type Entry, entry } from '../../../src/log/message.ts';

const MODULE = new URL('../../../src/log/error-log.js', import.meta.url).href;
const LINE = /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}\] \[(\d+)\] \[([A-Z]+)\] (.*)$/s;

const root = mkdtempSync(path.join(tmpdir(), 'tunicorn-error-log-'));
after(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
function freshPath(): string {
  count += 1;
  return path.join(root, `${count}.log`);
}

function opened(target: string, changes: Partial<ErrorLogOptions> = {}): ErrorLog {
  const result = ErrorLog.open({ source: 'arbiter', target, level: 'info', ...changes });
  assert.ok(result.ok, result.ok ? '' : result.message);
  after(() => result.log.close());
  return result.log;
}

function said(level: LogLevel, text: string): Entry {
  return entry({ level, text, cause: 'A test.', remedy: 'None.' });
}

function entries(text: string): readonly (readonly string[])[] {
  return text
    .split(/\n(?=\[|$)/)
    .filter((text) => text !== '')
    .map((text) => LINE.exec(text)?.slice(1) ?? [text]);
}

test('enter() appends an entry with pid and level, before it returns', () => {
  const file = freshPath();
  writeFileSync(file, '');
  const log = opened(file);
  log.enter(said('info', 'first'));
  log.enter(said('critical', 'WORKER TIMEOUT\n  Traceback'), 4242);
  assert.deepEqual(entries(readFileSync(file, 'utf8')), [
    [String(process.pid), 'INFO', 'first'],
    ['4242', 'CRITICAL', 'WORKER TIMEOUT\n  Traceback'],
  ]);
  const again = opened(file);
  again.enter(said('info', 'second'));
  assert.equal(entries(readFileSync(file, 'utf8')).length, 3);
});

test('enter() leaves out messages below the level, which may change', () => {
  const file = freshPath();
  const log = opened(file, { level: 'error' });
  log.enter(said('warning', 'no'));
  log.enter(said('error', 'yes'));
  log.level = 'debug';
  log.enter(said('debug', 'now'));
  assert.deepEqual(
    entries(readFileSync(file, 'utf8')).map((entry) => entry[2]),
    ['yes', 'now'],
  );
});

test("'-' is stderr, and nothing is lost at exit", () => {
  const code = `import(${JSON.stringify(MODULE)}).then(({ ErrorLog }) => {
    const { log } = ErrorLog.open({ source: 'arbiter', target: '-', level: 'info' });
    for (let n = 0; n < 1000; n += 1) log.enter({ message: { level: 'info', text: 'line ' + n }, values: {} });
    process.exit(0);
  })`;
  const { stderr } = spawnSync(process.execPath, ['-e', code], { encoding: 'utf8' });
  const found = entries(stderr);
  assert.equal(found.length, 1000);
  assert.equal(found[999]?.[2], 'line 999');
});

test('entries of several processes in one file do not mix', async () => {
  const file = freshPath();
  const code = `import(${JSON.stringify(MODULE)}).then(({ ErrorLog }) => {
    const { log } = ErrorLog.open({ source: 'arbiter', target: ${JSON.stringify(file)}, level: 'info' });
    for (let n = 0; n < 200; n += 1) log.enter({ message: { level: 'info', text: process.argv[1].repeat(5000) }, values: {} });
  })`;
  const children = ['a', 'b', 'c'].map((letter) => spawn(process.execPath, ['-e', code, letter], { stdio: 'inherit' }));
  await Promise.all(children.map((child) => once(child, 'close')));
  const found = entries(readFileSync(file, 'utf8'));
  assert.equal(found.length, 600);
  for (const [, , message = ''] of found) assert.match(message, /^(a{5000}|b{5000}|c{5000})$/);
});

test('reopen() continues in a new file after a rotation', () => {
  const file = freshPath();
  const log = opened(file);
  log.enter(said('info', 'before'));
  renameSync(file, `${file}.1`);
  log.enter(said('info', 'between'));
  log.reopen();
  log.enter(said('info', 'after'));
  const messages = (name: string): readonly unknown[] => entries(readFileSync(name, 'utf8')).map((entry) => entry[2]);
  assert.deepEqual(messages(`${file}.1`), ['before', 'between']);
  assert.deepEqual(messages(file), ['after']);
});

test('a failing reopen() keeps the old file, and reports it there', () => {
  const file = freshPath();
  const log = opened(file);
  renameSync(file, `${file}.1`);
  mkdirSync(file);
  log.reopen();
  log.enter(said('info', 'still here'));
  const [failure, after] = entries(readFileSync(`${file}.1`, 'utf8'));
  assert.match(
    failure?.[2] ?? '',
    /^Cannot reopen the error log: '.*' isn't writable \[.*directory.*\]; keeping the old file$/,
  );
  assert.equal(after?.[2], 'still here');
});

test('open() names a file that cannot be written, and the reason', () => {
  assert.deepEqual(ErrorLog.open({ source: 'arbiter', target: '/nodir/x.log', level: 'info' }), {
    ok: false,
    message: "'/nodir/x.log' isn't writable [No such file or directory]",
  });
});

test('open() gives the file to the user that the workers run as', (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root can give files away');
  const file = freshPath();
  opened(file, { owner: { uid: 12345, gid: 23456 } });
  const { uid, gid } = statSync(file);
  assert.deepEqual([uid, gid], [12345, 23456]);
});

test('a full disk costs the entry, not the process, and is counted', () => {
  const file = freshPath();
  symlinkSync('/dev/full', file);
  const log = opened(file);
  log.enter(said('info', 'lost'));
  log.enter(said('info', 'lost too'));
  assert.equal(log.dropped, 2);
  rmSync(file);
  log.reopen();
  log.enter(said('info', 'kept'));
  assert.equal(log.dropped, 2);
  log.enter(said('info', 'kept, too'));
  assert.deepEqual(
    entries(readFileSync(file, 'utf8')).map(([, level, message]) => [level, message]),
    [
      ['INFO', 'kept'],
      ['ERROR', 'Writing to the error log again; lines dropped so far: 2'],
      ['INFO', 'kept, too'],
    ],
  );
});

test('an entry that a full disk cut short does not run into the next one', () => {
  const file = freshPath();
  execFileSync('mkfifo', [file]);
  const reader = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  after(() => closeSync(reader));
  const log = opened(file);
  log.enter(said('info', 'x'.repeat(100_000)));
  assert.equal(log.dropped, 1);
  readSync(reader, Buffer.alloc(200_000));
  log.enter(said('info', 'kept'));
  const rest = Buffer.alloc(1000);
  const text = rest.toString('utf8', 0, readSync(reader, rest));
  assert.match(
    text,
    /^\n\[.*\] \[INFO\] kept\n\[.*\] \[ERROR\] Writing to the error log again; lines dropped so far: 1\n$/,
  );
});

test('a full non-blocking pipe is waited for, and all entries arrive', async () => {
  const code = `import(${JSON.stringify(MODULE)}).then(({ ErrorLog }) => {
    const { log } = ErrorLog.open({ source: 'arbiter', target: '-', level: 'info' });
    for (let n = 0; n < 10; n += 1) log.enter({ message: { level: 'info', text: 'x'.repeat(300000) }, values: {} });
    process.exit(log.dropped);
  })`;
  // Python makes the pipe non-blocking, hands it on, and reads it only when it is full; each entry fills it several times.
  const reader = `
import os, subprocess, sys
r, w = os.pipe()
os.set_blocking(w, False)
child = subprocess.Popen(sys.argv[1:], stderr=w)
import fcntl, termios, array
waiting = array.array('i', [0])
while waiting[0] < 65536 and child.poll() is None:
    fcntl.ioctl(r, termios.FIONREAD, waiting)
os.close(w)
total = 0
while True:
    chunk = os.read(r, 65536)
    if not chunk: break
    total += chunk.count(b'\\n')
print(total, child.wait())
`;
  const { stdout, stderr } = spawnSync('python3', ['-c', reader, process.execPath, '-e', code], { encoding: 'utf8' });
  assert.equal(stdout, '10 0\n', stderr);
});
