// The processes that begin before the rest of the command is loaded, on a guess.

import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import type { ForkserverCommand } from '../../../src/arbiter/forkserver/forkserver-command.ts';
import { EarlyProcesses } from '../../../src/cli/start/early-processes.ts';
import { guessInterpreter } from '../../../src/cli/start/interpreter.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tunicorn-early-'));
after(() => rmSync(folder, { recursive: true }));

function waiting(args: readonly string[]): ForkserverCommand {
  return { file: '/bin/sleep', args, cwd: '/', env: process.env, openFiles: null };
}

async function end(child: ChildProcess): Promise<NodeJS.Signals | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.signalCode;
}

test('the forkserver that began early is the first one, if its command is right', async () => {
  const early = new EarlyProcesses();
  early.startForkserver(waiting(['60']));
  const child = early.takeForkserver(waiting(['60']));
  assert.deepEqual(child.spawnargs, ['/bin/sleep', '60']);
  // It is taken, so it is not ended.
  early.discard();
  assert.equal(child.killed, false);
  child.kill('SIGTERM');
  assert.equal(await end(child), 'SIGTERM');
});

test('another command gets a forkserver of its own', async () => {
  const early = new EarlyProcesses();
  early.startForkserver(waiting(['60']));
  const child = early.takeForkserver(waiting(['70']));
  assert.deepEqual(child.spawnargs, ['/bin/sleep', '70']);
  child.kill('SIGTERM');
  assert.equal(await end(child), 'SIGTERM');
});

test('an early forkserver that could not be started is started again, for its error to be reported', async () => {
  const early = new EarlyProcesses();
  const missing = { ...waiting([]), file: path.join(folder, 'missing') };
  early.startForkserver(missing);
  const child = early.takeForkserver(missing);
  const [error] = await once(child, 'error');
  assert.equal(error.code, 'ENOENT');
});

test('an interpreter is guessed only if its own name tells that it is recent', () => {
  const bin = path.join(folder, 'bin');
  mkdirSync(bin);
  for (const name of ['python3.12', 'python3.8', 'snake']) {
    writeFileSync(path.join(bin, name), '#!/bin/sh\n');
    chmodSync(path.join(bin, name), 0o755);
  }
  symlinkSync('python3.12', path.join(bin, 'python3'));
  const guess = (python: string): string | null => guessInterpreter({ python, env: { PATH: bin }, cwd: folder });
  assert.equal(guess('python3'), path.join(bin, 'python3'));
  assert.deepEqual([guess('python3.8'), guess('snake'), guess('./missing/python3.12')], [null, null, null]);
});
