// What the command takes from the launcher's description, and what it refuses.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { interpreterOfLauncher, readLauncher } from '../../../src/cli/start/launcher.ts';

const described = {
  node: 'PATH',
  givenNode: null,
  again: ['/venv/bin/python', '/venv/bin/tunicorn'],
  python: '/venv/bin/python',
  pythonVersion: [3, 11, 7],
  pythonFlags: ['-Xdev'],
};

test('the interpreter of the installation is not asked for its version', () => {
  const launcher = readLauncher(JSON.stringify(described));
  assert.ok(launcher !== null && typeof launcher !== 'string');
  assert.deepEqual(interpreterOfLauncher(launcher), {
    ok: true,
    interpreter: { path: '/venv/bin/python', version: [3, 11, 7], source: 'the installation' },
    notes: [],
  });
});

test('without a launcher there is no description; a wrong one is an error that names the variable', () => {
  assert.equal(readLauncher(undefined), null);
  assert.equal(interpreterOfLauncher(null), null);
  for (const text of ['', '{', JSON.stringify({ ...described, again: [] })]) {
    assert.match(
      String(readLauncher(text)),
      /^TUNICORN_LAUNCHER in the environment is not what Tunicorn's launcher writes/,
    );
  }
});
