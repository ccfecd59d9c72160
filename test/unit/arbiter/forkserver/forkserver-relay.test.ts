import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ForkserverRelay } from '../../../../src/arbiter/forkserver/forkserver-relay.ts';
import { describeEnd } from '../../../../src/arbiter/workers/exit-messages.ts';
import type { FromForkserver } from '../../../../src/messages/between-arbiter-and-forkserver.ts';

const ask: FromForkserver = { type: 'ask', what: 'resize', workers: 3 };
const done: FromForkserver = { type: 'hook-done', hook: 'on_starting', failure: null };

test('nextAnswer() skips requests of a hook, and passes them to the heir', async () => {
  const relay = new ForkserverRelay();
  const answer = relay.nextAnswer();
  relay.message(ask);
  relay.message(done);
  assert.deepEqual(await answer, done);
  const heard: FromForkserver[] = [];
  const arrived = new Promise<void>((resolve) => {
    relay.handOver({
      message: (message) => {
        heard.push(message);
        resolve();
      },
      nonsense: () => {},
      gone: () => {},
    });
  });
  assert.deepEqual(heard, [], 'the heir has time to get ready');
  await arrived;
  assert.deepEqual(heard, [ask]);
});

test('the end of the forkserver is an answer, too', async () => {
  const relay = new ForkserverRelay();
  relay.gone(null, 'SIGKILL');
  assert.deepEqual(await relay.nextAnswer(), { type: 'gone', how: describeEnd(null, 'SIGKILL') });
});

test('an unreported end reaches the heir', async () => {
  const relay = new ForkserverRelay();
  relay.gone(1, null);
  await new Promise<void>((resolve) => {
    relay.handOver({ message: () => {}, nonsense: () => {}, gone: () => resolve() });
  });
});
