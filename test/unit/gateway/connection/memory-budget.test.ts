// The memory that bodies take in a gateway, all together.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryBudget } from '../../../../src/gateway/connection/memory-budget.ts';

test('a budget is spent when more than its limit is used, and not when it is given back', () => {
  const budget = new MemoryBudget(100);
  assert.deepEqual([budget.usedBytes, budget.isSpent], [0, false]);
  budget.add(60);
  budget.add(40);
  assert.deepEqual([budget.usedBytes, budget.isSpent], [100, false]);
  budget.add(1);
  assert.equal(budget.isSpent, true);
  budget.add(-41);
  assert.deepEqual([budget.usedBytes, budget.isSpent], [60, false]);
});

test('a limit of 0 means no limit', () => {
  const budget = new MemoryBudget(0);
  budget.add(2 ** 40);
  assert.equal(budget.isSpent, false);
});

test('a new limit applies immediately, also to memory in use', () => {
  const budget = new MemoryBudget(0);
  budget.add(100);
  budget.limitBytes = 99;
  assert.equal(budget.isSpent, true);
  budget.limitBytes = 100;
  assert.equal(budget.isSpent, false);
});
