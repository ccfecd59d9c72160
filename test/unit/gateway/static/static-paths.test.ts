// From the path of a URL to a mount and a file: what leads where, and that nothing leads out of the folder.

import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { filePath } from '../../../../src/gateway/static/file-path.ts';
import { findMount, toStaticMounts } from '../../../../src/gateway/static/static-mounts.ts';
import { seededRandom } from '../http1/conversation.ts';

const MOUNTS = toStaticMounts([
  { route: '/static', folder: '/srv/static' },
  { route: '/static/media/', folder: '/srv/media' },
  { route: '/größe', folder: '/srv/size' },
]);

const FOUND: readonly (readonly [path: string, folder: string | null, rest?: string])[] = [
  ['/static/a.css', '/srv/static', '/a.css'],
  ['/static', '/srv/static', ''],
  ['/static/', '/srv/static', '/'],
  ['/static/media/a.png', '/srv/media', '/a.png'],
  ['/static/mediator.png', '/srv/static', '/mediator.png'],
  ['/%73tatic/a%2Fb', '/srv/static', '/a%2Fb'],
  ['/gr%C3%B6%c3%9fe/x', '/srv/size', '/x'],
  ['/gr\xc3\xb6\xc3\x9fe/x', '/srv/size', '/x'],
  ['/staticfile', null],
  ['/static%2Fa.css', null],
  ['/Static/a.css', null],
  ['//static/a.css', null],
  ['/', null],
  ['*', null],
  ['', null],
];

for (const [url, folder, rest = ''] of FOUND) {
  test(`the path '${url}' is ${folder === null ? 'the application’s' : `'${rest}' in ${folder}`}`, () => {
    const found = findMount(url, MOUNTS);
    assert.deepEqual(found === null ? null : [found.mount.folder, found.rest], folder === null ? null : [folder, rest]);
  });
}

test('beneath the route / is every path that begins with a slash', () => {
  const all = toStaticMounts([{ route: '/', folder: '/srv/www' }]);
  assert.equal(findMount('/a/b', all)?.rest, '/a/b');
  assert.equal(findMount('/', all)?.rest, '/');
  assert.equal(findMount('*', all), null);
  assert.equal(findMount('example.org:443', all), null);
});

const NAMED: readonly (readonly [rest: string, relative: string, asksFolder: boolean])[] = [
  ['', '', false],
  ['/', '', true],
  ['/a.css', 'a.css', false],
  ['/admin/css/base.css', 'admin/css/base.css', false],
  ['/docs/', 'docs', true],
  ['/a%20b', 'a b', false],
  ['/gr%C3%B6%C3%9Fe', 'größe', false],
  ['/100%', '100%', false],
  ['/%252e%252e', '%2e%2e', false],
  ['/a..b/c.', 'a..b/c.', false],
  ['/.well-known/security.txt', '.well-known/security.txt', false],
];

for (const [rest, relative, asksFolder] of NAMED) {
  test(`'${rest}' names '${relative}'`, () => {
    assert.deepEqual(filePath(rest), { relative, asksFolder });
  });
}

const REFUSED = [
  '/..',
  '/../etc/passwd',
  '/a/../../etc/passwd',
  '/%2e%2e/etc/passwd',
  '/.%2E/etc/passwd',
  '/a/./b',
  '/a//b',
  '//etc/passwd',
  '/a%2Fb',
  '/%2Fetc/passwd',
  '/..%2fetc',
  '/a\\..\\b',
  '/%5c..%5cetc',
  '/a%00.css',
  '/a%0ab',
  '/a%7f',
  '/.env',
  '/.git/config',
  '/a/.htpasswd',
  '/%2Eenv',
  '/a/.well-known/x',
  '/.well-known-x',
  '/a%FF',
  '/%C0%AE%C0%AE/etc',
  `/${'a/'.repeat(2100)}`,
];

for (const rest of REFUSED) {
  test(`'${rest.slice(0, 40)}' names no file`, () => {
    assert.equal(filePath(rest), null);
  });
}

const PIECES = [
  '..',
  '.',
  '/',
  '//',
  '%2f',
  '%2F',
  '%5c',
  '\\',
  '%2e',
  '%2E',
  '%00',
  '%',
  '%2',
  '%25',
  '%252e',
  '%252f',
];
const NAMES = [
  'a',
  'etc',
  'passwd',
  '.git',
  '.well-known',
  '%c0%ae',
  '%ef%bc%8f',
  '\xc3\xa4',
  '%0d%0a',
  ';',
  ' ',
  '~',
  'static',
  '%7e',
  '%u002e',
];

test('none of 100,000 random paths leads out of the folder, or to a hidden file', () => {
  const random = seededRandom(20_260);
  const pick = (words: readonly string[]): string => words[random(words.length)] ?? '';
  let named = 0;
  for (let round = 0; round < 100_000; round += 1) {
    let url = random(2) === 0 ? '/static/' : '/static';
    for (let length = random(9); length > 0; length -= 1) {
      if (random(10) === 0) url += String.fromCharCode(33 + random(222));
      else url += pick(random(2) === 0 ? PIECES : NAMES);
      if (random(3) === 0) url += '/';
    }
    const found = findMount(url, MOUNTS);
    const file = found === null ? null : filePath(found.rest);
    if (found === null || file === null || file.relative === '') continue;
    named += 1;
    const whole = `${found.mount.folder}/${file.relative}`;
    assert.equal(path.normalize(whole), whole, url);
    assert.ok(whole.startsWith(`${found.mount.folder}/`), url);
    const [first = '', ...others] = file.relative.split('/');
    assert.ok(first === '.well-known' || !first.startsWith('.'), url);
    assert.ok(!others.some((name) => name.startsWith('.') || name === ''), url);
    assert.doesNotMatch(file.relative, /[\x00-\x1f\\]/, url);
  }
  assert.ok(named > 5000, `only ${named} paths named a file`);
});
