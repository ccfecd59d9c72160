// Whether a ticket is written immediately, or with others at the end of the event loop's turn.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FlushPace } from '../../../../src/gateway/queue/flush-pace.ts';

/** A pace after so many turns with a single ticket, the last one at 1000 ms. */
function afterLoneTurns(turns: number): FlushPace {
  const pace = new FlushPace();
  for (let turn = 0; turn < turns; turn += 1) {
    pace.writesNow(1000 - turns + turn + 1);
    pace.collected(1);
  }
  return pace;
}

test('tickets are collected until eight turns in a row had only one', () => {
  assert.equal(afterLoneTurns(0).writesNow(1001), false);
  assert.equal(afterLoneTurns(7).writesNow(1001), false);
  assert.equal(afterLoneTurns(8).writesNow(1001), true);
});

test('a turn with several tickets begins the count again', () => {
  const pace = afterLoneTurns(7);
  pace.collected(2);
  pace.collected(1);
  assert.equal(pace.writesNow(1001), false);
});

test('a ticket close behind another one is of the same turn, so that it is collected, and so are those after it', () => {
  const pace = afterLoneTurns(8);
  assert.equal(pace.writesNow(1001), true);
  assert.equal(pace.writesNow(1001.02), false);
  assert.equal(pace.writesNow(1005), false);
  pace.collected(1);
  assert.equal(pace.writesNow(1006), false);
});

test('tickets in turns of their own go on being written immediately', () => {
  const pace = afterLoneTurns(8);
  for (let ms = 1001; ms < 1010; ms += 0.1) assert.equal(pace.writesNow(ms), true);
});
