// The errors of the command and of preparing a clone if a requirement is missing.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ARBITER_FLAGS } from '../../../src/arbiter/gateways/gateway-process.ts';
import { root } from '../../harness/project.ts';

const scratch = mkdtempSync(join(tmpdir(), 'tunicorn-launcher-'));
after(() => rmSync(scratch, { recursive: true }));

let count = 0;

/** A clone that nothing has been built in, for this Node.js or a later one. */
function bareClone(engine: string): string {
  count += 1;
  const folder = join(scratch, String(count));
  cpSync(join(root, 'bin'), join(folder, 'bin'), { recursive: true });
  cpSync(join(root, 'prepare.mjs'), join(folder, 'prepare.mjs'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', engines: { node: engine } }));
  return folder;
}

function run(folder: string, script: string): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, script)], { encoding: 'utf8' });
  return { status, text: `${stdout}${stderr}`.trim() };
}

test('a Node.js that is too old gets an error of one line', () => {
  const { status, text } = run(bareClone('>=999'), 'bin/tunicorn');
  assert.equal(status, 1);
  assert.equal(text, `Error: Tunicorn needs Node.js 999 or later. This is ${process.version} at ${process.execPath}`);
});

test('the launcher has no syntax that an old Node.js does not know', () => {
  const code = readFileSync(join(root, 'bin', 'tunicorn'), 'utf8').replace(/^(?:#!|\/\/).*$/gm, '');
  assert.doesNotMatch(code, /=>|`|\?\?|\?\.|\b(?:const|let|class|import|export|async|await)\b/);
});

test('a clone that is not built gets an error with the command to build it', () => {
  const folder = bareClone('>=20');
  const { status, text } = run(folder, 'bin/tunicorn');
  assert.deepEqual([status, text], [1, `Error: Tunicorn is not built. Run "npm ci" in ${folder} first`]);
});

test('the preparation fails in one line without TypeScript, unless it has been built before', () => {
  const folder = bareClone('>=20');
  const { status, text } = run(folder, 'prepare.mjs');
  assert.equal(status, 1);
  assert.match(text, /^Tunicorn is not built, and TypeScript is not installed here\. Run "npm ci" in \S+ first/);
  mkdirSync(join(folder, 'dist', 'cli'), { recursive: true });
  writeFileSync(join(folder, 'dist', 'cli', 'main.js'), '');
  assert.deepEqual(run(folder, 'prepare.mjs'), { status: 0, text: '' });
});

test('every way to start Node.js gives the arbiter the flags that are kept from gateways', () => {
  for (const [file, starts] of [
    ['tunicorn', 1],
    ['as-process-1.sh', 2],
  ] as const) {
    const code = readFileSync(join(root, 'bin', file), 'utf8');
    const flags = [...code.matchAll(/"\$\{TUNICORN_NODE:-node\}" ((?:--\S+ )+)"\$0"/g)].map(([, given = '']) =>
      given.trim().split(' '),
    );
    assert.deepEqual(flags, new Array(starts).fill(ARBITER_FLAGS), file);
  }
});

test('applications find the variable that is hidden from Node.js', () => {
  const config = join(scratch, 'gunicorn.conf.py');
  writeFileSync(
    config,
    'import os\nprint(os.environ.get("NODE_EXTRA_CA_CERTS"), os.environ.get("TUNICORN_CA_CERTS"))\n',
  );
  const { NODE_EXTRA_CA_CERTS: _, ...environment } = process.env;
  const shown = (given: object): string => {
    const args = ['--print-config', '-c', config, 'wsgiref.simple_server:demo_app'];
    const env = { ...environment, ...given };
    return spawnSync(join(root, 'bin', 'tunicorn'), args, { encoding: 'utf8', env }).stdout.split('\n')[0] ?? '';
  };
  assert.equal(shown({ NODE_EXTRA_CA_CERTS: '/etc/ours.pem' }), '/etc/ours.pem None');
  assert.equal(shown({}), 'None None');
});
