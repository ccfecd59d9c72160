// A forkserver's end, and the hook that may keep it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Forkserver } from '../../../../src/arbiter/forkserver/forkserver.ts';
import type { ForkserverHandle } from '../../../../src/arbiter/forkserver/forkserver-handle.ts';
import type { ToForkserver } from '../../../../src/messages/between-arbiter-and-forkserver.ts';

function stage(...hooks: readonly string[]) {
  const sent: string[] = [];
  const process = {
    pid: 7,
    hasRoom: true,
    send: (message: ToForkserver) => sent.push(message.type === 'hook' ? message.hook : message.type),
    kill: () => sent.push('KILL'),
    interrupt: () => sent.push('INT'),
  };
  const forkserver = new Forkserver(process as unknown as ForkserverHandle, { enter: () => assert.fail('illegal') });
  forkserver.setHooks(new Set(hooks));
  return { forkserver, sent };
}

test('without on_exit a forkserver leaves when it is let go', () => {
  const { forkserver, sent } = stage('child_exit');
  forkserver.holdForOnExit();
  forkserver.letGo();
  assert.deepEqual(sent, ['leave']);
});

test('with on_exit it leaves once that has been called, and is not killed before', () => {
  const { forkserver, sent } = stage('on_exit');
  forkserver.holdForOnExit();
  forkserver.letGo();
  forkserver.killUnlessHeld();
  assert.deepEqual(sent, []);
  forkserver.callOnExit();
  forkserver.holdForOnExit();
  forkserver.onExitCalled();
  assert.deepEqual(sent, ['on_exit', 'leave']);
  forkserver.holdForOnExit();
  assert.equal(forkserver.onExit, 'done');
});

test('a forkserver that has died is sent no facts and is not killed', () => {
  const { forkserver, sent } = stage('child_exit');
  forkserver.sendFacts({ workers: 2 });
  forkserver.died();
  forkserver.sendFacts({ workers: 3 });
  forkserver.kill();
  assert.deepEqual(sent, ['facts']);
});

test('facts are sent only where a hook can see them', () => {
  const { forkserver, sent } = stage();
  forkserver.sendFacts({ workers: 2 });
  assert.deepEqual(sent, []);
});
