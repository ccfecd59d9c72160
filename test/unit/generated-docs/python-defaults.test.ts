import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { formatPythonDefaults } from '../../../src/generated-docs/python-defaults.ts';
import { SETTINGS } from '../../../src/settings/settings.ts';
import { root } from '../../harness/project.ts';

test('python/tunicorn/config/setting_defaults.json is what `npm run docs` writes', () => {
  const written = readFileSync(join(root, 'python', 'tunicorn', 'config', 'setting_defaults.json'), 'utf8');
  assert.equal(written, formatPythonDefaults(SETTINGS));
});

test('Python gets every setting, with what it needs to check a value', () => {
  const parsed = JSON.parse(formatPythonDefaults(SETTINGS));
  assert.deepEqual(
    Object.keys(parsed),
    SETTINGS.map(([name]) => name),
  );
  assert.equal(parsed.workers.kind, 'uint');
  assert.deepEqual(parsed.workers.flags, ['-w', '--workers']);
  assert.deepEqual(parsed.header_map.choices, ['drop', 'refuse', 'dangerous']);
});
