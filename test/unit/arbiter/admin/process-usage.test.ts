// Memory and processor time from /proc.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { ProcessUsages, parseStat } from '../../../../src/arbiter/admin/process-usage.ts';

const UNITS = { pageBytes: 4096, ticksPerSecond: 100 };
const NUMBERS = '1 2 2 0 -1 4194560 100 0 0 0 250 150 0 0 20 0 1 0 12345 1000000 512 18446744073709551615';

test('the name of a process may contain anything', () => {
  assert.deepEqual(parseStat(`7 (a) S (b) S ${NUMBERS}`, UNITS), { cpuSeconds: 4, residentBytes: 512 * 4096 });
});

test('a zombie has no memory any more, and a truncated text is none', () => {
  assert.equal(parseStat(`7 (python) Z ${NUMBERS}`, UNITS), null);
  assert.equal(parseStat('7 (python) S 1 2', UNITS), null);
});

test('the processor time of a kind never goes back when a process ends', async () => {
  const usages = new ProcessUsages();
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log("up")']);
  await once(child.stdout, 'data');
  const worker = { pid: child.pid ?? 0, kind: 'worker' } as const;
  const both = [{ pid: process.pid, kind: 'arbiter' } as const, worker];
  const before = usages.totals(both, usages.look(both));
  assert.ok(before.worker.cpuSeconds > 0);
  assert.ok(before.worker.residentBytes > 1e6);
  assert.equal(before.worker.proportionalBytes, null);
  assert.ok((usages.look(both, true).get(worker.pid)?.proportionalBytes ?? 0) > 1e5);
  child.kill('SIGKILL');
  await once(child, 'exit');
  // Its end may not be known yet: it is still listed.
  for (const processes of [both, both.slice(0, 1)]) {
    const after = usages.totals(processes, usages.look(processes));
    assert.ok(after.worker.cpuSeconds >= before.worker.cpuSeconds);
    assert.equal(after.worker.residentBytes, 0);
  }
});
