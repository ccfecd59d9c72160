import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { formatPythonFacts } from '../../../src/generated-docs/python-facts.ts';
import { GUNICORN_VERSION } from '../../../src/gunicorn-version.ts';
import { workerClassOf } from '../../../src/settings/for-processes/worker-classes.ts';
import { root } from '../../harness/project.ts';

const pythonDir = join(root, 'python');

test('the metadata of our gunicorn package name the Gunicorn that we are measured against', () => {
  const folders = readdirSync(pythonDir).filter((name) => name.endsWith('.dist-info'));
  assert.deepEqual(folders, [`gunicorn-${GUNICORN_VERSION}.dist-info`]);
  const metadata = readFileSync(join(pythonDir, folders[0] ?? '', 'METADATA'), 'utf8');
  assert.match(metadata, new RegExp(`^Version: ${GUNICORN_VERSION.replaceAll('.', '\\.')}$`, 'm'));
});

test('README, the page on embedding, and the benches name that Gunicorn', () => {
  const texts = ['README.md', 'docs/embedding.md'].map((file) => readFileSync(join(root, file), 'utf8'));
  for (const text of texts) {
    const named = [...text.matchAll(/[Gg]unicorn[ /](\d+\.\d+\.\d+)/g)].map(([, version]) => version);
    assert.deepEqual(new Set(named), new Set([GUNICORN_VERSION]));
  }
  const requirements = readFileSync(join(root, 'bench', 'requirements.txt'), 'utf8');
  assert.match(requirements, new RegExp(`^gunicorn==${GUNICORN_VERSION}$`, 'm'));
});

test('each worker class that Python has a module for is in the table, and each of the table has one', () => {
  const modules = readdirSync(join(pythonDir, 'tunicorn', 'worker_classes'))
    .map((file) => /^(\w+)_worker\.py$/.exec(file)?.[1])
    .filter((name) => name !== undefined && name !== 'green');
  const table = [...formatPythonFacts(20).matchAll(/"(\w+)": WorkerClassFacts/g)].map(([, name]) => name ?? '');
  assert.deepEqual(modules.toSorted(), table.toSorted());
  for (const name of table) assert.equal(workerClassOf(name)?.name, name);
});
