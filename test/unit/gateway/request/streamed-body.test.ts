// A body between its client and its worker, with the clock and the worker in the test's hand.

import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { MemoryBudget } from '../../../../src/gateway/connection/memory-budget.ts';
import { ChannelOutput } from '../../../../src/gateway/exchange/channel-output.ts';
import { WatchedTicket } from '../../../../src/gateway/exchange/watched-ticket.ts';
import { StreamedBody } from '../../../../src/gateway/request/streamed-body.ts';
import { ABORTED, DATA, END, GONE } from '../../../../src/runqueue/channel-frame.ts';
import { headRules } from '../../../harness/gateway-settings.ts';

const RULES = headRules();
/** When each body begins. */
const NOW_MS: number = Math.ceil(performance.now());

/** The worker's channel: records the frames, and is as full as the test sets it. */
class ChannelDouble {
  readonly #frames: { readonly type: number; readonly flags: number; payload: string }[] = [];
  writableLength = 0;
  /** Flushes the collected frames. */
  flush: () => void = () => {};

  get frames(): readonly { readonly type: number; readonly flags: number; readonly payload: string }[] {
    this.flush();
    return this.#frames;
  }

  /** Small frames arrive together. */
  write(bytes: Buffer): boolean {
    if (bytes.length > 16 && bytes.readUInt32LE(8) === 9 && bytes.readUInt32LE(0) <= bytes.length) {
      const length = bytes.readUInt32LE(0);
      this.write(bytes.subarray(0, 16));
      if (length > 16) this.write(bytes.subarray(16, length));
      return length === bytes.length || this.write(bytes.subarray(length));
    }
    const last = this.#frames.at(-1);
    if (bytes.length >= 16 && bytes.readUInt32LE(8) === 9)
      this.#frames.push({ type: bytes.readUInt8(4), flags: bytes.readUInt8(5), payload: '' });
    else if (last !== undefined) last.payload += bytes.toString();
    return true;
  }

  cork(): void {}

  uncork(): void {}

  get seen(): (readonly [type: number, flags: number, payload: string])[] {
    return this.frames.map(({ type, flags, payload }) => [type, flags, payload] as const);
  }
}

interface Parts {
  readonly length?: number;
  readonly limitBytes?: number;
  readonly sendContinue?: (() => void) | null;
  readonly budgetBytes?: number;
  readonly readAheadBytes?: number;
}

function newBody({
  length = 10,
  limitBytes = 0,
  sendContinue = null,
  budgetBytes = 100,
  readAheadBytes = 0,
}: Parts = {}): {
  readonly body: StreamedBody;
  readonly budget: MemoryBudget;
  readonly channel: ChannelDouble;
  readonly flow: ('pause' | 'resume')[];
  readonly ticket: WatchedTicket;
} {
  const budget = new MemoryBudget(budgetBytes);
  const framing = { kind: 'length', bytes: length } as const;
  const flow: ('pause' | 'resume')[] = [];
  const source = { framing, rules: RULES, limitBytes, budget, readAheadBytes, awaitsContinue: sendContinue !== null };
  const body = new StreamedBody(source, NOW_MS);
  body.sentBy({
    sendContinue: () => sendContinue?.(),
    pauseReading: () => void flow.push('pause'),
    resumeReading: () => void flow.push('resume'),
  });
  const channel = new ChannelDouble();
  const output = new ChannelOutput(channel as unknown as Socket, budget);
  channel.flush = () => output.flush();
  return { body, budget, channel, flow, ticket: new WatchedTicket(output, 9) };
}

function push(body: StreamedBody, text: string): string {
  return body.push(Buffer.from(text), 0).kind;
}

test('pieces wait for the worker, then pass immediately, and the end of the body is sent once', () => {
  const { body, channel, ticket } = newBody();
  assert.equal(push(body, 'one'), 'more');
  assert.equal(push(body, 'two'), 'more');
  body.flowTo(ticket, 2000);
  assert.equal(push(body, 'last'), 'done');
  assert.deepEqual(channel.seen, [
    [DATA, 0, 'one'],
    [DATA, 0, 'two'],
    [DATA, 0, 'last'],
    [DATA, END, ''],
  ]);
  body.abort();
  ticket.gone();
  assert.equal(channel.frames.at(-1)?.type, GONE, 'a client that leaves after its body is gone, and its body whole');
});

test('waiting data is charged to the budget until it is passed on or discarded', () => {
  const flowing = newBody({ length: 1000 });
  push(flowing.body, 'x'.repeat(101));
  assert.equal(flowing.budget.isSpent, true);
  flowing.body.flowTo(flowing.ticket, 0);
  assert.equal(flowing.budget.isSpent, false);
  const unwanted = newBody({ length: 1000 });
  push(unwanted.body, 'x'.repeat(101));
  unwanted.body.discard();
  assert.equal(unwanted.budget.isSpent, false);
  assert.equal(push(unwanted.body, 'x'.repeat(101)), 'more');
  assert.equal(unwanted.budget.isSpent, false);
});

test('the client is held at 64 KiB without a worker, and as the channel is full with one', () => {
  const { body, channel, flow, ticket } = newBody({ length: 1_000_000 });
  push(body, 'x'.repeat(65_000));
  assert.deepEqual(flow, []);
  push(body, 'x'.repeat(600));
  assert.deepEqual(flow, ['pause']);
  channel.writableLength = 70_000;
  body.flowTo(ticket, NOW_MS);
  assert.deepEqual(flow, ['pause']);
  channel.writableLength = 0;
  ticket.onRoom();
  assert.deepEqual(flow, ['pause', 'resume']);
  push(body, 'more');
  assert.deepEqual(flow, ['pause', 'resume']);
  channel.writableLength = 70_000;
  push(body, 'more');
  ticket.over();
  assert.deepEqual(flow, ['pause', 'resume', 'pause', 'resume']);
});

test('only the time in which the client could send is measured', () => {
  const { body, ticket } = newBody({ length: 1_000_000 });
  push(body, 'x'.repeat(50_000));
  assert.deepEqual(body.awaited(NOW_MS + 500), { kind: 'body', elapsedMs: 500, receivedBytes: 50_000 });
  push(body, 'x'.repeat(20_000));
  assert.deepEqual(body.awaited(NOW_MS + 9000), { kind: 'nothing' });
  body.flowTo(ticket, NOW_MS + 60_000);
  const awaited = body.awaited(NOW_MS + 60_000);
  assert.ok(awaited.kind === 'body' && awaited.elapsedMs < 30_000, JSON.stringify(awaited));
});

test('a client that waits for 100 Continue is not late before it has got it', () => {
  let continued = 0;
  const sendContinue = (): void => {
    continued += 1;
  };
  const { body, ticket } = newBody({ sendContinue });
  assert.deepEqual(body.awaited(NOW_MS + 60_000), { kind: 'nothing' });
  body.flowTo(ticket, NOW_MS + 61_000);
  assert.equal(continued, 1);
  assert.deepEqual(body.awaited(NOW_MS + 61_500), { kind: 'body', elapsedMs: 500, receivedBytes: 0 });
});

test('a whole body can be taken as long as no worker has been sent any of it', () => {
  const early = newBody();
  push(early.body, 'one');
  assert.equal(early.body.takeWhole(), null);
  push(early.body, '1234567');
  assert.equal(early.body.takeWhole()?.toString(), 'one1234567');
  assert.equal(early.body.takeWhole(), null);
  const late = newBody();
  late.body.flowTo(late.ticket, 0);
  push(late.body, '1234567890');
  assert.equal(late.body.takeWhole(), null);
});

test('an aborted body is reported to a worker that watches already, and to one that does later', () => {
  for (const watchesFirst of [true, false]) {
    const { body, channel, ticket } = newBody();
    if (watchesFirst) body.flowTo(ticket, 0);
    push(body, 'one');
    body.abort();
    if (!watchesFirst) body.flowTo(ticket, 0);
    ticket.gone();
    assert.deepEqual(channel.seen.at(-1), [DATA, END | ABORTED, '']);
    assert.equal(body.isOpen, false);
  }
});

test('a body over the limit is refused, and nothing is sent after the worker is done', () => {
  const { body, channel, ticket } = newBody({ length: 100, limitBytes: 5 });
  body.flowTo(ticket, 0);
  assert.equal(push(body, '12345'), 'more');
  assert.equal(push(body, '6'), 'refused');
  const sent = channel.frames.length;
  ticket.over();
  body.abort();
  ticket.gone();
  assert.equal(channel.frames.length, sent);
});

test('while the worker accepts nothing, the body is read ahead as far as memory allows, and arrives in order', () => {
  const { body, budget, channel, flow, ticket } = newBody({
    length: 400,
    budgetBytes: 1_000_000,
    readAheadBytes: 1000,
  });
  channel.writableLength = 70_000;
  body.flowTo(ticket, NOW_MS);
  for (const piece of ['a', 'b', 'c']) push(body, piece.repeat(100));
  assert.deepEqual(flow, ['pause']);
  assert.ok(budget.usedBytes > 1000, 'a piece costs more than its bytes');
  assert.equal(channel.seen.length, 0);
  assert.equal(push(body, 'd'.repeat(100)), 'done');
  channel.writableLength = 0;
  ticket.onRoom();
  assert.equal(
    channel.seen.map(([, , payload]) => payload).join(''),
    ['a', 'b', 'c', 'd'].map((each) => each.repeat(100)).join(''),
  );
  assert.deepEqual(channel.seen.at(-1), [DATA, END, '']);
  assert.deepEqual([flow, budget.usedBytes], [['pause', 'resume'], 0]);
});

test('a body aborted while the worker accepts nothing is reported immediately', () => {
  const { body, budget, channel, ticket } = newBody({ length: 400, budgetBytes: 1_000_000, readAheadBytes: 1000 });
  channel.writableLength = 70_000;
  body.flowTo(ticket, NOW_MS);
  push(body, 'a');
  body.abort();
  assert.deepEqual(channel.seen, [[DATA, END | ABORTED, '']]);
  assert.equal(budget.usedBytes, channel.writableLength, 'nothing but what is in the channel');
});

test('without memory the client is read no further than the channel accepts', () => {
  const { body, channel, flow, ticket } = newBody({ length: 4000, budgetBytes: 100, readAheadBytes: 100_000 });
  channel.writableLength = 70_000;
  body.flowTo(ticket, NOW_MS);
  push(body, 'a'.repeat(200));
  assert.deepEqual(flow, ['pause']);
});
