// Output to a worker on its channel, with a socket that accepts as much as the test allows.

import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { MemoryBudget } from '../../../../src/gateway/connection/memory-budget.ts';
import { ChannelOutput } from '../../../../src/gateway/exchange/channel-output.ts';

class SocketDouble {
  readonly writes: Buffer[] = [];
  readonly #callbacks: (() => void)[] = [];
  writableLength = 0;

  write(bytes: Buffer, sent?: () => void): boolean {
    this.writes.push(Buffer.from(bytes));
    this.writableLength += bytes.length;
    if (sent !== undefined) this.#callbacks.push(sent);
    return true;
  }

  cork(): void {}

  uncork(): void {}

  /** The worker reads all that there is. */
  take(): void {
    this.writableLength = 0;
    for (const sent of this.#callbacks.splice(0)) sent();
  }
}

function newOutput(budgetBytes: number = 0): {
  readonly socket: SocketDouble;
  readonly budget: MemoryBudget;
  readonly output: ChannelOutput;
} {
  const socket = new SocketDouble();
  const budget = new MemoryBudget(budgetBytes);
  return { socket, budget, output: new ChannelOutput(socket as unknown as Socket, budget) };
}

const HEADER = Buffer.alloc(16, 'h');

test('ten thousand small frames of one turn go out in a few writes, in their order', async () => {
  const { socket, output } = newOutput();
  const payloads = Array.from({ length: 10_000 }, (_, number) =>
    number % 1000 === 999 ? 'x'.repeat(5000) : `${number}`,
  );
  for (const payload of payloads) output.frame(HEADER, Buffer.from(payload));
  await Promise.resolve();
  assert.ok(socket.writes.length < 100, `${socket.writes.length} writes`);
  const wanted = payloads.map((payload) => `${HEADER}${payload}`).join('');
  assert.equal(Buffer.concat(socket.writes).toString(), wanted);
});

test('data written after small frames arrives after them', () => {
  const { socket, output } = newOutput();
  output.frame(HEADER, Buffer.from('small'));
  output.write(Buffer.from('last'));
  assert.equal(Buffer.concat(socket.writes).toString(), `${HEADER}smalllast`);
});

test('data that the worker has not read is charged to the budget, until it is read or the channel is gone', () => {
  const { socket, budget, output } = newOutput();
  for (let number = 0; number < 1000; number += 1) output.frame(HEADER, Buffer.alloc(0));
  output.flush();
  assert.equal(budget.usedBytes, 16_000);
  socket.take();
  assert.equal(budget.usedBytes, 0);
  output.write(HEADER);
  output.close();
  assert.equal(budget.usedBytes, 0);
});

test('it is full beyond 64 KiB, and with any data when memory is spent; then it notifies when there is room', () => {
  const { socket, budget, output } = newOutput(100_000);
  let rooms = 0;
  output.onRoom = () => {
    rooms += 1;
  };
  output.write(Buffer.alloc(64 * 1024));
  assert.equal(output.isFull, false);
  budget.add(100_000);
  assert.equal(output.isFull, true);
  budget.add(-100_000);
  output.write(HEADER);
  assert.equal(output.isFull, true);
  socket.take();
  assert.equal(output.isFull, false);
  assert.ok(rooms > 0);
  budget.add(200_000);
  assert.equal(output.isFull, false, 'a worker that takes everything is never full');
});
