// Which states of a connection may follow which.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  awaitsAnswer,
  CLOSED,
  type ConnectionState,
  FLUSHING,
  mayFollow,
  maySendMore,
  READING,
  READING_THE_REST,
} from '../../../../src/gateway/connection/connection-state.ts';

const LINGERING: ConnectionState = { kind: 'lingering', sinceMs: 0 };
const inService = (client: 'sending' | 'ended' | 'gone'): ConnectionState =>
  ({ kind: 'in-service', exchange: null, client }) as unknown as ConnectionState;
const TAKEN_OVER = { kind: 'taken-over', exchange: null, by: null, client: 'sending' } as unknown as ConnectionState;

test('one request after the other is served, until the connection is closed in good order', () => {
  const life = [READING, inService('sending'), inService('ended'), READING_THE_REST, FLUSHING, LINGERING, CLOSED];
  for (const [index, state] of life.entries()) {
    const next = life[index + 1];
    if (next !== undefined) assert.ok(mayFollow(state, next), `${state.kind} to ${next.kind}`);
  }
});

test('a connection that has left HTTP, or is being closed, serves no request', () => {
  for (const state of [TAKEN_OVER, FLUSHING, LINGERING, CLOSED]) {
    for (const next of [READING, inService('sending')]) assert.equal(mayFollow(state, next), false);
  }
});

test('every state may end immediately, and nothing follows the end', () => {
  for (const state of [READING, inService('gone'), TAKEN_OVER, FLUSHING, LINGERING]) {
    assert.ok(mayFollow(state, CLOSED), state.kind);
    assert.equal(mayFollow(CLOSED, state), false, state.kind);
  }
});

test('a client that has half-closed waits for its answer, unless it has left', () => {
  assert.deepEqual([awaitsAnswer(inService('sending')), maySendMore(inService('sending'))], [true, true]);
  assert.deepEqual([awaitsAnswer(inService('ended')), maySendMore(inService('ended'))], [true, false]);
  assert.deepEqual([awaitsAnswer(inService('gone')), maySendMore(inService('gone'))], [false, false]);
  assert.deepEqual([awaitsAnswer(CLOSED), maySendMore(READING_THE_REST)], [false, false]);
});
