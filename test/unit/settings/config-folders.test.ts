// test/configs/README.md and the tests name every folder there.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../harness/project.ts';
import { configsDir } from '../../harness/subjects/config-folder.ts';

const folders = readdirSync(configsDir, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() && entry.name !== '__pycache__' ? [entry.name] : [],
);

test('every configuration has a line in the README, and every line a configuration', () => {
  const readme = readFileSync(join(configsDir, 'README.md'), 'utf8');
  const named = [...readme.matchAll(/^\| `([a-z-]+)` \| \S/gm)].map(([, name]) => name);
  assert.deepEqual(named.sort(), folders.sort());
});

test('every configuration is run by a test', () => {
  const directory = join(root, 'test', 'integration', 'configs');
  const files = readdirSync(directory).filter((name) => /^configs-.*\.test\.ts$/.test(name));
  const text = files.map((name) => readFileSync(join(directory, name), 'utf8')).join('');
  for (const folder of folders) assert.ok(text.includes(`'${folder}'`), folder);
});
