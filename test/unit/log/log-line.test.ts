// Lines of the error log, and the times in both logs.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { isLogged, type LogLevel, logLine } from '../../../src/log/log-line.ts';
import { accessLogTime, errorLogTime } from '../../../src/log/log-time.ts';
import { systemErrorReason } from '../../../src/log/system-error-reason.ts';

const NOW_MS = Date.UTC(2026, 10, 20, 23, 40, 6, 789);

const ZONES = [
  ['UTC', '[2026-11-20 23:40:06 +0000]', '[20/Nov/2026:23:40:06 +0000]'],
  ['Asia/Kolkata', '[2026-11-21 05:10:06 +0530]', '[21/Nov/2026:05:10:06 +0530]'],
  ['America/St_Johns', '[2026-11-20 20:10:06 -0330]', '[20/Nov/2026:20:10:06 -0330]'],
] as const;

for (const [zone, errorTime, accessTime] of ZONES) {
  test(`times are local, with the offset of the time zone: ${zone}`, () => {
    const url = new URL('../../../src/log/log-time.js', import.meta.url).href;
    const code = `import(${JSON.stringify(url)}).then((m) => console.log(m.errorLogTime(${NOW_MS}) + m.accessLogTime(${NOW_MS})))`;
    const { stdout } = spawnSync(process.execPath, ['-e', code], {
      env: { ...process.env, TZ: zone },
      encoding: 'utf8',
    });
    assert.equal(stdout, `${errorTime}${accessTime}\n`);
  });
}

test('times move on with the second, and back when the clock is set back', () => {
  for (const time of [errorLogTime, accessLogTime]) {
    const first = time(NOW_MS);
    assert.equal(time(NOW_MS + 200), first);
    assert.notEqual(time(NOW_MS + 211), first);
    assert.equal(time(NOW_MS), first);
  }
});

test('logLine() writes time, pid, level and message as Gunicorn does', () => {
  const line = logLine('warning', 'two\nlines', 4242, NOW_MS);
  assert.equal(line, `${errorLogTime(NOW_MS)} [4242] [WARNING] two\nlines`);
});

test('isLogged() accepts the threshold and the levels above it', () => {
  const levels: readonly LogLevel[] = ['debug', 'info', 'warning', 'error', 'critical'];
  for (const [rank, threshold] of levels.entries()) {
    assert.deepEqual(
      levels.filter((level) => isLogged(level, threshold)),
      levels.slice(rank),
    );
  }
});

test('systemErrorReason() names the reason alone', () => {
  assert.equal(
    systemErrorReason(Object.assign(new Error('EACCES: permission denied, open x'), { errno: -13 })),
    'Permission denied',
  );
  assert.equal(systemErrorReason(new Error('something else')), 'something else');
  assert.equal(systemErrorReason('text'), 'text');
});
