// Messages with placeholders: their texts, and that none is formatted if its level is off.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorLog } from '../../../src/log/error-log.ts';
import { entry, textOf } from '../../../src/log/message.ts';

const GONE = {
  level: 'info',
  text: 'Worker (pid:{pid}) went, with {signal}, as {pid}',
  cause: 'It went.',
  remedy: 'Nothing.',
} as const;
const PLAIN = { level: 'warning', text: 'No {', cause: 'None.', remedy: 'None.' } as const;

test('each placeholder becomes its value, wherever it stands', () => {
  assert.equal(textOf(entry(GONE, { pid: 7, signal: 'SIGTERM' })), 'Worker (pid:7) went, with SIGTERM, as 7');
});

test('braces in a value stay', () => {
  assert.equal(textOf(entry(GONE, { pid: 7, signal: '{pid} $& {x}' })), 'Worker (pid:7) went, with {pid} $& {x}, as 7');
});

test('a text without placeholders is logged unchanged', () => {
  assert.equal(textOf(entry(PLAIN)), 'No {');
});

test('a level that is off formats nothing, and is counted', () => {
  const opened = ErrorLog.open({ source: 'arbiter', target: '/dev/null', level: 'error' });
  assert.ok(opened.ok);
  const said: string[] = [];
  opened.log.observer = { said: (level) => said.push(level), logged: assert.fail };
  const pid = { toString: assert.fail } as unknown as number;
  opened.log.say(GONE, { pid, signal: 'SIGTERM' });
  opened.log.close();
  assert.deepEqual(said, ['info']);
});
