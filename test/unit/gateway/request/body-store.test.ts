// Bodies in memory, in a file, and nowhere.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { MemoryBudget } from '../../../../src/gateway/connection/memory-budget.ts';
import { SpoolBudget } from '../../../../src/gateway/connection/spool-budget.ts';
import { BodyStore, removeSpooled } from '../../../../src/gateway/request/body-store.ts';
import { eventually } from '../../../harness/deadline.ts';
import { collectGarbage } from '../http1/garbage.ts';

const scratch = fs.mkdtempSync(join(tmpdir(), 'tunicorn-body-'));
after(() => fs.rmSync(scratch, { recursive: true }));

function freshDir(): string {
  return fs.mkdtempSync(join(scratch, 'spool-'));
}

function newStore(
  dir: string,
  memoryBytes: number,
  budget: MemoryBudget = new MemoryBudget(0),
  disk: SpoolBudget = new SpoolBudget(0),
): BodyStore {
  return new BodyStore(dir, memoryBytes, budget, disk);
}

function openDescriptors(): number {
  return fs.readdirSync('/proc/self/fd').length;
}

function add(store: BodyStore, text: string): boolean {
  // As from a socket: the bytes are in the middle of a buffer that is used for other things afterwards.
  const chunk = Buffer.from(`<<${text}>>`, 'latin1');
  const taken = store.add(chunk, 2, chunk.length - 2);
  chunk.fill(0x21);
  return taken;
}

test('a body up to the limit stays in memory, in its order', () => {
  const dir = freshDir();
  const store = newStore(dir, 10);
  for (const piece of ['abc', '', 'defg', 'hij']) assert.equal(add(store, piece), true);
  assert.equal(store.size, 10);
  const { bytes, spoolPath } = store.take();
  assert.deepEqual([bytes?.toString(), spoolPath], ['abcdefghij', null]);
  assert.deepEqual(fs.readdirSync(dir), []);
});

test('a body of one piece is that piece', () => {
  const store = newStore(freshDir(), 10);
  add(store, 'one');
  assert.equal(store.take().bytes?.toString(), 'one');
});

test('without a body there are no bytes and no file', () => {
  assert.deepEqual(newStore(freshDir(), 10).take(), { bytes: null, spoolPath: null });
  const empty = newStore(freshDir(), 10);
  add(empty, '');
  assert.deepEqual(empty.take(), { bytes: null, spoolPath: null });
});

test("a body beyond the limit goes to a file that is the owner's alone, from its first byte on", () => {
  const dir = freshDir();
  const before = openDescriptors();
  const store = newStore(dir, 10);
  for (const piece of ['0123456789', 'a', '', 'bcdef', 'g'.repeat(100_000)]) assert.equal(add(store, piece), true);
  const { bytes, spoolPath } = store.take();
  assert.ok(bytes === null && spoolPath !== null);
  assert.equal(fs.readFileSync(spoolPath, 'latin1'), `0123456789abcdef${'g'.repeat(100_000)}`);
  assert.equal(store.size, 100_016);
  assert.equal(fs.statSync(spoolPath).mode & 0o777, 0o600);
  assert.deepEqual(
    fs.readdirSync(dir).map((name) => join(dir, name)),
    [spoolPath],
  );
  assert.equal(openDescriptors(), before, 'the file is closed');
});

test('the bytes in memory at the limit are in the file unchanged, and nothing else', () => {
  const store = newStore(freshDir(), 100);
  for (const piece of ['a'.repeat(30), 'b', 'c'.repeat(200)]) add(store, piece);
  assert.equal(fs.readFileSync(store.take().spoolPath ?? '', 'latin1'), `${'a'.repeat(30)}b${'c'.repeat(200)}`);
});

test('the first piece alone may be beyond the limit', () => {
  const store = newStore(freshDir(), 2);
  assert.equal(add(store, 'abc'), true);
  assert.equal(fs.readFileSync(store.take().spoolPath ?? '', 'latin1'), 'abc');
});

test('two bodies have two files', () => {
  const dir = freshDir();
  const paths = [1, 2].map((number) => {
    const store = newStore(dir, 0);
    add(store, `body ${number}`);
    return store.take().spoolPath ?? '';
  });
  assert.deepEqual(
    paths.map((path) => fs.readFileSync(path, 'latin1')),
    ['body 1', 'body 2'],
  );
});

test('discard() removes the file and closes it', async () => {
  const dir = freshDir();
  const before = openDescriptors();
  const store = newStore(dir, 1);
  add(store, 'abc');
  assert.equal(fs.readdirSync(dir).length, 1);
  store.discard();
  await eventually('the file to be removed', () => fs.readdirSync(dir).length === 0);
  assert.equal(openDescriptors(), before);
  assert.equal(add(store, 'more'), false);
  assert.deepEqual(fs.readdirSync(dir), []);
});

test('discard() of a body in memory forgets it', () => {
  const store = newStore(freshDir(), 10);
  add(store, 'abc');
  store.discard();
  assert.deepEqual(store.take(), { bytes: null, spoolPath: null });
});

test('discard() after take() leaves the file to its new owner, and other descriptors alone', async () => {
  const dir = freshDir();
  const store = newStore(dir, 1);
  add(store, 'abc');
  const { spoolPath } = store.take();
  const other = fs.openSync('/dev/null', 'r');
  store.discard();
  assert.ok(fs.fstatSync(other).isCharacterDevice());
  fs.closeSync(other);
  removeSpooled(join(dir, 'a file that is not there'));
  await new Promise((resolve) => fs.readdir(dir, resolve));
  assert.deepEqual(
    fs.readdirSync(dir).map((name) => join(dir, name)),
    [spoolPath],
  );
});

test('without a spool directory, add() returns false when the memory is used up, and from then on', () => {
  const before = openDescriptors();
  const store = newStore(join(freshDir(), 'missing'), 3);
  assert.deepEqual(
    ['abc', 'd', 'e'].map((piece) => add(store, piece)),
    [true, false, false],
  );
  store.discard();
  assert.deepEqual(store.take(), { bytes: null, spoolPath: null });
  assert.equal(openDescriptors(), before);
});

test('a full disk makes add() return false, and leaves neither file nor descriptor', async (t) => {
  const before = openDescriptors();
  for (const fullAfter of [0, 1]) {
    const dir = freshDir();
    const store = newStore(dir, 3);
    assert.equal(add(store, 'abc'), true);
    let writes = 0;
    const original = fs.writeSync;
    const mocked = t.mock.method(fs, 'writeSync', (...all: Parameters<typeof fs.writeSync>) => {
      if (writes >= fullAfter) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
      writes += 1;
      return original(...all);
    });
    assert.equal(add(store, 'd'), false);
    mocked.mock.restore();
    store.discard();
    await eventually('the file to be removed', () => fs.readdirSync(dir).length === 0);
  }
  assert.equal(openDescriptors(), before);
});

test('a body that arrives in pieces of one byte takes about as much memory as it has bytes', async () => {
  await collectGarbage();
  const before = process.memoryUsage();
  const store = newStore(freshDir(), 1024 * 1024);
  const chunk = Buffer.from('1\r\nx\r\n');
  for (let count = 0; count < 400_000; count += 1) store.add(chunk, 3, 4);
  await collectGarbage();
  const now = process.memoryUsage();
  const grown = now.heapUsed + now.external - before.heapUsed - before.external;
  assert.ok(grown < 4 * 1024 * 1024, `${grown} bytes for 400,000`);
  assert.equal(store.take().bytes?.toString(), 'x'.repeat(400_000));
});

test('a body in memory counts against the budget until it is discarded, or its new owner releases it', () => {
  const budget = new MemoryBudget(0);
  const store = newStore(freshDir(), 10, budget);
  add(store, 'abc');
  add(store, 'de');
  assert.equal(budget.usedBytes, 5);
  store.discard();
  assert.equal(budget.usedBytes, 0);
  const taken = newStore(freshDir(), 10, budget);
  add(taken, 'abc');
  taken.take();
  assert.equal(budget.usedBytes, 3, "it is the taker's now");
  taken.discard();
  assert.equal(budget.usedBytes, 3, 'and stays so');
});

test('a body that is moved to disk no longer counts, wherever it ends', () => {
  const budget = new MemoryBudget(0);
  const [taken, discarded] = [newStore(freshDir(), 4, budget), newStore(freshDir(), 4, budget)];
  for (const store of [taken, discarded]) {
    add(store, 'abc');
    add(store, 'defg');
    add(store, 'hi');
  }
  assert.equal(budget.usedBytes, 0);
  taken.take();
  discarded.discard();
  assert.equal(budget.usedBytes, 0);
});

test('when the budget is used up, bodies of any size go to disk, whole; those in memory stay until more of them arrives', () => {
  const budget = new MemoryBudget(5);
  const [resting, growing, late] = [1, 2, 3].map(() => newStore(freshDir(), 100, budget));
  assert.ok(resting !== undefined && growing !== undefined && late !== undefined);
  add(resting, 'rest');
  add(growing, 'grow');
  assert.equal(budget.usedBytes, 8);
  add(growing, 'ing');
  assert.equal(budget.usedBytes, 4);
  add(late, 'la');
  add(late, 'te');
  add(growing, '!');
  assert.deepEqual(
    [resting, late].map((store) => store.take().bytes?.toString()),
    ['rest', undefined],
    'the one that found it spent is on the disk',
  );
  assert.equal(fs.readFileSync(growing.take().spoolPath ?? '', 'latin1'), 'growing!');
});

test('a body that does not fit on disk leaves nothing in the budget', () => {
  const budget = new MemoryBudget(0);
  const store = newStore(join(freshDir(), 'missing'), 3, budget);
  add(store, 'abc');
  assert.equal(add(store, 'd'), false);
  assert.equal(add(store, 'e'), false);
  store.discard();
  assert.equal(budget.usedBytes, 0);
});

test('a body uses no more of a nearly full disk, and its share is released', () => {
  const dir = fs.mkdtempSync(join(scratch, 'short-'));
  const disk = new SpoolBudget(0);
  disk.hasFree(20);
  const store = newStore(dir, 5, new MemoryBudget(0), disk);
  assert.equal(add(store, '0123456789'), true);
  assert.equal(disk.usedBytes, 10);
  assert.equal(add(store, '0123456789'), true);
  assert.equal(add(store, 'x'), false, 'it has more than is left');
  store.discard();
  assert.equal(disk.usedBytes, 0);
});
