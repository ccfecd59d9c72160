// Tickets lost with a dying worker: queued again, once, if no worker had claimed them, and never if one had.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ticket } from '../../../../src/runqueue/ticket.ts';
import { eventually } from '../../../harness/deadline.ts';
import { Bench, namesOf, type PipeReader, requests, turn } from './run-queue-bench.ts';

/** Takes exactly these tickets from the pipe, by name. */
async function takeNamed<Name extends string>(
  reader: PipeReader,
  ...names: readonly Name[]
): Promise<Record<Name, Ticket>> {
  const tickets = await reader.takeAll();
  assert.deepEqual(namesOf(tickets), names);
  return Object.fromEntries(tickets.map((ticket, index) => [names[index], ticket])) as Record<Name, Ticket>;
}

/** Everything still on its way has arrived when this ticket, enqueued now, is the only one to come out. */
async function nothingElse(bench: Bench, reader: PipeReader): Promise<void> {
  bench.queue.setConcurrency(1, 100);
  bench.queue.setConcurrency(2, 100);
  bench.enqueue('last');
  assert.deepEqual(namesOf([await reader.take()]), ['last']);
  assert.deepEqual(namesOf(await reader.takeAll()), []);
}

test('a ticket that was taken, never claimed, and whose worker has died is queued again, once the probe is answered', async (t) => {
  const bench = new Bench(t);
  const reader = bench.serve(t, 1, 2);
  const [lost] = bench.enqueueAll(requests(5));
  const { r1, r2, r3 } = await takeNamed(reader, 'r1', 'r2', 'r3');
  bench.claim(1, r2.id);
  bench.claim(2, r3.id);

  assert.equal(bench.workerGone(1, 0), undefined);
  const { '(probe)': probe } = await takeNamed(reader, '(probe)');
  assert.equal(probe.kind, 'probe');
  assert.equal(bench.isCancelled(r1), false, 'it may still be in the pipe');

  bench.queue.probed(probe.id);
  await eventually('the mark: should its worker come back, it skips the ticket', () => bench.isCancelled(r1));
  assert.deepEqual([bench.isCancelled(r2), bench.isCancelled(r3)], [false, false]);
  const again = await reader.take();
  assert.deepEqual(namesOf([again]), ['r1']);
  assert.notEqual(again.id, r1.id);
  assert.equal(bench.queue.find(r1.id), undefined, 'a late answer to the lost ticket finds no request');
  assert.equal(bench.queue.find(again.id), lost);
  assert.notEqual(again.cancel, r1.cancel, 'the mark of the lost ticket stays');
  bench.claim(3, again.id);

  bench.queue.probed(probe.id);
  bench.answer(again);
  bench.answer(r2);
  bench.answer(r3);
  assert.deepEqual(namesOf(await reader.takeMany(2)), ['r4', 'r5']);
  await nothingElse(bench, reader);
  assert.deepEqual(lost?.client.ends, ['answered']);
});

test('lost tickets are queued again in their order, before all that wait', async (t) => {
  const bench = new Bench(t);
  const reader = bench.serve(t, 1, 3);
  bench.enqueueAll(requests(6));
  await takeNamed(reader, 'r1', 'r2', 'r3', 'r4');
  bench.workerGone(1, 0);
  const { '(probe)': probe } = await takeNamed(reader, '(probe)');
  bench.queue.probed(probe.id);
  assert.deepEqual(namesOf(await reader.takeMany(4)), ['r1', 'r2', 'r3', 'r4']);
});

test('a ticket that a dead worker had claimed is returned to be failed, and not queued again', async (t) => {
  const bench = new Bench(t);
  const reader = bench.serve(t, 1, 2);
  const [claimed, lost] = bench.enqueueAll(requests(2));
  const { r1 } = await takeNamed(reader, 'r1', 'r2');
  bench.claim(0, r1.id);
  assert.equal(bench.workerGone(1, 0), claimed);
  assert.deepEqual(claimed?.client.ends, ['answered']);
  assert.match(claimed.client.sent, /^HTTP\/1\.1 502 /);
  const { '(probe)': probe } = await takeNamed(reader, '(probe)');
  bench.queue.probed(probe.id);
  // r2 was lost with it, and shows when the search is over.
  assert.deepEqual(namesOf([await reader.take()]), ['r2']);
  assert.equal(lost?.state.kind, 'outstanding');
  await nothingElse(bench, reader);
});

test('a living worker that claims a moment after the probe keeps its ticket, which is not marked', async (t) => {
  const bench = new Bench(t);
  const reader = bench.serve(t, 1, 2);
  bench.enqueueAll(requests(2));
  const { r1, r2 } = await takeNamed(reader, 'r1', 'r2');
  bench.workerGone(1, 5);
  const { '(probe)': probe } = await takeNamed(reader, '(probe)');
  bench.queue.probed(probe.id);
  bench.claim(0, r1.id);
  await eventually('the mark of the lost one', () => bench.isCancelled(r2));
  assert.equal(bench.isCancelled(r1), false);
  assert.deepEqual(namesOf([await reader.take()]), ['r2']);
  await nothingElse(bench, reader);
});

test('a claim after the mark, but before the second check, keeps the ticket where it is', async (t) => {
  const bench = new Bench(t);
  const reader = bench.serve(t, 1, 2);
  bench.enqueueAll(requests(2));
  const { r1 } = await takeNamed(reader, 'r1', 'r2');
  bench.workerGone(1, 5);
  const { '(probe)': probe } = await takeNamed(reader, '(probe)');
  bench.queue.probed(probe.id);
  await eventually('the mark', () => bench.isCancelled(r1));
  // Its worker looked at its entry of the cancel table before the mark was there.
  bench.claim(0, r1.id);
  assert.deepEqual(namesOf([await reader.take()]), ['r2'], 'only the other one is lost');
  await nothingElse(bench, reader);
  bench.answer(r1);
});

test('a worker that was only slow skips the ticket that was taken for lost: it is queued again, once', async (t) => {
  const bench = new Bench(t);
  const reader = bench.serve(t, 1, 2);
  const [slow] = bench.enqueueAll(requests(2));
  const { r1 } = await takeNamed(reader, 'r1', 'r2');
  bench.workerGone(1, 5);
  const { '(probe)': probe } = await takeNamed(reader, '(probe)');
  bench.queue.probed(probe.id);
  await eventually('the mark', () => bench.isCancelled(r1));
  bench.claim(0, r1.id);
  bench.release(0);
  assert.ok(slow !== undefined);
  bench.queue.skipped(slow);
  assert.deepEqual(namesOf([await reader.take()]), ['r1'], 'at once');
  assert.deepEqual(namesOf([await reader.take()]), ['r2'], 'after the search');
  await nothingElse(bench, reader);
  assert.deepEqual(slow.client.ends, []);
});

test('a ticket that is answered before the search is over is not queued again', async (t) => {
  const bench = new Bench(t);
  const reader = bench.serve(t, 1, 2);
  bench.enqueueAll(requests(2));
  const { r1 } = await takeNamed(reader, 'r1', 'r2');
  bench.workerGone(1, 5);
  const { '(probe)': probe } = await takeNamed(reader, '(probe)');
  bench.queue.probed(probe.id);
  bench.answer(r1);
  assert.deepEqual(namesOf([await reader.take()]), ['r2']);
  await nothingElse(bench, reader);
});

test('a response that has begun is not looked for', async (t) => {
  const bench = new Bench(t);
  const reader = bench.serve(t, 1, 2);
  const [responding] = bench.enqueueAll(requests(2));
  const { r1 } = await takeNamed(reader, 'r1', 'r2');
  responding?.respond({ status: 200, flags: 0, lines: '200 OK\r\n' }, Buffer.alloc(0), 1);
  bench.workerGone(1, 5);
  const { '(probe)': probe } = await takeNamed(reader, '(probe)');
  bench.queue.probed(probe.id);
  assert.equal(bench.isCancelled(r1), false);
  assert.deepEqual(namesOf([await reader.take()]), ['r2']);
  await nothingElse(bench, reader);
});

test('tickets that were written after the probe are not looked for', async (t) => {
  const bench = new Bench(t);
  const reader = bench.serve(t, 1, 2);
  bench.enqueue('r1');
  await takeNamed(reader, 'r1');
  bench.workerGone(1, 0);
  bench.enqueue('r2');
  const { '(probe)': probe, r2 } = await takeNamed(reader, '(probe)', 'r2');
  bench.queue.probed(probe.id);
  assert.equal(bench.isCancelled(r2), false);
  assert.deepEqual(namesOf([await reader.take()]), ['r1']);
  await nothingElse(bench, reader);
});

test('two deaths and two probes queue a lost ticket again once', async (t) => {
  const bench = new Bench(t);
  const reader = bench.serve(t, 1, 2);
  bench.enqueueAll(requests(2));
  await takeNamed(reader, 'r1', 'r2');
  bench.workerGone(1, 0);
  bench.workerGone(1, 1);
  for (const probe of await reader.takeAll()) bench.queue.probed(probe.id);
  assert.deepEqual(namesOf(await reader.takeMany(2)), ['r1', 'r2']);
  await nothingElse(bench, reader);
});

test('a probe that dies with its taker is made up for by the next one', async (t) => {
  const bench = new Bench(t);
  const reader = bench.serve(t, 1, 2);
  bench.enqueue('r1');
  await takeNamed(reader, 'r1');
  bench.workerGone(1, 0);
  await takeNamed(reader, '(probe)');
  bench.workerGone(1, 1);
  const { '(probe)': second } = await takeNamed(reader, '(probe)');
  bench.queue.probed(second.id);
  assert.deepEqual(namesOf([await reader.take()]), ['r1']);
  await nothingElse(bench, reader);
});

test('a lost ticket whose client has left is not queued again, and makes room', async (t) => {
  const bench = new Bench(t);
  const reader = bench.serve(t, 1, 1);
  const [gone] = bench.enqueueAll(requests(3));
  const { r2 } = await takeNamed(reader, 'r1', 'r2');
  bench.claim(1, r2.id);
  assert.ok(gone !== undefined);
  bench.leave(gone);
  bench.workerGone(1, 0);
  const { '(probe)': probe } = await takeNamed(reader, '(probe)');
  bench.queue.probed(probe.id);
  assert.deepEqual(namesOf([await reader.take()]), ['r3']);
  await nothingElse(bench, reader);
  assert.deepEqual(gone.client.ends, ['client-gone']);
});

test('no probe is sent for a worker of another generation, or when nothing can be lost', async (t) => {
  const bench = new Bench(t);
  const reader = bench.serve(t, 2, 2);
  bench.workerGone(2, 0);
  bench.enqueue('r1');
  await takeNamed(reader, 'r1');
  bench.workerGone(1, 0);
  assert.deepEqual(await reader.takeAll(), []);
  bench.queue.probed(12345);
  await nothingElse(bench, reader);
});

test('a probe is sent even if there is no room for it at the time of the death', async (t) => {
  const bench = new Bench(t);
  const reader = bench.serve(t, 1, 100);
  bench.enqueueAll(requests(101));
  await turn();
  // The pipe holds its 16, and the batch is full.
  bench.workerGone(1, 0);
  const tickets = await reader.takeMany(102);
  const probes = tickets.filter(({ kind }) => kind === 'probe');
  assert.equal(probes.length, 1);
  assert.deepEqual(namesOf(tickets.filter(({ kind }) => kind === 'run')), requests(101));
});

test('a draining generation: end-of-file on its pipe means the same as a probe', async (t) => {
  const bench = new Bench(t);
  const old = bench.serve(t, 1, 2);
  bench.enqueueAll(requests(2));
  const { r1, r2 } = await takeNamed(old, 'r1', 'r2');
  bench.claim(1, r2.id);
  bench.queue.pipeEmpty(1);
  assert.equal(bench.isCancelled(r1), false, 'as long as it is the current one, its pipe is not at its end');
  const fresh = bench.serve(t, 2, 2);
  bench.queue.pipeEmpty(1);
  await eventually('the mark', () => bench.isCancelled(r1));
  assert.equal(bench.isCancelled(r2), false);
  assert.deepEqual(namesOf([await fresh.take()]), ['r1']);
  await nothingElse(bench, fresh);
});

test('when a generation is gone, its unclaimed requests go to the current one, in order', async (t) => {
  const bench = new Bench(t);
  const old = bench.serve(t, 1, 3);
  const all = bench.enqueueAll(requests(4));
  const { r2, r3, r4 } = await takeNamed(old, 'r1', 'r2', 'r3', 'r4');
  const fresh = bench.serve(t, 2, 1);
  bench.enqueueAll(requests(3, 5));
  await takeNamed(fresh, 'r5', 'r6');
  bench.answer(r3);
  bench.claim(7, r2.id);
  assert.equal(bench.workerGone(1, 7), all[1]);
  bench.queue.generationGone(1);
  bench.queue.setConcurrency(2, 9);
  assert.deepEqual(namesOf(await fresh.takeAll()), ['r1', 'r4', 'r7']);
  assert.equal(bench.queue.find(r4.id), undefined);
  await nothingElse(bench, fresh);
});

test('when a generation is gone, its claimed requests are never run again, and their clients get an error', async (t) => {
  const bench = new Bench(t);
  const old = bench.serve(t, 1, 3);
  const [claimed, responding, gone] = bench.enqueueAll(requests(3));
  const { r1 } = await takeNamed(old, 'r1', 'r2', 'r3');
  assert.ok(claimed !== undefined && responding !== undefined && gone !== undefined);
  bench.claim(7, r1.id);
  responding.respond({ status: 200, flags: 0, lines: '200 OK\r\n' }, Buffer.alloc(0), 1);
  bench.leave(gone);
  const fresh = bench.serve(t, 2, 3);
  bench.queue.generationGone(1);
  assert.match(claimed.client.sent, /^HTTP\/1\.1 502 /);
  assert.deepEqual(claimed.client.ends, ['answered']);
  assert.deepEqual(responding.client.ends, ['cut-off']);
  assert.deepEqual(gone.client.ends, ['client-gone']);
  assert.equal(bench.outstanding, 0);
  await nothingElse(bench, fresh);
});

test('the marks of lost tickets stay until their generation is gone: their entries are not used before', async (t) => {
  const bench = new Bench(t, 3);
  const old = bench.serve(t, 1, 3);
  bench.enqueueAll(requests(4));
  const { r1, r2, r3 } = await takeNamed(old, 'r1', 'r2', 'r3');
  bench.claim(2, r3.id);
  bench.workerGone(1, 0);
  const { '(probe)': probe } = await takeNamed(old, '(probe)');
  bench.queue.probed(probe.id);
  await eventually('the tickets to be given up', () => bench.queue.find(r2.id) === undefined);
  assert.deepEqual(await old.takeAll(), [], 'no entry is free');
  bench.answer(r3);
  const again = await old.take();
  assert.deepEqual([namesOf([again]), again.cancel], [['r1'], r3.cancel]);
  assert.deepEqual(await old.takeAll(), []);
  const fresh = bench.serve(t, 2, 3);
  assert.deepEqual(await fresh.takeAll(), []);
  assert.deepEqual([bench.isCancelled(r1), bench.isCancelled(r2)], [true, true]);
  bench.queue.generationGone(1);
  const rest = await fresh.takeAll();
  assert.deepEqual(namesOf(rest), ['r1', 'r2', 'r4']);
  assert.deepEqual(rest.map(({ cancel }) => cancel).sort(), [10, 11, 12]);
});

test('after answers were lost, a ticket that no worker claims may have been run, and is not queued again', async (t) => {
  const bench = new Bench(t);
  const reader = bench.serve(t, 1, 2);
  const [lost, running] = bench.enqueueAll(requests(2));
  const { r2 } = await takeNamed(reader, 'r1', 'r2');
  bench.claim(1, r2.id);
  bench.queue.answersDiscarded();
  const { '(probe)': probe } = await takeNamed(reader, '(probe)');
  bench.queue.probed(probe.id);
  await eventually('the answer in place of the lost one', () => lost?.client.ends.length === 1);
  assert.match(lost?.client.sent ?? '', /^HTTP\/1\.1 502 /);
  assert.equal(running?.state.kind, 'outstanding');
  // Later tickets are not in doubt.
  bench.enqueue('r3');
  await takeNamed(reader, 'r3');
  assert.equal(bench.workerGone(1, 5), undefined);
  const { '(probe)': second } = await takeNamed(reader, '(probe)');
  bench.queue.probed(second.id);
  assert.deepEqual(namesOf([await reader.take()]), ['r3']);
  await nothingElse(bench, reader);
});
