// How many workers a generation is to have, with and without the hook nworkers_changed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WorkerTarget } from '../../../../src/arbiter/workers/worker-target.ts';
import type { ToForkserver } from '../../../../src/messages/between-arbiter-and-forkserver.ts';

function target(...hooks: string[]) {
  const forkserver = {
    isAlive: true,
    sent: [] as ToForkserver[],
    has: (hook: string) => hooks.includes(hook),
    send: (message: ToForkserver) => forkserver.sent.push(message),
    sendFacts: () => {},
  };
  const made = new WorkerTarget(forkserver);
  made.begin(2);
  return { forkserver, made };
}

test('without the hook a new number counts immediately', () => {
  const { made, forkserver } = target();
  assert.ok(made.request(5));
  assert.equal(made.current, 5);
  assert.deepEqual(forkserver.sent, []);
});

test('with the hook a new number counts once the hook has been called for it, each in its turn', () => {
  const { made, forkserver } = target('nworkers_changed');
  assert.ok(!made.requestBy(1));
  assert.ok(!made.requestBy(1));
  assert.equal(made.current, 2);
  assert.deepEqual(forkserver.sent, [
    { type: 'hook', hook: 'nworkers_changed', new: 3, old: 2 },
    { type: 'hook', hook: 'nworkers_changed', new: 4, old: 3 },
  ]);
  assert.ok(made.confirm());
  assert.equal(made.current, 3);
  assert.ok(made.confirm());
  assert.equal(made.current, 4);
  assert.ok(!made.confirm());
});

test('a forkserver that has died calls no hook', () => {
  const { made, forkserver } = target('nworkers_changed');
  forkserver.isAlive = false;
  assert.ok(made.request(3));
  assert.equal(made.current, 3);
});

test('TTOU leaves one worker', () => {
  const { made } = target();
  assert.ok(made.requestBy(-1));
  assert.ok(!made.requestBy(-1));
  assert.equal(made.current, 1);
});
