// The gateway's end of the run queue: order and limits, cancelling, switching generations, full pipes.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { TicketPipe } from '../../../../src/gateway/queue/ticket-pipe.ts';
import { eventually } from '../../../harness/deadline.ts';
import { Bench, DEFAULT_CAPACITY, FIRST_CANCEL, GATEWAY, namesOf, requests, turn } from './run-queue-bench.ts';

test('requests leave the pipe in order, with their data', async (t) => {
  const bench = new Bench(t);
  const reader = bench.serve(t, 1, 4);
  bench.enqueue('r1');
  bench.enqueue('r2', { body: Buffer.from('\0body\xff', 'latin1') });
  bench.enqueue('r3', { body: Buffer.alloc(10_000) });
  const tickets = await reader.takeAll();
  assert.deepEqual(
    tickets.map(({ fields, body }) => [fields, body.toString('latin1')]),
    [
      ['NAME\0r1', ''],
      ['NAME\0r2', '\0body\xff'],
      ['', ''],
    ],
  );
  assert.deepEqual(
    tickets.map(({ kind, gateway, follows }) => [kind, gateway, follows]),
    [
      ['run', GATEWAY, false],
      ['run', GATEWAY, false],
      ['run', GATEWAY, true],
    ],
  );
  const ids = tickets.map(({ id }) => id);
  assert.deepEqual(
    ids,
    [...new Set(ids)].sort((a, b) => a - b),
    'ids rise',
  );
  assert.ok(ids.every((id) => id > GATEWAY * 2 ** 36 && id < (GATEWAY + 1) * 2 ** 36));
  const entries = tickets.map(({ cancel }) => cancel);
  assert.equal(new Set(entries).size, 3);
  assert.ok(entries.every((entry) => entry >= FIRST_CANCEL && entry < FIRST_CANCEL + 200));
});

test('each worker gets one ticket and one lies ahead; the rest waits in the gateway until one is answered', async (t) => {
  const bench = new Bench(t);
  const reader = bench.serve(t, 1, 2);
  bench.enqueueAll(requests(6));
  const tickets = await reader.takeAll();
  assert.deepEqual(namesOf(tickets), ['r1', 'r2', 'r3']);
  assert.deepEqual([bench.outstanding, bench.waiting], [3, 3]);
  const [first, second] = tickets;
  assert.ok(first !== undefined && second !== undefined);
  bench.answer(second);
  assert.deepEqual(namesOf(await reader.takeAll()), ['r4']);
  bench.answer(first);
  assert.deepEqual(namesOf(await reader.takeAll()), ['r5']);
  assert.deepEqual([bench.outstanding, bench.waiting], [3, 1]);
});

test('in-flight requests of a leaving worker do not count against the limit', async (t) => {
  const bench = new Bench(t);
  const reader = bench.serve(t, 1, 2);
  bench.enqueueAll(requests(8));
  const [first, second, third] = await reader.takeAll();
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  bench.claim(5, first.id);
  bench.claim(6, second.id);
  assert.equal(bench.queue.workerRetires({ slot: 5, slots: 2 }).length, 2);
  // A second time, nothing changes.
  bench.queue.workerRetires({ slot: 5, slots: 2 });
  assert.deepEqual(namesOf(await reader.takeAll()), ['r4', 'r5']);
  bench.answer(first);
  assert.deepEqual(namesOf(await reader.takeAll()), [], 'its place goes with the worker');
  bench.answer(third);
  assert.deepEqual(namesOf(await reader.takeAll()), ['r6']);
});

test('a ticket that ends twice makes room once', async (t) => {
  const bench = new Bench(t);
  const reader = bench.serve(t, 1, 1);
  const [first] = bench.enqueueAll(requests(6));
  assert.equal((await reader.takeAll()).length, 2);
  assert.ok(first !== undefined);
  bench.queue.ticketEnded(first);
  bench.queue.ticketEnded(first);
  assert.deepEqual(namesOf(await reader.takeAll()), ['r3']);
});

test('more workers take more tickets; those of another generation do not count', async (t) => {
  const bench = new Bench(t);
  const reader = bench.serve(t, 2, 1);
  bench.enqueueAll(requests(9));
  assert.equal((await reader.takeAll()).length, 2);
  bench.queue.setConcurrency(1, 8);
  assert.equal((await reader.takeAll()).length, 0);
  bench.queue.setConcurrency(2, 3);
  assert.deepEqual(namesOf(await reader.takeAll()), ['r3', 'r4']);
});

test('the faster the answers, the more tickets lie ahead, but never more than the pipe holds', async (t) => {
  let nowMs = 1000;
  t.mock.method(performance, 'now', () => nowMs);
  const bench = new Bench(t);
  const reader = bench.serve(t, 1, 1, 8);
  bench.enqueueAll(requests(200));
  const answerAll = async (): Promise<number> => {
    const tickets = await reader.takeAll();
    for (const ticket of tickets) bench.answer(ticket);
    return tickets.length;
  };
  // The first answer closes the window that began before the first request.
  assert.equal(await answerAll(), 2);
  while (bench.waiting > 140) await answerAll();
  nowMs += 10;
  await answerAll();
  assert.equal((await reader.takeAll()).length, 1 + 7);
});

test('without a pipe everything waits, and is sent in order when there is one', async (t) => {
  const bench = new Bench(t);
  bench.enqueueAll(requests(2));
  assert.deepEqual([bench.outstanding, bench.waiting], [0, 2]);
  assert.deepEqual(namesOf(await bench.serve(t, 1, 4).takeAll()), ['r1', 'r2']);
});

test('a request whose client leaves while it waits is never written, and ends once', async (t) => {
  const bench = new Bench(t);
  const reader = bench.serve(t, 1, 1);
  const [, , third] = bench.enqueueAll(requests(4));
  const [first, second] = await reader.takeAll();
  assert.ok(third !== undefined && first !== undefined && second !== undefined);
  bench.leave(third);
  bench.answer(first);
  bench.answer(second);
  assert.deepEqual(namesOf(await reader.takeAll()), ['r4']);
  assert.deepEqual([third.state.kind, third.client.ends], ['finished', ['client-gone']]);
  assert.deepEqual([bench.outstanding, bench.waiting], [1, 0]);
});

test('cancel() marks the ticket on the board where its worker looks, and nothing else', async (t) => {
  const bench = new Bench(t);
  const reader = bench.serve(t, 1, 2);
  const [first, second, , waiting] = bench.enqueueAll(requests(4));
  assert.ok(first !== undefined && second !== undefined && waiting !== undefined);
  const tickets = await reader.takeAll();
  bench.queue.cancel(waiting);
  bench.queue.cancel(second);
  assert.deepEqual(
    tickets.map((ticket) => bench.isCancelled(ticket)),
    [false, true, false],
  );
  bench.queue.ticketEnded(second);
  const [next] = await reader.takeAll();
  assert.ok(next !== undefined);
  assert.equal(bench.isCancelled(next), false, 'a mark is for one ticket, even when the entry is used again');
  const running = bench.queue.find(next.id);
  assert.ok(running !== undefined);
  bench.queue.cancel(running);
  bench.queue.cancel(second);
  assert.equal(bench.isCancelled(next), true, 'a ticket that has ended has no entry any more');
});

test('a ticket that its worker skips because the client has left is over', async (t) => {
  const bench = new Bench(t);
  const reader = bench.serve(t, 1, 1);
  const [gone] = bench.enqueueAll(requests(3));
  assert.ok(gone !== undefined);
  await reader.takeAll();
  bench.leave(gone);
  bench.queue.skipped(gone);
  assert.deepEqual(namesOf(await reader.takeAll()), ['r3']);
  assert.deepEqual(gone.client.ends, ['client-gone']);
});

test('no two tickets share an entry of the cancel table; without a free one requests wait', async (t) => {
  const bench = new Bench(t, 3);
  const reader = bench.serve(t, 1, 10);
  bench.enqueueAll(requests(5));
  const tickets = await reader.takeAll();
  assert.deepEqual(tickets.map(({ cancel }) => cancel).sort(), [10, 11, 12]);
  const [, second] = tickets;
  assert.ok(second !== undefined);
  bench.answer(second);
  const [next] = await reader.takeAll();
  assert.equal(next?.cancel, second.cancel);
});

test('a switch takes back unwritten requests, and writes them to the new pipe in the same order', async (t) => {
  const bench = new Bench(t);
  const old = bench.serve(t, 1, 4);
  bench.enqueueAll(requests(8));
  // In the same turn: the batch has not been written.
  const fresh = bench.serve(t, 2, 4);
  bench.enqueue('r9');
  assert.deepEqual(namesOf(await fresh.takeAll()), ['r1', 'r2', 'r3', 'r4', 'r5']);
  assert.equal(old.read(), 'end');
  assert.deepEqual([bench.outstanding, bench.waiting], [5, 4]);
});

test('a switch with a full pipe: written requests stay in it, others go to the new one, and none is lost', async (t) => {
  const bench = new Bench(t);
  const old = bench.serve(t, 1, 30);
  bench.enqueueAll(requests(40));
  await turn();
  const fresh = bench.serve(t, 2, 30, 256);
  const inOld = await old.takeAll();
  assert.deepEqual(namesOf(inOld), requests(DEFAULT_CAPACITY));
  assert.equal(old.read(), 'end', 'the old workers read the end of the pipe');
  const rest = await fresh.takeMany(40 - DEFAULT_CAPACITY);
  assert.deepEqual(namesOf(rest), requests(40 - DEFAULT_CAPACITY, 1 + DEFAULT_CAPACITY));
  const ids = [...inOld, ...rest].map(({ id }) => id);
  assert.equal(new Set(ids).size, 40);
  for (const ticket of [...inOld, ...rest]) bench.answer(ticket);
  assert.deepEqual([bench.outstanding, bench.waiting], [0, 0]);
});

test('in-flight requests of the old generation do not count against the new one', async (t) => {
  const bench = new Bench(t);
  const old = bench.serve(t, 1, 2);
  bench.enqueueAll(requests(3));
  const running = await old.takeAll();
  assert.equal(running.length, 3);
  const fresh = bench.serve(t, 2, 2);
  bench.enqueueAll(requests(5, 4));
  assert.deepEqual(namesOf(await fresh.takeAll()), ['r4', 'r5', 'r6']);
  for (const ticket of running) bench.answer(ticket);
  assert.deepEqual(namesOf(await fresh.takeAll()), [], 'and its answers make no room there');
});

test('a client that leaves between the batch and the switch is not written to the new pipe', async (t) => {
  const bench = new Bench(t, 3);
  bench.serve(t, 1, 4);
  const [, second] = bench.enqueueAll(requests(3));
  assert.ok(second !== undefined);
  bench.leave(second);
  const fresh = bench.serve(t, 2, 4);
  assert.deepEqual(namesOf(await fresh.takeAll()), ['r1', 'r3']);
  assert.deepEqual(second.client.ends, ['client-gone']);
  bench.enqueue('r4');
  assert.deepEqual(namesOf(await fresh.takeAll()), ['r4'], 'its entry of the cancel table is free again');
});

test('serving the same generation again changes nothing', async (t) => {
  const bench = new Bench(t);
  const reader = bench.serve(t, 1, 4);
  bench.enqueue('r1');
  const again = TicketPipe.open(bench.dir, 1, DEFAULT_CAPACITY);
  assert.ok(again !== null);
  bench.queue.serve(again, 9);
  bench.enqueue('r2');
  assert.deepEqual(namesOf(await reader.takeAll()), ['r1', 'r2']);
  assert.equal(reader.read(), 'empty');
});

test('a pipe of 16 tickets holds 16; the rest follows in order as workers take them', async (t) => {
  const bench = new Bench(t);
  const reader = bench.serve(t, 1, 40);
  bench.enqueueAll(requests(50));
  const first = await reader.takeAll();
  assert.deepEqual(namesOf(first), requests(DEFAULT_CAPACITY));
  const rest = await reader.takeMany(41 - DEFAULT_CAPACITY);
  assert.deepEqual(namesOf(rest), requests(41 - DEFAULT_CAPACITY, 1 + DEFAULT_CAPACITY));
  assert.equal(bench.waiting, 9);
});

test('150 idle workers get 150 tickets through a pipe of 16, though none of them answers', async (t) => {
  const bench = new Bench(t);
  const reader = bench.serve(t, 1, 150);
  bench.enqueueAll(requests(150));
  assert.deepEqual(namesOf(await reader.takeMany(150)), requests(150));
});

test('when all readers of a pipe have died, its tickets wait for the next generation', async (t) => {
  const bench = new Bench(t);
  const { reader, pipe } = bench.pipe(t, 1, DEFAULT_CAPACITY);
  bench.queue.serve(pipe, 4);
  reader.close();
  bench.enqueueAll(requests(2));
  await turn();
  assert.deepEqual(namesOf(await bench.serve(t, 2, 4).takeAll()), ['r1', 'r2']);
});

test('a pipe without a reader, or that does not exist, cannot be opened', (t) => {
  const bench = new Bench(t);
  execFileSync('mkfifo', [join(bench.dir, 'tickets-7')]);
  assert.equal(TicketPipe.open(bench.dir, 7, DEFAULT_CAPACITY), null);
  assert.equal(TicketPipe.open(bench.dir, 8, DEFAULT_CAPACITY), null);
});

test('unanswered() returns everything in the queue, and nothing more is sent to workers', async (t) => {
  const bench = new Bench(t);
  const reader = bench.serve(t, 1, 1);
  const all = bench.enqueueAll(requests(5));
  const tickets = await reader.takeAll();
  assert.deepEqual(new Set(bench.queue.unanswered()), new Set(all));
  for (const ticket of tickets) bench.answer(ticket);
  assert.deepEqual(await reader.takeAll(), []);
});

test('close() ends the pipe: idle workers read end-of-file, and later requests are not written', async (t) => {
  const bench = new Bench(t);
  const reader = bench.serve(t, 1, 1);
  bench.queue.close();
  bench.enqueue('r1');
  await turn();
  await eventually('end-of-file', () => reader.read() === 'end');
});
