// Whether a process is still alive, and not another one with its pid.

import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { livingProcess, signalIfAlive, stillLives } from '../../../../src/arbiter/process/living-process.ts';
import { within } from '../../../harness/deadline.ts';

/** Runs Python that prints a line when it is so far; killed at the end of the test, if not before. */
async function python(
  t: TestContext,
  code: string,
): Promise<{ readonly child: ChildProcessWithoutNullStreams; readonly line: string }> {
  const child = spawn('python3', ['-u', '-c', code]);
  t.after(() => kill(child));
  const [line] = await within('a line of python3', once(child.stdout, 'data'));
  return { child, line: String(line).trim() };
}

async function kill(child: ChildProcessWithoutNullStreams): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await within('the end of python3', exited);
}

test('a process lives until it has ended', async (t) => {
  const { child, line } = await python(t, 'import os, time; print(os.getpid()); time.sleep(600)');
  const living = livingProcess(Number(line));
  assert.match(String(living.startTicks), /^\d+$/);
  assert.equal(stillLives(living), true);
  await kill(child);
  assert.equal(stillLives(living), false);
});

test('a later process with the same pid is another one', () => {
  const self = livingProcess(process.pid);
  assert.equal(stillLives(self), true);
  assert.equal(stillLives({ ...self, startTicks: '1' }), false);
});

test('a process with a confusing name has the right start time', async (t) => {
  const { child, line } = await python(
    t,
    "import os, time; open('/proc/self/comm', 'w').write(') Z 1 2 3 (x'); print(os.getpid()); time.sleep(600)",
  );
  const living = livingProcess(Number(line));
  assert.equal(stillLives(living), true);
  await kill(child);
  assert.equal(stillLives(living), false);
});

test('a zombie does not live, whether it became one before or after the first look', async (t) => {
  const { line } = await python(
    t,
    'import os, time\npid = os.fork()\nif pid == 0: time.sleep(600)\nprint(pid, flush=True)\ntime.sleep(600)',
  );
  const pid = Number(line);
  const alive = livingProcess(pid);
  assert.equal(stillLives(alive), true);
  process.kill(pid, 'SIGKILL');
  // It is not reaped: its parent sleeps.
  while (stillLives(alive)) await new Promise(setImmediate);
  assert.equal(stillLives(livingProcess(pid)), false);
});

test('without a start time, as where there is no /proc, a pid that exists is taken for the process', async (t) => {
  assert.equal(stillLives({ pid: process.pid, startTicks: null }), true);
  const { child, line } = await python(t, 'import os, time; print(os.getpid()); time.sleep(600)');
  await kill(child);
  assert.equal(stillLives({ pid: Number(line), startTicks: null }), false);
});

test('a process that ends between the check and the signal is not an error', () => {
  const signals: number[] = [];
  signalIfAlive(livingProcess(process.pid), 9, (_, signal) => {
    signals.push(signal);
    throw Object.assign(new Error('kill ESRCH'), { code: 'ESRCH' });
  });
  assert.deepEqual(signals, [9]);
  assert.throws(() =>
    signalIfAlive(livingProcess(process.pid), 9, () => {
      throw Object.assign(new Error('kill EPERM'), { code: 'EPERM' });
    }),
  );
});
