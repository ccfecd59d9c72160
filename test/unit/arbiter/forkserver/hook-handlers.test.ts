import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HandlerHolder, HookHandlers } from '../../../../src/arbiter/forkserver/hook-handlers.ts';

interface Double extends HandlerHolder {
  state: { kind: string };
  forkserver: { isAlive: boolean; send: HandlerHolder['forkserver']['send'] };
  readonly heard: string[];
}

function holder(): Double {
  const heard: string[] = [];
  return {
    state: { kind: 'serving' },
    heard,
    forkserver: {
      isAlive: true,
      send: (message) => heard.push('signal' in message ? `${message.type} ${message.signal}` : message.type),
    },
  };
}

test('the handler that was set last is called, of each signal', () => {
  const handlers = new HookHandlers();
  const [first, second] = [holder(), holder()];
  handlers.set(first, 'SIGTERM');
  handlers.set(first, 'SIGHUP');
  handlers.set(second, 'SIGTERM');
  handlers.call('SIGTERM');
  handlers.call('SIGHUP');
  handlers.call('SIGINT');
  assert.deepEqual(second.heard, ['call-handler SIGTERM']);
  assert.deepEqual(first.heard, ['call-handler SIGHUP']);
});

test('a generation that was given up, or whose forkserver has died, removes no handler', () => {
  const handlers = new HookHandlers();
  const [first, second, third] = [holder(), holder(), holder()];
  for (const one of [first, second, third]) handlers.set(one, 'SIGTERM');
  second.state = { kind: 'given-up' };
  third.forkserver.isAlive = false;
  handlers.call('SIGTERM');
  assert.deepEqual(
    [first, second, third].map(({ heard }) => heard.length),
    [1, 0, 0],
  );
});

test('a generation is needed for its handlers until others replace them or the arbiter stops', () => {
  const handlers = new HookHandlers();
  const [first, second] = [holder(), holder()];
  handlers.set(first, 'SIGTERM');
  assert.equal(handlers.isNeeded(first), true);
  handlers.set(second, 'SIGTERM');
  assert.equal(handlers.isNeeded(first), false);
  handlers.forget(second);
  assert.equal(handlers.isNeeded(first), true);
  handlers.end();
  assert.equal(handlers.isNeeded(first), false);
});
