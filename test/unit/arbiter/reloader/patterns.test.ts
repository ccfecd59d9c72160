// Which files the entries of reload_extra_files name; Python's glob, with recursive=True, agrees with every case.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { after, test } from 'node:test';
import { listFolder } from '../../../../src/arbiter/reloader/list-folder.ts';
import { matchFiles } from '../../../../src/arbiter/reloader/match-files.ts';

const FILES = [
  'app.py',
  'a.html',
  'b.txt',
  '.hidden.html',
  'x[1].html',
  'x1.html',
  'templates/base.html',
  'templates/.swap.html',
  'templates/shop/cart.html',
  'templates/shop/deep/er/item.html',
  'templates/.git/config.html',
  'templates/shop/notes.txt',
  'a-b/c+d.html',
];

const dir = mkdtempSync(join(tmpdir(), 'patterns-'));
after(() => rmSync(dir, { recursive: true }));
for (const file of FILES) {
  mkdirSync(dirname(join(dir, file)), { recursive: true });
  writeFileSync(join(dir, file), '');
}

const patterns: readonly (readonly [pattern: string, files: readonly string[]])[] = [
  ['*.html', ['a.html', 'x1.html', 'x[1].html']],
  ['.*.html', ['.hidden.html']],
  ['?.html', ['a.html']],
  ['[ab].*', ['a.html', 'b.txt']],
  ['[!a].txt', ['b.txt']],
  ['[a-c].html', ['a.html']],
  ['[c-a].html', []],
  ['x[[]1].html', ['x[1].html']],
  ['x[]1].html', ['x1.html']],
  ['[', []],
  ['templates/*.html', ['templates/base.html']],
  ['*/base.html', ['templates/base.html']],
  ['./templates//*.html', ['templates/base.html']],
  ['templates/**/*.html', ['templates/base.html', 'templates/shop/cart.html', 'templates/shop/deep/er/item.html']],
  ['**/*.txt', ['b.txt', 'templates/shop/notes.txt']],
  ['templates/**/er/*', ['templates/shop/deep/er/item.html']],
  ['templates/shop/**', ['templates/shop/cart.html', 'templates/shop/deep/er/item.html', 'templates/shop/notes.txt']],
  ['a-b/c+*.html', ['a-b/c+d.html']],
  ['templates/shop/../*.html', ['templates/base.html']],
  ['nowhere/**/*.html', []],
];

async function matches(entry: string): Promise<readonly string[]> {
  return (await matchFiles(entry, dir, listFolder)).map((file) => relative(dir, file)).sort();
}

for (const [pattern, files] of patterns) {
  test(`${pattern} names ${files.length === 0 ? 'nothing' : files.join(', ')}`, async () => {
    assert.deepEqual(await matches(pattern), [...files].sort());
    assert.deepEqual(await matches(join(dir, '.', pattern)), [...files].sort(), 'as an absolute pattern');
    assert.deepEqual(globOf(pattern), [...files].sort(), "by Python's glob");
  });
}

test('a path names itself, whether it is there or not', async () => {
  assert.deepEqual(await matches('a.html'), ['a.html']);
  assert.deepEqual(await matches('not-yet.html'), ['not-yet.html']);
});

test('a folder names the files in it that are not hidden', async () => {
  const files = ['base.html', 'shop/cart.html', 'shop/deep/er/item.html', 'shop/notes.txt'];
  assert.deepEqual(
    await matches('templates'),
    files.map((file) => `templates/${file}`),
  );
});

test('** does not follow a link that leads back up', async () => {
  const looped = mkdtempSync(join(dir, 'loop-'));
  writeFileSync(join(looped, 'in.html'), '');
  symlinkSync('..', join(looped, 'up'));
  assert.deepEqual(await matches(`${relative(dir, looped)}/**/*.html`), [`${relative(dir, looped)}/in.html`]);
  rmSync(looped, { recursive: true });
});

function globOf(pattern: string): readonly string[] {
  const script =
    'import glob, os, sys\nfor f in glob.glob(sys.argv[1], recursive=True):\n    if os.path.isfile(f): print(os.path.normpath(f))';
  const output = execFileSync('python3', ['-c', script, pattern], { cwd: dir, encoding: 'utf8' });
  return output
    .split('\n')
    .filter((line) => line !== '')
    .sort();
}
