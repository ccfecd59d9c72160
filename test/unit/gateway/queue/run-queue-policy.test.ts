// Which requests wait in the run queue, are next, or are turned away: queue_limit, queue_timeout, queue_order, leaving clients.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { QueuePolicy } from '../../../../src/gateway/queue/queue-policy.ts';
import type { Ticket } from '../../../../src/runqueue/ticket.ts';
import { eventually, pause } from '../../../harness/deadline.ts';
import { Bench, namesOf, type PipeReader, requests } from './run-queue-bench.ts';

/** A queue whose only worker is busy, with one ticket ahead: `r1` and `r2` are out, and every further request waits. */
class BusyQueue {
  readonly bench: Bench;
  readonly #reader: PipeReader;
  readonly out: Ticket[];

  private constructor(bench: Bench, reader: PipeReader, out: Ticket[]) {
    this.bench = bench;
    this.#reader = reader;
    this.out = out;
  }

  static async start(t: TestContext, policy: Partial<QueuePolicy>): Promise<BusyQueue> {
    const bench = new Bench(t);
    bench.queue.setPolicy({ limit: 0, timeoutMs: 0, order: 'fifo', ...policy });
    const reader = bench.serve(t, 1, 1);
    bench.enqueueAll(requests(2));
    const out = await reader.takeAll();
    assert.deepEqual(namesOf(out), ['r1', 'r2']);
    return new BusyQueue(bench, reader, out);
  }

  /** The worker answers its requests one by one; returns the names of the next ones that it got, in order. */
  async served(count: number = Number.POSITIVE_INFINITY): Promise<string[]> {
    const names: string[] = [];
    while (names.length < count) {
      const ticket = this.out.shift();
      if (ticket === undefined) return names;
      this.bench.answer(ticket);
      const next = await this.#reader.takeAll();
      names.push(...namesOf(next));
      this.out.push(...next);
    }
    return names;
  }
}

/** A clock that stands still unless it is moved. */
function stillClock(t: TestContext, nowMs: number): { nowMs: number } {
  const clock = { nowMs };
  t.mock.method(performance, 'now', () => clock.nowMs);
  return clock;
}

const NAMES = ['a', 'b', 'c', 'd'];

for (const [order, wanted] of [
  ['fifo', 'abcd'],
  ['lifo', 'dcba'],
] as const) {
  test(`${order}: waiting requests are served in the order ${wanted}`, async (t) => {
    const queue = await BusyQueue.start(t, { order });
    queue.bench.enqueueAll(NAMES);
    assert.equal((await queue.served()).join(''), wanted);
  });
}

test('adaptive: oldest first, newest first while the oldest has waited too long, oldest first again', async (t) => {
  const clock = stillClock(t, 10_000);
  const queue = await BusyQueue.start(t, { order: 'adaptive', timeoutMs: 2000 });
  for (const name of NAMES) {
    queue.bench.enqueue(name, { arrivedMs: clock.nowMs });
    clock.nowMs += 100;
  }
  // The oldest, a, came at 10,000: up to 11,000 it is not too old.
  clock.nowMs = 11_000;
  assert.deepEqual(await queue.served(1), ['a']);
  clock.nowMs = 11_101;
  assert.deepEqual(await queue.served(1), ['d'], 'b has waited 1,001 ms');
  for (const name of ['e', 'f']) queue.bench.enqueue(name, { arrivedMs: clock.nowMs });
  assert.deepEqual(await queue.served(1), ['f']);
  // Overdue requests are gone: the rest is young.
  assert.deepEqual(namesOf(queue.bench.queue.overdue(12_201)), ['b', 'c']);
  queue.bench.enqueue('g', { arrivedMs: clock.nowMs });
  assert.deepEqual(await queue.served(), ['e', 'g']);
});

test('adaptive: the time in proxies counts', async (t) => {
  const clock = stillClock(t, 10_000);
  const queue = await BusyQueue.start(t, { order: 'adaptive', timeoutMs: 2000 });
  queue.bench.enqueue('a', { arrivedMs: clock.nowMs, upstreamMs: 1001 });
  queue.bench.enqueue('b', { arrivedMs: clock.nowMs });
  assert.deepEqual(await queue.served(1), ['b']);
});

test('fifo: beyond the limit it is the newest that is turned away, and the order stays', async (t) => {
  const queue = await BusyQueue.start(t, { limit: 2 });
  queue.bench.enqueueAll(['a', 'b', 'c', 'd']);
  assert.deepEqual(queue.bench.turnedAway, ['c', 'd']);
  assert.deepEqual(await queue.served(1), ['a']);
  queue.bench.enqueue('e');
  assert.deepEqual(queue.bench.turnedAway, ['c', 'd'], 'there is room again');
  assert.deepEqual(await queue.served(), ['b', 'e']);
});

test('lifo: beyond the limit it is the oldest that is turned away', async (t) => {
  const queue = await BusyQueue.start(t, { limit: 2, order: 'lifo' });
  queue.bench.enqueueAll(NAMES);
  assert.deepEqual(queue.bench.turnedAway, ['a', 'b']);
  assert.deepEqual(await queue.served(), ['d', 'c']);
});

test('adaptive: beyond the limit the newest is turned away, and the oldest while the gateway is overloaded', async (t) => {
  const clock = stillClock(t, 10_000);
  const queue = await BusyQueue.start(t, { limit: 2, order: 'adaptive' });
  const come = (name: string): unknown => queue.bench.enqueue(name, { arrivedMs: clock.nowMs });
  for (const name of ['a', 'b', 'c']) come(name);
  assert.deepEqual(queue.bench.turnedAway, ['c']);
  clock.nowMs += 501;
  come('d');
  assert.deepEqual(queue.bench.turnedAway, ['c', 'a']);
  assert.deepEqual(await queue.served(), ['d', 'b']);
});

test('the limit is for waiting requests: those that idle workers take immediately are not turned away', (t) => {
  const bench = new Bench(t);
  bench.queue.setPolicy({ limit: 1, timeoutMs: 0, order: 'fifo' });
  bench.serve(t, 1, 8);
  bench.enqueueAll(requests(10));
  assert.deepEqual(bench.turnedAway, []);
  bench.enqueue('one more');
  assert.deepEqual(bench.turnedAway, ['one more']);
});

test('clients that have left occupy no place in the queue, wherever they were in it', async (t) => {
  const queue = await BusyQueue.start(t, { limit: 4 });
  const [first, second, third, last] = queue.bench.enqueueAll(NAMES);
  assert.ok(first !== undefined && second !== undefined && third !== undefined && last !== undefined);
  queue.bench.leave(second);
  queue.bench.stopSending(third);
  queue.bench.enqueueAll(['e', 'f', 'g']);
  assert.deepEqual(queue.bench.turnedAway, ['g']);
  queue.bench.leave(first);
  queue.bench.leave(last);
  queue.bench.enqueueAll(['h', 'i', 'j']);
  assert.deepEqual(queue.bench.turnedAway, ['g', 'j']);
  assert.deepEqual(await queue.served(), ['e', 'f', 'h', 'i']);
});

test('overdue() hands out those that have waited longer than the timeout, the time in proxies included, and no others', async (t) => {
  const queue = await BusyQueue.start(t, { timeoutMs: 1000 });
  queue.bench.enqueue('a', { arrivedMs: 10_000 });
  queue.bench.enqueue('b', { arrivedMs: 10_200, upstreamMs: 300 });
  queue.bench.enqueue('c', { arrivedMs: 10_400 });
  assert.deepEqual(queue.bench.queue.overdue(11_000), []);
  assert.deepEqual(namesOf(queue.bench.queue.overdue(11_001)), ['a', 'b']);
  assert.deepEqual(queue.bench.queue.overdue(11_001), []);
  assert.equal(queue.bench.outstanding, 2);
  assert.deepEqual(await queue.served(), ['c']);
});

test('without a timeout no request is overdue', async (t) => {
  const queue = await BusyQueue.start(t, {});
  queue.bench.enqueue('a', { arrivedMs: 0 });
  assert.deepEqual(queue.bench.queue.overdue(1e9), []);
});

test('a new policy holds for those that wait already', async (t) => {
  const queue = await BusyQueue.start(t, {});
  queue.bench.enqueueAll(['a', 'b', 'c']);
  queue.bench.queue.setPolicy({ limit: 0, timeoutMs: 0, order: 'lifo' });
  assert.deepEqual(await queue.served(1), ['c']);
  queue.bench.queue.setPolicy({ limit: 0, timeoutMs: 10, order: 'fifo' });
  assert.deepEqual(namesOf(queue.bench.queue.overdue(1e9)), ['a', 'b']);
});

test('a request knows how long it waited for its ticket, the time in proxies included', async (t) => {
  const clock = stillClock(t, 10_000);
  const queue = await BusyQueue.start(t, {});
  const exchange = queue.bench.enqueue('a', { arrivedMs: 9_900, upstreamMs: 50 });
  clock.nowMs = 10_250;
  assert.deepEqual(await queue.served(1), ['a']);
  clock.nowMs = 99_999;
  assert.equal(exchange.queuedMs, 400);
});

test('a client that half-closes while its ticket is out gets the mark that stops only requests that have not begun', async (t) => {
  const bench = new Bench(t);
  const reader = bench.serve(t, 1, 2);
  const [first, second] = bench.enqueueAll(['a', 'b']);
  assert.ok(first !== undefined && second !== undefined);
  const [ticket, other] = await reader.takeAll();
  assert.ok(ticket !== undefined && other !== undefined);
  bench.stopSending(first);
  assert.equal(bench.cancelledWord(ticket.cancel), BigInt(ticket.id) | (1n << 53n));
  assert.equal(bench.cancelledWord(other.cancel), 0n);
  bench.leave(first);
  assert.equal(bench.cancelledWord(ticket.cancel), BigInt(ticket.id), 'when it has gone altogether, in any case');
  bench.queue.ticketEnded(first);
  bench.queue.ticketEnded(second);
  bench.queue.cancelUnlessBegun(second);
  assert.equal(bench.cancelledWord(other.cancel), 0n, 'who is settled has no entry any more');
});

test('a returned ticket is not written again for a client that has left', async (t) => {
  const bench = new Bench(t);
  bench.serve(t, 1, 4);
  const [left, stays] = bench.enqueueAll(['a', 'b']);
  assert.ok(left !== undefined && stays !== undefined);
  // In the same turn: the batch has not been written.
  bench.stopSending(left);
  const fresh = bench.serve(t, 2, 4);
  const tickets = await fresh.takeAll();
  assert.deepEqual(namesOf(tickets), ['b']);
  assert.match(left.client.sent, /^HTTP\/1\.1 503 /);
  bench.stopSending(stays);
  bench.queue.generationGone(2);
  assert.deepEqual([stays.state.kind, bench.outstanding, bench.waiting], ['finished', 0, 0]);
});

test('the time in the pipe counts: a ticket unclaimed by then is answered, and skipped by the worker that takes it', async (t) => {
  const queue = await BusyQueue.start(t, { timeoutMs: 1000 });
  const { bench } = queue;
  const [first, second] = queue.out;
  assert.ok(first !== undefined && second !== undefined);
  const [running, waiting] = [bench.queue.find(first.id), bench.queue.find(second.id)];
  bench.claim(1, first.id);
  bench.queue.overdue(500);
  assert.equal(bench.cancelledWord(second.cancel), 0n, 'not yet');
  bench.queue.overdue(1500);
  assert.notEqual(bench.cancelledWord(second.cancel), 0n, 'a worker that takes it now skips it');
  await eventually('the answer', () => waiting?.state.kind === 'finished');
  assert.deepEqual([waiting?.status, waiting?.why], [503, 'queue-timeout']);
  assert.deepEqual([running?.state.kind, bench.cancelledWord(first.cancel)], ['outstanding', 0n], 'what runs goes on');
  assert.equal(bench.outstanding, 2, 'until it is skipped');
  if (waiting !== undefined) bench.queue.skipped(waiting);
  assert.equal(bench.outstanding, 1);
});

test('an overdue ticket whose answer was sent, but not read yet, is not answered by the gateway', async (t) => {
  const queue = await BusyQueue.start(t, { timeoutMs: 1000 });
  const { bench } = queue;
  const [, second] = queue.out;
  assert.ok(second !== undefined);
  const answered = bench.queue.find(second.id);
  const held: (() => void)[] = [];
  bench.whenRead = (then) => void held.push(then);
  bench.queue.overdue(1500);
  await eventually('the second look at the board', () => held.length === 1);
  bench.answer(second);
  held[0]?.();
  assert.deepEqual([answered?.status, answered?.why], [200, 'answered']);
});

test('a worker that claims an overdue ticket before it is answered skips it, and it does not wait again', async (t) => {
  const queue = await BusyQueue.start(t, { timeoutMs: 1 });
  const { bench } = queue;
  const [first, second] = queue.out;
  assert.ok(first !== undefined && second !== undefined);
  bench.claim(1, first.id);
  await pause(10);
  bench.queue.overdue(performance.now());
  bench.claim(2, second.id);
  const exchange = bench.queue.find(second.id);
  assert.ok(exchange !== undefined);
  bench.queue.skipped(exchange);
  assert.deepEqual([exchange.status, exchange.why, bench.waiting], [503, 'queue-timeout', 0]);
});

test('a mark that is too late for its worker is removed: the client has not left', async (t) => {
  const queue = await BusyQueue.start(t, { timeoutMs: 1 });
  const { bench } = queue;
  const [first] = queue.out;
  assert.ok(first !== undefined);
  await pause(10);
  bench.queue.overdue(performance.now());
  assert.notEqual(bench.cancelledWord(first.cancel), 0n);
  bench.claim(1, first.id);
  await eventually('the mark to go', () => bench.cancelledWord(first.cancel) === 0n);
  assert.equal(bench.queue.find(first.id)?.state.kind, 'outstanding');
});
