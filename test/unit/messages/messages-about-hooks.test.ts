import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFromForkserver } from '../../../src/messages/between-arbiter-and-forkserver.ts';

const lines: readonly (readonly [string, boolean])[] = [
  ['{"type":"settled","hooks":["post_fork"]}', true],
  ['{"type":"settled"}', false],
  ['{"type":"hook-done","hook":"when_ready","failure":null}', true],
  ['{"type":"hook-done","hook":"x","failure":{"message":"m","traceback":"t","code":null}}', true],
  ['{"type":"hook-done","hook":"x","failure":{"message":"m"}}', false],
  ['{"type":"ask","what":"kill-worker","pid":3,"signal":15}', true],
  ['{"type":"ask","what":"kill-worker","pid":"3","signal":15}', false],
  ['{"type":"ask","what":"resize","workers":3}', true],
  ['{"type":"ask","what":"stop","graceful":true}', true],
  ['{"type":"ask","what":"reload"}', true],
  ['{"type":"ask","what":"dance"}', false],
  ['{"type":"state","state":""}', true],
  ['{"type":"not-forked","slot":3}', true],
  ['{"type":"lingers","threads":["watcher"],"handled":["SIGTERM"]}', true],
  ['{"type":"handles","signal":"SIGTERM"}', true],
];

for (const [line, isMessage] of lines) {
  test(`${line} ${isMessage ? 'is' : 'is no'} message about hooks`, () => {
    const parsed = parseFromForkserver(line);
    if (isMessage) assert.deepEqual(parsed, JSON.parse(line));
    else assert.match(String(parsed), /^not a message of a forkserver/);
  });
}
