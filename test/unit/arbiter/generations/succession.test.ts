// A generation that fails on its way up, beside the one that serves.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Generation } from '../../../../src/arbiter/generations/generation.ts';
import { type GenerationState, isNext, mayFollow } from '../../../../src/arbiter/generations/generation-life.ts';
import { Succession, type SuccessionOptions } from '../../../../src/arbiter/generations/succession.ts';

class GenerationDouble {
  readonly number: number;
  readonly resolved = { gateway: {} };
  readonly pool = { concurrency: 1 };
  readonly capacity = 16;
  readonly workers = { size: 0, all: () => [] };
  readonly tickets = { release: () => {} };
  readonly forkserver = { isAlive: false, has: () => false, letGo: () => {}, killUnlessHeld: () => {} };
  state: GenerationState;

  constructor(number: number, state: GenerationState) {
    this.number = number;
    this.state = state;
  }

  move(next: GenerationState): void {
    assert.ok(mayFollow(this.state, next), `${next.kind} after ${this.state.kind}`);
    this.state = next;
  }
}

function stage(nextState: GenerationState) {
  const sent: string[] = [];
  const serving = new GenerationDouble(1, { kind: 'serving' });
  const next = new GenerationDouble(2, nextState);
  const options = {
    start: { log: { say: () => {} } },
    generations: {
      serving,
      get next() {
        return isNext(next.state) ? next : null;
      },
      remove: () => {},
    },
    gateways: {
      broadcast: ({ type, generation }: { type: string; generation: number }) => sent.push(`${type} ${generation}`),
    },
  };
  const succession = new Succession(options as unknown as SuccessionOptions);
  return { sent, succession, next: next as unknown as Generation };
}

const SWITCHING: GenerationState = { kind: 'switching', sinceMs: 0, gateways: new Set([1]) };

test('gateways go back to the serving generation when the next one fails in the middle of the switch', () => {
  const { sent, succession, next } = stage(SWITCHING);
  succession.giveUp(next, 3, 'A worker was killed.', 1);
  assert.deepEqual(sent, ['serve 1', 'generation-gone 2'], 'first a pipe for the requests that come back');
});

test('gateways go back to the serving generation when the server stops in the middle of the switch', () => {
  const { sent, succession } = stage(SWITCHING);
  succession.stopNext(1);
  assert.deepEqual(sent, ['serve 1', 'generation-gone 2']);
});

test('gateways are not disturbed when the next generation fails before the switch', () => {
  const { sent, succession, next } = stage({ kind: 'booting' });
  succession.giveUp(next, 3, 'A worker was killed.', 1);
  assert.deepEqual(sent, ['generation-gone 2']);
});
