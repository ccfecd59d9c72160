// First in, first out, back to the front, and out at the end or from the middle.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WaitingLine } from '../../../../src/gateway/queue/waiting-line.ts';
import { seededRandom } from '../http1/conversation.ts';
import { collectGarbage } from '../http1/garbage.ts';

function drain<T>(line: WaitingLine<T>): T[] {
  const all: T[] = [];
  for (let next = line.shift(); next !== undefined; next = line.shift()) all.push(next);
  return all;
}

test('the first item leaves first', () => {
  const line = new WaitingLine<string>();
  assert.deepEqual([line.length, line.shift()], [0, undefined]);
  for (const item of ['a', 'b', 'c']) line.push(item);
  assert.deepEqual([line.length, line.first], [3, 'a']);
  assert.deepEqual(drain(line), ['a', 'b', 'c']);
  assert.deepEqual([line.length, line.first], [0, undefined]);
});

test('items put back come before all others, in their own order', () => {
  const line = new WaitingLine<string>();
  for (const item of ['a', 'b', 'c', 'd']) line.push(item);
  assert.deepEqual([line.shift(), line.shift()], ['a', 'b']);
  line.putBack(['a', 'b']);
  line.push('e');
  assert.equal(line.length, 5);
  assert.deepEqual(drain(line), ['a', 'b', 'c', 'd', 'e']);
  line.putBack([]);
  assert.equal(line.length, 0);
  line.putBack(['f']);
  assert.deepEqual(drain(line), ['f']);
});

test('pop() removes the last item, and nothing from an empty line', () => {
  const line = new WaitingLine<string>();
  assert.deepEqual([line.last, line.pop()], [undefined, undefined]);
  for (const item of ['a', 'b', 'c']) line.push(item);
  assert.deepEqual([line.last, line.pop(), line.pop()], ['c', 'c', 'b']);
  assert.deepEqual([line.length, line.first, line.last], [1, 'a', 'a']);
  line.push('d');
  assert.deepEqual([line.shift(), line.pop(), line.pop(), line.length], ['a', 'd', undefined, 0]);
});

test('a shifted item does not reappear at the other end', () => {
  const line = new WaitingLine<string>();
  for (const item of ['a', 'b', 'c']) line.push(item);
  assert.deepEqual([line.shift(), line.shift(), line.pop()], ['a', 'b', 'c']);
  assert.deepEqual([line.length, line.first, line.last, line.pop(), line.shift()], [0, ...Array(4).fill(undefined)]);
  line.push('d');
  assert.deepEqual([line.first, line.last, line.length], ['d', 'd', 1]);
  assert.deepEqual(drain(line), ['d']);
});

test('remove() removes an item from any position, and returns whether it was there', () => {
  const line = new WaitingLine<string>();
  for (const item of ['a', 'b', 'c', 'd', 'e']) line.push(item);
  assert.equal(line.shift(), 'a');
  assert.deepEqual(
    ['c', 'a', 'c', 'e', 'b'].map((item) => line.remove(item)),
    [true, false, false, true, true],
  );
  assert.deepEqual([line.length, line.first, line.last], [1, 'd', 'd']);
  line.push('f');
  assert.deepEqual(drain(line), ['d', 'f']);
  assert.equal(line.remove('d'), false);
});

test('any order of pushing, shifting, popping, removing and putting back gives the same as with an array', () => {
  const random = seededRandom(11);
  const line = new WaitingLine<number>();
  const model: number[] = [];
  let next = 0;
  for (let step = 0; step < 60_000; step += 1) {
    // Ups and downs that pass the length at which the line is compacted many times.
    const grows = Math.floor(step / 5000) % 2 === 0;
    const what = random(100);
    if (what === 0) {
      const back = [line.shift(), line.shift()].filter((item) => item !== undefined);
      assert.deepEqual(back, model.slice(0, 2));
      line.putBack(back);
    } else if (what < 4) {
      assert.equal(line.pop(), model.pop());
    } else if (what === 4) {
      const [item] = model.splice(random(Math.max(model.length, 1)), 1);
      if (item !== undefined) assert.equal(line.remove(item), true);
    } else if (what < (grows ? 75 : 25)) {
      line.push(next);
      model.push(next);
      next += 1;
    } else {
      assert.equal(line.shift(), model.shift());
    }
    assert.deepEqual([line.length, line.first, line.last], [model.length, model[0], model.at(-1)]);
  }
  assert.deepEqual(drain(line), model);
});

test('a line of 200,000 is emptied without moving it over and over', () => {
  const line = new WaitingLine<number>();
  for (let item = 0; item < 200_000; item += 1) line.push(item);
  // Moved at each shift, this would be ten thousand million moves; the limit ends that.
  const endMs = performance.now() + 10_000;
  for (let item = 0; item < 200_000; item += 1) {
    if (line.shift() !== item) assert.fail(`item ${item} is not in its place`);
    if (item % 1000 === 0) assert.ok(performance.now() < endMs, `only ${item} of 200,000 in 10 s`);
  }
});

test('the line does not keep removed items alive', async () => {
  const line = new WaitingLine<object>();
  for (let item = 0; item < 3; item += 1) line.push({ item });
  const shift = (): WeakRef<object> => new WeakRef(line.shift() ?? assert.fail());
  const left = shift();
  await collectGarbage();
  assert.equal(left.deref(), undefined);
  assert.equal(line.length, 2);
});
