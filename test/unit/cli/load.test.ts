// bin/load.cjs: which build of a process runs, and which compiled code it keeps.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { root } from '../../harness/project.ts';

const scratch = mkdtempSync(join(tmpdir(), 'tunicorn-load-'));
after(() => rmSync(scratch, { recursive: true }));

const OLD = new Date(2020, 1, 1);
const HASH = '0123456789abcdef';

let count = 0;

/** An installation whose gateway is this code, as a bundle or as a module. */
function installation(code: { readonly bundle?: string; readonly module?: string }, name = 'server'): string {
  count += 1;
  const folder = join(scratch, String(count), name);
  cpSync(join(root, 'bin'), join(folder, 'bin'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  mkdirSync(join(folder, 'dist', 'bundle'), { recursive: true });
  mkdirSync(join(folder, 'dist', 'gateway'), { recursive: true });
  if (code.bundle !== undefined) writeFileSync(bundleOf(folder), `${code.bundle}\n//${HASH}\n`);
  if (code.module !== undefined) writeFileSync(moduleOf(folder), code.module);
  return folder;
}

function bundleOf(folder: string): string {
  return join(folder, 'dist', 'bundle', 'gateway.cjs');
}

function moduleOf(folder: string): string {
  return join(folder, 'dist', 'gateway', 'main.js');
}

function run(folder: string, liveMs = 0, env: Readonly<Record<string, string>> = {}): string {
  const program = [join(folder, 'bin', 'gateway.cjs'), String(liveMs)];
  const { stdout, stderr } = spawnSync(process.execPath, program, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return `${stdout}${stderr}`.trim();
}

/** The compiled code that processes have kept. */
function kept(folder: string): string[] {
  return readdirSync(join(folder, 'dist', 'bundle')).filter((name) => name.endsWith('.v8'));
}

const CODE = "console.log('bundle'); setTimeout(() => {}, Number(process.argv[2]));";
/** By then the code has been kept. */
const LONG_MS = 3500;

test('the bundle runs, unless the modules have been compiled after it', () => {
  const folder = installation({ bundle: "console.log('bundle')", module: "console.log('modules')" });
  utimesSync(moduleOf(folder), OLD, OLD);
  assert.equal(run(folder), 'bundle');
  utimesSync(bundleOf(folder), new Date(2019, 1, 1), new Date(2019, 1, 1));
  assert.equal(run(folder), 'modules');
});

test('the compiled code of a bundle is kept, and only its owner may change it; damaged code is replaced', () => {
  const folder = installation({ bundle: CODE });
  assert.equal(run(folder, LONG_MS), 'bundle');
  const [name = '', ...more] = kept(folder);
  assert.deepEqual(more, []);
  assert.match(name, new RegExp(`^gateway\\.cjs\\.${HASH}-[0-9a-f]+\\.v8$`));
  const file = join(folder, 'dist', 'bundle', name);
  const { mode, size } = statSync(file);
  assert.equal(mode & 0o777, 0o644);
  writeFileSync(file, 'no code');
  assert.equal(run(folder, LONG_MS), 'bundle');
  assert.equal(statSync(file).size, size);
  assert.equal(run(folder), 'bundle');
});

test('an installation of pip keeps compiled code in the private folder of the user, and removes what is long unused', () => {
  const folder = installation({ bundle: CODE }, '_server');
  const home = join(scratch, 'home');
  const cache = join(home, '.cache', 'tunicorn');
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  const unused = join(cache, 'gateway.cjs.0-0.v8');
  writeFileSync(unused, '');
  utimesSync(unused, OLD, OLD);
  const env = { HOME: home, XDG_CACHE_HOME: '' };
  assert.equal(run(folder, LONG_MS, env), 'bundle');
  assert.deepEqual(kept(folder), []);
  assert.match(readdirSync(cache).join(' '), new RegExp(`^gateway\\.cjs\\.${HASH}-[0-9a-f]+\\.v8$`));
  assert.equal(run(folder, 0, env), 'bundle');
});

test('a folder that others may write is not used, and neither is a home that does not exist', () => {
  const folder = installation({ bundle: CODE }, '_server');
  const shared = join(scratch, 'shared');
  mkdirSync(join(shared, 'tunicorn'), { recursive: true });
  chmodSync(join(shared, 'tunicorn'), 0o777);
  assert.equal(run(folder, LONG_MS, { XDG_CACHE_HOME: shared }), 'bundle');
  assert.deepEqual(readdirSync(join(shared, 'tunicorn')), []);
  const none = { HOME: '/proc/nowhere', XDG_CACHE_HOME: '' };
  assert.equal(run(folder, LONG_MS, none), 'bundle');
});

test('a bundle runs from a folder that cannot be written', () => {
  const folder = installation({ bundle: CODE });
  chmodSync(join(folder, 'dist', 'bundle'), 0o555);
  assert.equal(run(folder), 'bundle');
});

test('a stack trace of the real gateway names files of src', () => {
  const script = `
    const { load } = require('${join(root, 'bin', 'load.cjs')}');
    load('gateway').then(() => process.emit('message', null));
  `;
  const { stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  assert.match(stderr, /^ {4}at obey \(src\/gateway\/main\.ts:\d+:\d+\)$/m);
});
