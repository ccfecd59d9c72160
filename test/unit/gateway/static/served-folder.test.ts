// Files of a real folder: small ones are kept in memory, changes are seen at once, and links out of the folder lead nowhere.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { closeFile, fill, ServedFolder } from '../../../../src/gateway/static/open-file.ts';
import { SmallFiles } from '../../../../src/gateway/static/small-files.ts';

/** Long ago, so that a file is kept. */
const THEN = 1_700_000_000;
const PLENTY = { limit: Number.POSITIVE_INFINITY, reserved: 0 };

interface Bench {
  readonly dir: string;
  readonly folder: ServedFolder;
  write(name: string, text: string): void;
  /** The kind of file and its content, or why there is none. */
  read(name: string): Promise<string>;
}

function bench(t: TestContext): Bench {
  const dir = mkdtempSync(join(tmpdir(), 'served-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  mkdirSync(join(dir, 'site', 'sub'), { recursive: true });
  const folder = new ServedFolder(join(dir, 'site'), new SmallFiles(), PLENTY);
  return {
    dir,
    folder,
    write(name, text) {
      writeFileSync(join(dir, name), text);
      utimesSync(join(dir, name), THEN, THEN);
    },
    async read(name) {
      const opened = await folder.open(name);
      if (opened.kind !== 'file') return opened.kind;
      const { file } = opened;
      const content = file.kind === 'kept' ? file.content : Buffer.alloc(file.sizeBytes);
      if (file.kind === 'open') await fill(content, file, 0, true);
      closeFile(file);
      return `${file.kind}: ${content.length > 20 ? content.length : content}`;
    },
  };
}

test('a small file is kept, and each change of it is seen at once, even with the same size and time', async (t) => {
  const { dir, write, read } = bench(t);
  write('site/a.txt', 'one');
  assert.equal(await read('a.txt'), 'kept: one');
  assert.equal(await read('a.txt'), 'kept: one');
  write('site/a.txt', 'two');
  assert.equal(await read('a.txt'), 'kept: two');
  write('site/b.txt', '333');
  renameSync(join(dir, 'site/b.txt'), join(dir, 'site/a.txt'));
  assert.equal(await read('a.txt'), 'kept: 333');
  rmSync(join(dir, 'site/a.txt'));
  assert.equal(await read('a.txt'), 'missing');
  write('site/a.txt', 'four');
  assert.equal(
    (await Promise.all(Array.from({ length: 20 }, () => read('a.txt')))).join(),
    Array(20).fill('kept: four').join(),
  );
});

test('a file that was written to just now, or is large, is read again each time', async (t) => {
  const { dir, write, read } = bench(t);
  writeFileSync(join(dir, 'site/new.txt'), 'new');
  assert.equal(await read('new.txt'), 'open: new');
  write('site/large.txt', 'x'.repeat(200_000));
  assert.equal(await read('large.txt'), 'open: 200000');
});

test('the oldest of the kept files make room for others', async (t) => {
  const { write, read } = bench(t);
  for (let at = 0; at < 200; at += 1) write(`site/sub/${at}.bin`, String(at % 10).repeat(100_000));
  for (let round = 0; round < 2; round += 1) {
    for (let at = 0; at < 200; at += 1) assert.equal(await read(`sub/${at}.bin`), 'kept: 100000');
  }
});

test('a link that comes to lead out of the folder leads nowhere, also for a file that is kept', async (t) => {
  const { dir, write, read } = bench(t);
  write('secret.txt', 'secret');
  write('site/a.txt', 'plain');
  const link = (target: string): void => {
    rmSync(join(dir, 'site/link.txt'), { force: true });
    symlinkSync(target, join(dir, 'site/link.txt'));
  };
  link('a.txt');
  assert.equal(await read('link.txt'), 'kept: plain');
  link('../secret.txt');
  assert.equal(await read('link.txt'), 'missing');
  link('../site/a.txt');
  assert.equal(await read('link.txt'), 'kept: plain');
  link(join(dir, 'secret.txt'));
  assert.equal(await read('link.txt'), 'missing');
});

test('a folder that is a link is followed where it leads now', async (t) => {
  const { dir, write } = bench(t);
  for (const release of ['1', '2']) {
    mkdirSync(join(dir, release));
    write(`${release}/a.txt`, `release ${release}`);
  }
  symlinkSync('1', join(dir, 'current'));
  const folder = new ServedFolder(join(dir, 'current'), new SmallFiles(), PLENTY);
  const read = async (): Promise<string> => {
    const opened = await folder.open('a.txt');
    return opened.kind === 'file' && opened.file.kind === 'kept' ? opened.file.content.toString() : opened.kind;
  };
  assert.equal(await read(), 'release 1');
  symlinkSync('2', join(dir, 'next'));
  renameSync(join(dir, 'next'), join(dir, 'current'));
  assert.equal(await read(), 'release 2');
  rmSync(join(dir, 'current'));
  assert.equal(await read(), 'missing');
});

test('folders are told from files; what is neither is missing', async (t) => {
  const { read, write } = bench(t);
  write('site/a.txt', 'a');
  assert.equal(await read('sub'), 'folder');
  assert.equal(await read(''), 'folder');
  assert.equal(await read('a.txt/b'), 'missing');
  assert.equal(await read('x'.repeat(300)), 'missing');
});

test('nothing is opened with the descriptors that are reserved for workers; a file that is kept needs none', async (t) => {
  const { dir, write } = bench(t);
  write('site/a.txt', 'a');
  const small = new SmallFiles();
  const poor = new ServedFolder(join(dir, 'site'), small, { limit: 5, reserved: 5 });
  await assert.rejects(poor.open('a.txt'), { code: 'EMFILE' });
  await new ServedFolder(join(dir, 'site'), small, PLENTY).open('a.txt');
  assert.equal((await poor.open('a.txt')).kind, 'file');
});
