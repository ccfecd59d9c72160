// The grid of versions in docs/compatibility.md fits what the package promises; the grid itself takes minutes, and is a command of its own.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../harness/project.ts';
import { readResults } from '../../versions/results.ts';

interface Wanted {
  readonly nodes: readonly string[];
  readonly pythons: readonly string[];
}

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const wanted = JSON.parse(read('test/versions/wanted.json')) as Wanted;
const { nodes, pythons, pairs, green, units, notRun } = readResults();
const minor = (version: string): string => version.split('.').slice(0, 2).join('.');

test('the grid begins with the oldest Node.js that package.json admits', () => {
  const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
  assert.equal(`>=${wanted.nodes[0]?.split('.')[0]}`, engines.node);
});

test('the grid begins with the oldest Python that the command and the wheel admit', () => {
  assert.ok(read('docs/settings.md').includes(`It must be Python ${wanted.pythons[0]} or later`));
  assert.ok(read('packaging/build_wheel.py').includes(`("Requires-Python", ">=${wanted.pythons[0]}")`));
});

test('each wanted version has been run, or is named as not run', () => {
  const left = (name: string): boolean => notRun.some((each) => each.name === name);
  for (const name of wanted.nodes) assert.ok(nodes.includes(name) || left(`Node.js ${name}`), `Node.js ${name}`);
  for (const name of wanted.pythons) {
    assert.ok(pythons.some((each) => minor(each) === name) || left(`CPython ${name}`), `CPython ${name}`);
  }
});

test('each version on the page has been run with another, and its unit tests, too', () => {
  for (const name of nodes)
    assert.ok(
      pairs.some(({ node }) => node === name),
      name,
    );
  for (const name of pythons)
    assert.ok(
      pairs.some(({ python }) => python === name),
      name,
    );
  for (const name of [...nodes, ...pythons])
    assert.ok(
      units.some((each) => each.name === name),
      name,
    );
});

test('everything works with each pair of versions on the page', () => {
  for (const { node, python, complaints } of [...pairs, green]) {
    assert.deepEqual(complaints, [], `Node.js ${node} with Python ${python}`);
  }
});
