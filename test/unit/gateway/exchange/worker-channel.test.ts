// One channel between a worker, played by the test, and the gateway: over a real Unix socket.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net, { type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { MemoryBudget } from '../../../../src/gateway/connection/memory-budget.ts';
import {
  type ChannelOwner,
  type ChannelQueue,
  WorkerChannel,
} from '../../../../src/gateway/exchange/worker-channel.ts';
import {
  ABORTED,
  ASK,
  BODY,
  CLOSE,
  dataFrame,
  END,
  goneFrame,
  HEAD,
  HELLO,
  HINTS,
  MESSAGE,
  PROBED,
  SKIP,
  takenFrame,
} from '../../../../src/runqueue/channel-frame.ts';
import { eventually, within } from '../../../harness/deadline.ts';
import { type ExchangeParts, outstandingExchange, type TestExchange } from './exchange-double.ts';

class Owner implements ChannelOwner {
  readonly budget: MemoryBudget = new MemoryBudget(0);
  readonly exchanges: Map<number, TestExchange> = new Map();
  readonly events: string[] = [];
  isClientSlow = false;
  resume: () => void = () => {};

  /** The run queue's part. */
  readonly queue: ChannelQueue = {
    find: (ticket) => this.exchanges.get(ticket),
    ticketEnded: ({ ticket }) => {
      this.exchanges.delete(ticket?.id ?? 0);
      this.events.push(`ended ${ticket?.id}`);
    },
    skipped: ({ ticket }) => this.events.push(`skipped ${ticket?.id}`),
    probed: (ticket) => this.events.push(`probed ${ticket}`),
  };

  channelOpened(): void {}

  outstanding(ticket: number, parts: ExchangeParts = {}): TestExchange {
    const exchange = outstandingExchange({ ...parts, ticket });
    exchange.client.holdsBack = (resume) => {
      this.resume = resume;
      return this.isClientSlow;
    };
    this.exchanges.set(ticket, exchange);
    return exchange;
  }

  channelClosed(channel: WorkerChannel, why: string | null): void {
    this.events.push(`closed ${channel.worker?.slot}: ${why}`);
  }
}

interface Connected {
  readonly owner: Owner;
  /** The worker's end. */
  readonly worker: Socket;
  readonly received: () => string;
  readonly gatewayEnd: Socket;
  readonly channel: WorkerChannel;
}

async function connect(t: TestContext): Promise<Connected> {
  const dir = mkdtempSync(join(tmpdir(), 'tunicorn-channel-'));
  const server = net.createServer();
  server.listen(join(dir, 'gateway.sock'));
  await once(server, 'listening');
  const worker = net.connect(join(dir, 'gateway.sock'));
  const [gatewayEnd]: Socket[] = await within('a connection', once(server, 'connection'));
  assert.ok(gatewayEnd !== undefined);
  const chunks: Buffer[] = [];
  worker.on('data', (chunk: Buffer) => chunks.push(chunk));
  worker.on('error', () => {});
  t.after(() => {
    worker.destroy();
    gatewayEnd.destroy();
    server.close();
    rmSync(dir, { recursive: true });
  });
  const owner = new Owner();
  const channel = new WorkerChannel(gatewayEnd, owner);
  worker.write(frame(HELLO, 0, 0, Buffer.from('030000009210000001000000', 'hex')));
  return { owner, worker, channel, gatewayEnd, received: () => Buffer.concat(chunks).toString('hex') };
}

function frame(type: number, id: number, flags = 0, payload: Buffer = Buffer.alloc(0), status = 0): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(16 + payload.length, 0);
  header.writeUInt8(type, 4);
  header.writeUInt8(flags, 5);
  header.writeUInt16LE(status, 6);
  header.writeBigUInt64LE(BigInt(id), 8);
  return Buffer.concat([header, payload]);
}

function headFrame(id: number, flags: number, body: Buffer): Buffer {
  const head = Buffer.from('200 OK\r\n');
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  return frame(HEAD, id, flags, Buffer.concat([length, head, body]), 200);
}

async function seen(owner: Owner, ...events: string[]): Promise<void> {
  await eventually(events.join(', '), () => owner.events.length >= events.length);
  assert.deepEqual(owner.events, events);
}

test('a response goes to the exchange of its ticket, whose ticket ends with it', async (t) => {
  const { owner, worker, channel } = await connect(t);
  const exchange = owner.outstanding(7);
  worker.write(headFrame(7, 0, Buffer.from('one')));
  worker.write(frame(BODY, 7, 0, Buffer.from('two')));
  worker.write(frame(BODY, 7, END));
  await seen(owner, 'ended 7');
  assert.match(exchange.client.sent, /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n$/s);
  assert.deepEqual([exchange.workerPid, exchange.client.ends], [4242, ['answered']]);
  assert.deepEqual(channel.worker, { slot: 3, pid: 4242, generation: 1 });
});

test('a response that the worker cuts off is cut off for the client, and settled', async (t) => {
  const { owner, worker } = await connect(t);
  const exchange = owner.outstanding(7);
  worker.write(Buffer.concat([headFrame(7, 0, Buffer.from('one')), frame(BODY, 7, END | ABORTED)]));
  await seen(owner, 'ended 7');
  assert.deepEqual(exchange.client.ends, ['cut-off']);
});

test('frames for a client that has left are discarded, and their end is seen', async (t) => {
  const { owner, worker } = await connect(t);
  const exchange = owner.outstanding(7);
  exchange.abandon();
  worker.write(headFrame(7, 0, Buffer.from('one')));
  worker.write(frame(BODY, 7, END, Buffer.from('two')));
  await seen(owner, 'ended 7');
  assert.deepEqual([exchange.client.sent, exchange.client.ends], ['', ['client-gone']]);
});

test('frames for an unknown ticket are discarded', async (t) => {
  const { owner, worker } = await connect(t);
  worker.write(Buffer.concat([headFrame(7, END, Buffer.from('one')), frame(SKIP, 8, END), frame(PROBED, 9, END)]));
  await seen(owner, 'probed 9');
});

test('ASK gets fields and body of a ticket that waits, GONE for any other', async (t) => {
  const { owner, worker, received } = await connect(t);
  const body = Buffer.alloc(100_000, 'b');
  owner.outstanding(7, { fields: 'A\0\xe9', body });
  owner.outstanding(8).abandon();
  worker.write(Buffer.concat([frame(ASK, 7), frame(ASK, 8), frame(ASK, 9)]));
  const wanted = Buffer.concat([dataFrame(7, 'A\0\xe9', body), goneFrame(8), goneFrame(9)]).toString('hex');
  await eventually('the answers', () => received().length >= wanted.length);
  assert.equal(received(), wanted);
});

test('hints go to the client that waits for the ticket, before its response', async (t) => {
  const { owner, worker } = await connect(t);
  const exchange = owner.outstanding(7);
  const gone = owner.outstanding(8);
  gone.abandon();
  worker.write(frame(HINTS, 7, 0, Buffer.from('Link: \xe9\r\n', 'latin1')));
  await eventually('the hints', () => exchange.client.sent !== '');
  assert.equal(exchange.client.sent, 'HTTP/1.1 103 Early Hints\r\nLink: \xe9\r\n\r\n');
  worker.write(headFrame(7, END, Buffer.from('one')));
  // Ticket 9 is no longer known.
  for (const id of [8, 9]) {
    worker.write(frame(HINTS, id, 0, Buffer.from('A: b\r\n')));
    worker.write(headFrame(id, END, Buffer.from('two')));
  }
  await seen(owner, 'ended 7', 'ended 8');
  assert.match(exchange.client.sent, /^HTTP\/1\.1 103 .*?\r\n\r\nHTTP\/1\.1 200 OK\r\n/s);
  assert.equal(gone.client.sent, '');
});

test('SKIP and PROBED are passed on', async (t) => {
  const { owner, worker } = await connect(t);
  owner.outstanding(7);
  worker.write(Buffer.concat([frame(SKIP, 7, END), frame(PROBED, 9, END)]));
  await seen(owner, 'skipped 7', 'probed 9');
});

test('TAKEN answers the end of a response of more than 65,536 bytes with its hints, and of no other', async (t) => {
  const { owner, worker, received } = await connect(t);
  const answer = (id: number, ...sizes: number[]): void => {
    worker.write(headFrame(id, 0, Buffer.alloc(sizes[0] ?? 0)));
    for (const size of sizes.slice(1)) worker.write(frame(BODY, id, 0, Buffer.alloc(size)));
    worker.write(frame(BODY, id, END));
  };
  for (const id of [1, 2, 3, 4]) owner.outstanding(id);
  answer(1, 65_536);
  answer(2, 65_536, 1);
  answer(3, 65_535, 1);
  answer(4, 65_537);
  // This ticket is unknown, but its worker still waits.
  answer(5, 40_000, 40_000);
  // Hints count, for their own response only.
  owner.outstanding(6);
  worker.write(frame(HINTS, 6, 0, Buffer.alloc(30_000, 'h')));
  worker.write(frame(HINTS, 6, 0, Buffer.alloc(30_000, 'h')));
  answer(6, 5_536);
  owner.outstanding(7);
  worker.write(frame(HINTS, 7, 0, Buffer.alloc(60_000, 'h')));
  answer(7, 5_537);
  owner.outstanding(8);
  answer(8, 65_536);
  worker.write(frame(PROBED, 9, END));
  await eventually('the last frame', () => owner.events.includes('probed 9'));
  const wanted = Buffer.concat([2, 4, 5, 7].map((id) => takenFrame(id))).toString('hex');
  await eventually('the answers', () => received().length >= wanted.length);
  assert.equal(received(), wanted);
});

test('a slow client applies backpressure to the channel after 65,536 bytes, until it has read the buffer', async (t) => {
  const { owner, worker, gatewayEnd } = await connect(t);
  const exchange = owner.outstanding(7);
  owner.isClientSlow = true;
  worker.write(headFrame(7, 0, Buffer.alloc(65_536)));
  await eventually('the first bytes', () => exchange.sentBytes === 65_536);
  assert.equal(gatewayEnd.isPaused(), false);
  worker.write(frame(BODY, 7, 0, Buffer.alloc(1)));
  await eventually('one more', () => exchange.sentBytes === 65_537);
  assert.equal(gatewayEnd.isPaused(), true);
  worker.write(frame(BODY, 7, END, Buffer.alloc(5)));
  owner.isClientSlow = false;
  owner.resume();
  await seen(owner, 'ended 7');
  assert.equal(exchange.sentBytes, 65_542);
});

test('so it does with the hints of an application that gives them without end', async (t) => {
  const { owner, worker, gatewayEnd } = await connect(t);
  const exchange = owner.outstanding(7);
  owner.isClientSlow = true;
  worker.write(frame(HINTS, 7, 0, Buffer.alloc(65_536, 'h')));
  await eventually('the first hints', () => exchange.client.writes.length === 1);
  assert.equal(gatewayEnd.isPaused(), false);
  worker.write(frame(HINTS, 7, 0, Buffer.alloc(1, 'h')));
  await eventually('one more', () => exchange.client.writes.length === 2);
  assert.equal(gatewayEnd.isPaused(), true);
  worker.write(headFrame(7, END, Buffer.from('one')));
  owner.isClientSlow = false;
  owner.resume();
  await seen(owner, 'ended 7');
});

test('and with the messages of a WebSocket, each of which counts for 256 bytes beside its own', async (t) => {
  const { owner, worker, received, gatewayEnd } = await connect(t);
  const head = Buffer.from('101 Switching Protocols\r\n');
  const accept = (id: number): Buffer =>
    frame(HEAD, id, 0, Buffer.concat([Buffer.from([head.length, 0, 0, 0]), head]), 101);
  for (const [id, count] of [
    [7, 256],
    [8, 257],
  ] as const) {
    owner.outstanding(id);
    worker.write(Buffer.concat([accept(id), ...Array.from({ length: count }, () => frame(MESSAGE, id))]));
    worker.write(frame(CLOSE, id, END, Buffer.alloc(0), 1000));
  }
  await seen(owner, 'ended 7', 'ended 8');
  await eventually('TAKEN', () => received().includes(takenFrame(8).toString('hex')));
  assert.ok(!received().includes(takenFrame(7).toString('hex')), '256 empty messages are 65,536 bytes, no more');
  owner.outstanding(9);
  owner.isClientSlow = true;
  worker.write(Buffer.concat([accept(9), ...Array.from({ length: 257 }, () => frame(MESSAGE, 9))]));
  await eventually('the channel to be held back', () => gatewayEnd.isPaused());
});

test('a worker that violates the protocol loses its channel, and the reason is reported', async (t) => {
  const { owner, worker } = await connect(t);
  owner.outstanding(7);
  worker.write(Buffer.concat([frame(BODY, 7, END), frame(PROBED, 9, END)]));
  await seen(owner, 'closed 3: BODY of ticket 7 outside of its response');
});

test('the end of a worker is the end of its channel, without a reason', async (t) => {
  const { owner, worker } = await connect(t);
  owner.outstanding(7);
  worker.write(headFrame(7, 0, Buffer.from('one')));
  worker.end();
  await seen(owner, 'closed 3: null');
});

test('close() ends the channel', async (t) => {
  const { owner, worker, channel } = await connect(t);
  await eventually('HELLO', () => channel.worker !== null);
  channel.close();
  await within('the end at the worker', once(worker, 'close'));
  await seen(owner, 'closed 3: null');
});

test('frames sent before the process of a worker ended are read, then its channel is closed, even if another process holds it open', async (t) => {
  const { owner, worker, channel } = await connect(t);
  const exchange = owner.outstanding(7);
  await eventually('HELLO', () => channel.worker !== null);
  const sent = new Promise((resolve) => worker.write(headFrame(7, END, Buffer.alloc(100_000, 'x')), resolve));
  await sent;
  channel.workerExited();
  await seen(owner, 'ended 7', 'closed 3: null');
  assert.deepEqual([owner.events, exchange.sentBytes], [['ended 7', 'closed 3: null'], 100_000]);
});
