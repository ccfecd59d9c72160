import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SpoolBudget } from '../../../../src/gateway/connection/spool-budget.ts';

test('responses have a limit together, bodies have not', () => {
  const budget = new SpoolBudget(100);
  budget.addBody(1000);
  budget.addResponse(99);
  assert.equal(budget.isSpent, false);
  budget.addResponse(1);
  assert.deepEqual([budget.isSpent, budget.isDiskShort], [true, false]);
  budget.addResponse(-50);
  assert.equal(budget.isSpent, false);
});

test('both together use at most half of the space that would be free without them', () => {
  const budget = new SpoolBudget(0);
  budget.hasFree(0);
  assert.equal(budget.isDiskShort, false, 'nothing is used, and nothing is tried that could fail');
  budget.hasFree(100);
  budget.addBody(30);
  budget.addResponse(20);
  assert.deepEqual([budget.isDiskShort, budget.isSpent], [false, false]);
  budget.addBody(1);
  assert.deepEqual([budget.isDiskShort, budget.isSpent], [true, true]);
  // Others have made room.
  budget.hasFree(60);
  assert.equal(budget.isDiskShort, false);
  // Others have taken it.
  budget.hasFree(40);
  assert.equal(budget.isDiskShort, true);
  budget.addResponse(-20);
  assert.equal(budget.isDiskShort, false);
});
