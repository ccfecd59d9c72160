import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BoardSlots } from '../../../../src/arbiter/workers/board-slots.ts';

test('take() gives rows of free slots, one after the other, before it uses one again', () => {
  const slots = new BoardSlots(10);
  assert.deepEqual([slots.take(3), slots.take(3)], [0, 3]);
  slots.giveBack({ slot: 0, slots: 3 });
  assert.equal(slots.take(3), 6);
  assert.equal(slots.take(3), 0);
});

test('take() finds a row between others, and reports if there is none', () => {
  const slots = new BoardSlots(10);
  const taken = [slots.take(4), slots.take(2), slots.take(4)];
  assert.deepEqual(taken, [0, 4, 6]);
  assert.equal(slots.take(1), null);
  slots.giveBack({ slot: 4, slots: 2 });
  assert.equal(slots.take(3), null);
  assert.equal(slots.take(2), 4);
});
