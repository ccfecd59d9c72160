// The next generation on its way up, beside the one that serves.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Generation } from '../../../../src/arbiter/generations/generation.ts';
import { type GenerationState, isNext, mayFollow } from '../../../../src/arbiter/generations/generation-life.ts';
import { Succession, type SuccessionOptions } from '../../../../src/arbiter/generations/succession.ts';

class GenerationDouble {
  readonly number: number;
  readonly resolved = { gateway: {} };
  readonly followed: number[] = [];
  readonly pool = {
    concurrency: 1,
    longestBootMs: 20_000,
    follow: ({ longestBootMs }: { longestBootMs: number }) => this.followed.push(longestBootMs),
  };
  hasBegun = false;
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

  begin(): void {
    assert.deepEqual(this.followed, [20_000]);
    this.hasBegun = true;
  }
}

function stage(nextState: GenerationState) {
  const sent: string[] = [];
  const serving = new GenerationDouble(1, { kind: 'serving' });
  const next = new GenerationDouble(2, nextState);
  const options = {
    start: { log: { say: () => {} }, directories: { runtimeDir: '/run' } },
    lifeline: { hold: () => {} },
    reloads: { ended: () => {} },
    generations: {
      serving,
      get next() {
        return isNext(next.state) ? next : null;
      },
      remove: () => {},
    },
    gateways: {
      areAllUp: true,
      broadcast: ({ type, generation }: { type: string; generation: number }) => sent.push(`${type} ${generation}`),
    },
  };
  const succession = new Succession(options as unknown as SuccessionOptions);
  return { sent, succession, next: next as unknown as Generation, double: next };
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

test('the next generation knows how long the workers of the serving one took to boot', () => {
  const { succession, double } = stage({ kind: 'prepared' });
  succession.booted(1);
  assert.equal(double.hasBegun, true);
});
