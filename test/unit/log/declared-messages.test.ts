// Every message of the error log is declared in src/log/catalog/ or python/tunicorn/log/catalog/: no call passes a free text.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../harness/project.ts';

/** These implement Gunicorn's Logger, whose methods take the texts of others, and show Gunicorn's hooks. */
const PASS_TEXTS_ON = [
  'python/tunicorn/config/hooks.py',
  'python/tunicorn/log/log.py',
  'python/tunicorn/log/python_log/fast_logger.py',
  'python/tunicorn/log/python_log/logger.py',
  'python/tunicorn/log/python_log/statsd.py',
  'python/tunicorn/log/catalog/__init__.py',
];

const TYPESCRIPT_CALL = /(?<!\b(?:Math|console|wording))\.log\(/;
const PYTHON_CALL = /(?<![a-zA-Z])log(?:ger)?\.(?:log|debug|info|warning|error|critical|exception)\(/;

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}/${name}`);
}

function callsIn(file: string, call: RegExp): string[] {
  const lines = readFileSync(join(root, file), 'utf8').split('\n');
  return lines.flatMap((line, index) => (call.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : []));
}

const calls = [
  ...filesBelow('src', '.ts').flatMap((file) => callsIn(file, TYPESCRIPT_CALL)),
  ...filesBelow('python/tunicorn', '.py').flatMap((file) => callsIn(file, PYTHON_CALL)),
];

test('no call of the log passes a free text', () => {
  assert.deepEqual(
    calls.filter((call) => !PASS_TEXTS_ON.some((start) => call.startsWith(start))),
    [],
  );
});
