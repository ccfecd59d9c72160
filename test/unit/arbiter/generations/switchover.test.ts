// When the next generation takes over from the one that serves.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GatewayHandle } from '../../../../src/arbiter/gateways/gateway-handle.ts';
import type { Generation } from '../../../../src/arbiter/generations/generation.ts';
import { type GenerationState, isNext, mayFollow } from '../../../../src/arbiter/generations/generation-life.ts';
import { Switchover, type SwitchoverParts } from '../../../../src/arbiter/generations/switchover.ts';

class GatewayDouble {
  readonly number: number;
  readonly sent: string[] = [];
  isKilled = false;

  constructor(number: number) {
    this.number = number;
  }

  send(message: { readonly type: string }): void {
    this.sent.push(message.type);
  }

  kill(): void {
    this.isKilled = true;
  }
}

class GenerationDouble {
  readonly number = 2;
  readonly resolved = { settings: { bind: ['127.0.0.1:0'] }, gateway: {} };
  readonly pool = { concurrency: 1 };
  state: GenerationState = { kind: 'booting' };

  move(next: GenerationState): void {
    assert.ok(mayFollow(this.state, next), `${next.kind} after ${this.state.kind}`);
    this.state = next;
  }
}

function stage(...numbers: readonly number[]) {
  const gateways = numbers.map((number) => new GatewayDouble(number));
  const next = new GenerationDouble();
  const switched: number[] = [];
  const parts = {
    start: {
      listeners: { isSame: () => true, current: () => [], closedIds: () => [] },
      adminListeners: { isSame: () => true },
      resolved: { settings: { gateways: numbers.length } },
      directories: {},
      log: { say: () => {} },
    },
    gateways: { running: () => gateways, get: (number: number) => gateways.find((one) => one.number === number) },
    generations: {
      serving: null,
      get next() {
        return isNext(next.state) ? next : null;
      },
      get readyNext() {
        return next.state.kind === 'booting' ? next : null;
      },
    },
    succession: {
      switched: (generation: GenerationDouble) => {
        generation.move({ kind: 'serving' });
        switched.push(generation.number);
      },
    },
    inForce: { enter: () => {}, resolved: { gateway: {} } },
    pause: { dismissWorkers: () => {} },
  };
  const switchover = new Switchover(parts as unknown as SwitchoverParts);
  const handle = (gateway: GatewayDouble) => gateway as unknown as GatewayHandle;
  return { gateways, next, switched, switchover, handle };
}

test('the next generation serves once every gateway has reported that it writes for it', () => {
  const { gateways, next, switched, switchover, handle } = stage(1, 2);
  switchover.beginIfReady(0);
  for (const gateway of gateways) assert.deepEqual(gateway.sent, ['serve']);
  for (const gateway of gateways) {
    assert.equal(next.state.kind, 'switching');
    switchover.serves(handle(gateway), 2, 1);
  }
  assert.deepEqual(switched, [2]);
});

test('a gateway that has died is not waited for, and one that was started meanwhile is', () => {
  const { gateways, switched, switchover, handle } = stage(1);
  switchover.beginIfReady(0);
  const late = new GatewayDouble(2);
  switchover.introduce(handle(late));
  assert.deepEqual(late.sent, ['start', 'serve']);
  for (const gateway of gateways) switchover.gatewayGone(handle(gateway), 1);
  assert.deepEqual(switched, []);
  switchover.serves(handle(late), 2, 1);
  assert.deepEqual(switched, [2]);
});

test('without gateways, as in a pause, the next generation serves immediately', () => {
  const { switched, switchover } = stage();
  switchover.beginIfReady(0);
  assert.deepEqual(switched, [2]);
});

test('a gateway that does not answer for ten seconds is killed', () => {
  const { gateways, switchover } = stage(1);
  switchover.beginIfReady(0);
  switchover.tick(9999);
  assert.equal(gateways[0]?.isKilled, false);
  switchover.tick(10_000);
  assert.equal(gateways[0]?.isKilled, true);
});

test('no gateway is killed for a generation that was given up in the middle of the switch', () => {
  const { gateways, next, switchover, handle } = stage(1);
  switchover.beginIfReady(0);
  (next as unknown as Generation).move({ kind: 'given-up', sinceMs: 1, reason: 'its forkserver has died' });
  for (const gateway of gateways) switchover.serves(handle(gateway), 2, 2);
  switchover.tick(60_000);
  assert.equal(gateways[0]?.isKilled, false);
});
