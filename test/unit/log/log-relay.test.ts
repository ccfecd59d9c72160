// The relay of log lines and access records to the process that writes them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogRelay } from '../../../src/log/log-relay.ts';
import type { RelayedAccess, RelayedLine } from '../../../src/log/relayed-log.ts';
import { logWriterOf } from '../../../src/settings/for-processes/log-writer.ts';

const access: RelayedAccess = {
  type: 'access',
  fields: 'REQUEST_METHOD\0GET',
  status: 503,
  bodyBytes: 0,
  responseHead: '',
  durationUs: 1,
  queuedMs: 0,
  end: 'overload',
  pid: 7,
};

function targetWithRoom(): { hasRoom: boolean; sent: (RelayedAccess | RelayedLine)[] } & {
  send(message: RelayedAccess | RelayedLine): void;
} {
  const sent: (RelayedAccess | RelayedLine)[] = [];
  return { hasRoom: true, sent, send: (message) => sent.push(message) };
}

test('without a target, the caller writes its lines itself', () => {
  assert.equal(new LogRelay().line('info', 'said', 7), false);
});

test('a line goes to the target with level and pid, as long as that has room', () => {
  const relay = new LogRelay();
  const target = targetWithRoom();
  relay.target = target;
  assert.equal(relay.line('info', 'said', 7), true);
  target.hasRoom = false;
  assert.equal(relay.line('info', 'not said', 7), false);
  assert.deepEqual(target.sent, [{ type: 'log', level: 'info', message: 'said', pid: 7 }]);
});

test('access records beyond the room are dropped, counted, and reported once there is room again', () => {
  const relay = new LogRelay();
  const target = targetWithRoom();
  relay.target = target;
  target.hasRoom = false;
  relay.access(access);
  relay.access(access);
  assert.equal(relay.dropped, 2);
  target.hasRoom = true;
  relay.access(access);
  relay.access(access);
  assert.equal(relay.dropped, 2, 'the number never goes back');
  assert.deepEqual(
    target.sent.map((message) => (message.type === 'log' ? message.message : message.type)),
    ['Dropped lines of the access log (2): too many were waiting to be written', 'access', 'access'],
  );
});

test('Python writes with a logger class of the user or a log configuration, and only then', () => {
  const plain = { logger_class: 'gunicorn.glogging.Logger', logconfig: null, logconfig_dict: {}, logconfig_json: null };
  assert.equal(logWriterOf(plain), 'node');
  for (const name of [
    ...['gunicorn.glogging:Logger', 'simple', 'egg:gunicorn#simple', 'egg:Gunicorn#simple'],
    ...['gunicorn.instrument.statsd.Statsd', 'gunicorn.instrument.statsd:Statsd'],
  ])
    assert.equal(logWriterOf({ ...plain, logger_class: name }), 'node', name);
  assert.equal(logWriterOf({ ...plain, logger_class: 'logs:Own' }), 'python');
  const imported = { $callable: 'gunicorn.glogging.Logger', name: 'Logger', takes: null };
  assert.equal(logWriterOf({ ...plain, logger_class: imported }), 'node');
  assert.equal(logWriterOf({ ...plain, logger_class: { ...imported, $callable: '__config__.Own' } }), 'python');
  assert.equal(logWriterOf({ ...plain, logconfig: 'log.ini' }), 'python');
  assert.equal(logWriterOf({ ...plain, logconfig_json: 'log.json' }), 'python');
  assert.equal(logWriterOf({ ...plain, logconfig_dict: { version: 1 } }), 'python');
});
