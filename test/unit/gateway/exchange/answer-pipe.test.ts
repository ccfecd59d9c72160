// The gateway's end of the answer pipe, over a real named pipe; workers are played by the test.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { AnswerPipe, type AnswerQueue } from '../../../../src/gateway/exchange/answer-pipe.ts';
import { eventually } from '../../../harness/deadline.ts';
import { bytesOf, vectors } from '../../runqueue/vectors.ts';
import { outstandingExchange, type TestExchange } from './exchange-double.ts';

class Queue implements AnswerQueue {
  readonly exchanges: Map<number, TestExchange> = new Map();
  readonly events: string[] = [];

  add(ticket: number): TestExchange {
    const exchange = outstandingExchange({ ticket });
    this.exchanges.set(ticket, exchange);
    return exchange;
  }

  find(ticket: number): TestExchange | undefined {
    return this.exchanges.get(ticket);
  }

  ticketEnded({ ticket }: TestExchange): void {
    this.exchanges.delete(ticket?.id ?? 0);
    this.events.push(`ended ${ticket?.id}`);
  }

  skipped({ ticket }: TestExchange): void {
    this.events.push(`skipped ${ticket?.id}`);
  }

  probed(ticket: number): void {
    this.events.push(`probed ${ticket}`);
  }

  answersDiscarded(): void {
    this.events.push('discarded');
  }
}

interface Opened {
  readonly queue: Queue;
  readonly pipe: AnswerPipe;
  readonly faults: string[];
  readonly send: (bytes: Buffer) => void;
}

function open(t: TestContext): Opened {
  const dir = fs.mkdtempSync(join(tmpdir(), 'tunicorn-answers-'));
  const file = join(dir, 'answers-1');
  execFileSync('mkfifo', [file]);
  const queue = new Queue();
  const faults: string[] = [];
  const pipe = new AnswerPipe(file, queue, (fault) => void faults.push(fault));
  const fd = fs.openSync(file, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK);
  t.after(() => {
    fs.closeSync(fd);
    pipe.close();
    fs.rmSync(dir, { recursive: true });
  });
  return { queue, pipe, faults, send: (bytes) => void fs.writeSync(fd, bytes) };
}

function answer(name: string, id = 77): Buffer {
  const vector = vectors.answers.good.find((each) => each.name === name);
  assert.ok(vector !== undefined);
  const bytes = bytesOf(vector);
  bytes.writeBigUInt64LE(BigInt(id), 12);
  return bytes;
}

test('an answer reaches its client, with its worker', async (t) => {
  const { queue, send } = open(t);
  const exchange = queue.add(77);
  send(answer('a whole response'));
  await eventually('the answer', () => exchange.client.ends.length > 0);
  assert.match(exchange.client.sent, /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nHello, world!\n$/s);
  assert.equal(exchange.workerPid, 4242);
  assert.deepEqual(queue.events, ['ended 77']);
});

test('what has been written is read at once before anything is decided about it', (t) => {
  const { queue, pipe, send } = open(t);
  const tickets = Array.from({ length: 300 }, (_, index) => index + 1);
  const exchanges = tickets.map((id) => queue.add(id));
  for (const id of tickets) send(answer('a whole response', id));
  pipe.readEmpty();
  for (const { client } of exchanges) assert.deepEqual(client.ends, ['answered']);
});

test('FAILED, SKIP and PROBED come through the pipe', (t) => {
  const { queue, pipe, send } = open(t);
  const failed = queue.add(77);
  queue.add(78);
  send(Buffer.concat([answer('FAILED'), answer('SKIP', 78), answer('PROBED', 79)]));
  pipe.readEmpty();
  assert.match(failed.client.sent, /^HTTP\/1\.1 500 /);
  assert.deepEqual(queue.events, ['ended 77', 'skipped 78', 'probed 79']);
});

test('an answer to a ticket that is over is ignored', (t) => {
  const { queue, pipe, faults, send } = open(t);
  send(Buffer.concat([answer('a whole response'), answer('FAILED'), answer('SKIP')]));
  pipe.readEmpty();
  assert.deepEqual([queue.events, faults], [[], []]);
});

test('a malformed answer fails its own request only', (t) => {
  const { queue, pipe, faults, send } = open(t);
  const failed = queue.add(77);
  const other = queue.add(78);
  const malformed = vectors.answers.bad.map(bytesOf)[0];
  assert.ok(malformed !== undefined);
  send(Buffer.concat([malformed, answer('a whole response', 78)]));
  pipe.readEmpty();
  assert.equal(faults.length, 1);
  assert.match(failed.client.sent, /^HTTP\/1\.1 502 /);
  assert.match(other.client.sent, /^HTTP\/1\.1 200 /);
});

test('after bytes that are no answer, the next answer after an empty pipe is read', (t) => {
  const { queue, pipe, faults, send } = open(t);
  const exchange = queue.add(77);
  send(Buffer.from('Traceback (most recent call last):\n'));
  pipe.readEmpty();
  assert.equal(faults.length, 1);
  assert.deepEqual(queue.events, ['discarded']);
  send(answer('a whole response'));
  pipe.readEmpty();
  assert.match(exchange.client.sent, /^HTTP\/1\.1 200 /);
});
