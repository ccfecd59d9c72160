import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NumberedTable } from '../../../src/gateway/numbered-table.ts';

interface Item {
  readonly number: number;
}

function table(): NumberedTable<Item> {
  return new NumberedTable((item) => item.number);
}

test('items are found by their numbers until they are deleted', () => {
  const items = table();
  const [one, other] = [{ number: 2 ** 36 + 1 }, { number: 2 ** 36 + 2 }];
  items.add(one);
  items.add(other);
  assert.deepEqual([items.size, items.get(one.number), items.get(other.number)], [2, one, other]);
  assert.equal(items.delete(one.number), true);
  assert.equal(items.delete(one.number), false);
  assert.deepEqual([items.size, items.get(one.number), items.get(other.number)], [1, undefined, other]);
});

test('an item with the number of another one replaces it', () => {
  const items = table();
  const again = { number: 1 };
  items.add({ number: 1 });
  items.add(again);
  assert.deepEqual([items.size, items.get(1)], [1, again]);
});

test('it has what a Map would have, whatever comes and goes', () => {
  const [items, expected] = [table(), new Map<number, Item>()];
  let seed = 1;
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  for (let step = 0; step < 20_000; step += 1) {
    // Multiples of the table's size meet in one slot; and it grows and empties in turns.
    const number = 1 + random(40) * 64 + random(3);
    if (random(100) < (step % 4000 < 2000 ? 70 : 30)) {
      const item = { number };
      items.add(item);
      expected.set(number, item);
    } else {
      assert.equal(items.delete(number), expected.delete(number));
    }
    assert.equal(items.size, expected.size);
    const looked = 1 + random(40) * 64 + random(3);
    assert.equal(items.get(looked), expected.get(looked));
  }
  const inOrder = [...expected.values()].sort((one, other) => one.number - other.number);
  assert.deepEqual(items.sorted(), inOrder);
});

test('a loop goes through all items that it began with, though they are deleted in it', () => {
  const items = table();
  for (const number of [5, 3, 70, 4]) items.add({ number });
  const seen: number[] = [];
  for (const { number } of items) {
    items.delete(number);
    seen.push(number);
  }
  assert.deepEqual([seen.sort((one, other) => one - other), items.size], [[3, 4, 5, 70], 0]);
});
