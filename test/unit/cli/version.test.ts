import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../harness/project.ts';

test('the command, its lock file and the Python package have the same version', () => {
  const text = (...path: string[]) => readFileSync(join(root, ...path), 'utf8');
  const { version } = JSON.parse(text('package.json'));
  assert.equal(JSON.parse(text('package-lock.json')).version, version);
  assert.equal(/^__version__ = "(.*)"$/m.exec(text('python', 'tunicorn', 'version.py'))?.[1], version);
});
