// Lines for syslog.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { syslogLine } from '../../../src/telemetry/syslog-line.ts';

test('a line has priority, program, log, pid, message and a NUL', () => {
  const line = syslogLine({ facility: 'user', program: 'app.app' }, 'error', {
    level: 'info',
    pid: 21131,
    message: 'Starting',
  });
  assert.equal(line, '<14>gunicorn.app.app.error: [21131] Starting\0');
  assert.equal(
    syslogLine({ facility: 'user', program: 'a' }, 'access', { level: 'info', pid: 1, message: 'x' }),
    '<14>gunicorn.a.access: [1] x\0',
  );
});

for (const [facility, level, priority] of [
  ['kern', 'critical', 2],
  ['user', 'debug', 15],
  ['security', 'error', 35],
  ['auth', 'error', 35],
  ['authpriv', 'warning', 84],
  ['local7', 'info', 190],
] as const) {
  test(`${facility} and ${level} are the priority ${priority}`, () => {
    assert.ok(
      syslogLine({ facility, program: 'a' }, 'error', { level, pid: 1, message: 'x' }).startsWith(`<${priority}>`),
    );
  });
}

test('a NUL in a message does not end it', () => {
  assert.equal(
    syslogLine({ facility: 'user', program: 'a' }, 'error', { level: 'info', pid: 1, message: 'a\0b' }),
    '<14>gunicorn.a.error: [1] a\\x00b\0',
  );
});
