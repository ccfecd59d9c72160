import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPythonDefaults } from '../../../src/generated-docs/python-defaults.ts';
import { SETTINGS } from '../../../src/settings/settings.ts';

test('Python gets every setting, with all that it needs to check a value', () => {
  const parsed = JSON.parse(formatPythonDefaults(SETTINGS));
  assert.deepEqual(
    Object.keys(parsed),
    SETTINGS.map(([name]) => name),
  );
  assert.equal(parsed.workers.kind, 'uint');
  assert.deepEqual(parsed.workers.flags, ['-w', '--workers']);
  assert.deepEqual(parsed.header_map.choices, ['drop', 'refuse', 'dangerous']);
});
