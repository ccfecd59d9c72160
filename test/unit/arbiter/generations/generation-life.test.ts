// Which state of a generation may follow which.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GenerationState, mayFollow } from '../../../../src/arbiter/generations/generation-life.ts';

function state(kind: GenerationState['kind']): GenerationState {
  if (kind === 'draining' || kind === 'inheriting') return { kind, sinceMs: 0 };
  return kind === 'given-up' ? { kind, sinceMs: 0, reason: 'it is late' } : { kind };
}

function isWay(...kinds: readonly GenerationState['kind'][]): boolean {
  return kinds.every((kind, index) => {
    const before = kinds[index - 1];
    return before === undefined || mayFollow(state(before), state(kind));
  });
}

test('a generation without hooks comes up and drains', () => {
  assert.ok(isWay('configuring', 'settling', 'preparing', 'prepared', 'booting', 'serving', 'draining', 'gone'));
});

test('the first generation, whose settings are settled already, begins with its pipe', () => {
  assert.ok(isWay('configuring', 'preparing', 'prepared', 'booting', 'serving'));
});

test('a generation with hooks inherits, counts and announces on its way', () => {
  assert.ok(isWay('configuring', 'inheriting', 'settling', 'counting', 'preparing', 'announcing', 'prepared'));
});

test('at each step a generation may be given up or drained, and then only goes', () => {
  const steps = [
    'configuring',
    'inheriting',
    'settling',
    'counting',
    'preparing',
    'announcing',
    'prepared',
    'booting',
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
  assert.ok(!isWay('prepared', 'serving'));
  assert.ok(!isWay('serving', 'booting'));
});

test('an end stays the end', () => {
  assert.ok(!isWay('draining', 'given-up'));
  assert.ok(!isWay('given-up', 'draining'));
  assert.ok(!isWay('draining', 'serving'));
  assert.ok(!isWay('gone', 'draining'));
});
