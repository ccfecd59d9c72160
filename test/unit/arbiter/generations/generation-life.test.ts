// Which state of a generation may follow which.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type GenerationState,
  isNext,
  isServing,
  mayFollow,
} from '../../../../src/arbiter/generations/generation-life.ts';

function state(kind: GenerationState['kind']): GenerationState {
  switch (kind) {
    case 'inheriting':
      return { kind, sinceMs: 0 };
    case 'switching':
      return { kind, sinceMs: 0, gateways: new Set([1]) };
    case 'draining':
      return { kind, sinceMs: 0, for: 'successor' };
    case 'given-up':
      return { kind, sinceMs: 0, reason: 'it is late' };
    default:
      return { kind };
  }
}

function isWay(...kinds: readonly GenerationState['kind'][]): boolean {
  return kinds.every((kind, index) => {
    const before = kinds[index - 1];
    return before === undefined || mayFollow(state(before), state(kind));
  });
}

test('a generation without hooks comes up and drains', () => {
  assert.ok(
    isWay('configuring', 'settling', 'preparing', 'prepared', 'booting', 'switching', 'serving', 'draining', 'gone'),
  );
});

test('the first generation, whose settings are settled already, begins with its pipe', () => {
  assert.ok(isWay('configuring', 'preparing', 'prepared', 'booting', 'switching', 'serving'));
});

test('a generation with hooks inherits, counts and announces on its way', () => {
  assert.ok(isWay('configuring', 'inheriting', 'settling', 'counting', 'preparing', 'announcing', 'prepared'));
});

test('at each step a generation may be given up or drained, and can then only end', () => {
  const steps = [
    'configuring',
    'inheriting',
    'settling',
    'counting',
    'preparing',
    'announcing',
    'prepared',
    'booting',
    'rebinding',
    'switching',
    'serving',
  ] as const;
  for (const step of steps) {
    assert.ok(isWay(step, 'given-up', 'gone'), step);
    assert.ok(isWay(step, 'draining', 'gone'), step);
    assert.ok(!isWay(step, 'gone'), step);
  }
});

test('no step is skipped on the way to serving, and none is taken back', () => {
  assert.ok(!isWay('preparing', 'booting'));
  assert.ok(!isWay('prepared', 'switching'));
  assert.ok(!isWay('booting', 'serving'));
  assert.ok(!isWay('rebinding', 'serving'));
  assert.ok(!isWay('serving', 'booting'));
});

test('an end stays the end', () => {
  assert.ok(!isWay('draining', 'given-up'));
  assert.ok(!isWay('given-up', 'draining'));
  assert.ok(!isWay('draining', 'serving'));
  assert.ok(!isWay('gone', 'draining'));
});

test('a generation that wants other sockets changes them before the gateways switch, one gateway after the other', () => {
  assert.ok(isWay('booting', 'rebinding', 'switching', 'switching', 'serving'));
});

test('a generation is the next one until it serves or ends', () => {
  const next = ['configuring', 'preparing', 'prepared', 'booting', 'rebinding', 'switching'] as const;
  for (const kind of next) assert.ok(isNext(state(kind)) && !isServing(state(kind)), kind);
  for (const kind of ['serving', 'draining', 'given-up', 'gone'] as const) assert.ok(!isNext(state(kind)), kind);
});

test('a generation that drains counts as the serving one only when the arbiter stops', () => {
  assert.ok(isServing({ kind: 'serving' }));
  assert.ok(isServing({ kind: 'draining', sinceMs: 0, for: 'stop' }));
  assert.ok(!isServing({ kind: 'draining', sinceMs: 0, for: 'successor' }));
  assert.ok(!isServing(state('given-up')));
});
