// The writing end of the ticket pipe: when it writes, and what it does while the pipe is full.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { TicketPipe } from '../../../../src/gateway/queue/ticket-pipe.ts';
import { ticketsPath } from '../../../../src/runqueue/runtime-files.ts';
import { TICKET_BYTES } from '../../../../src/runqueue/ticket.ts';

const CAPACITY = 16;

interface Pair {
  readonly pipe: TicketPipe;
  /** How many tickets have been written since the last call. */
  readonly written: () => number;
}

function openPair(context: TestContext): Pair {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ticket-pipe-'));
  const file = ticketsPath(folder, 1);
  execFileSync('mkfifo', [file]);
  const reader = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  const pipe = TicketPipe.open(folder, 1, CAPACITY);
  assert.ok(pipe !== null);
  context.after(() => {
    pipe.close();
    fs.closeSync(reader);
    fs.rmSync(folder, { recursive: true });
  });
  const room = Buffer.alloc(TICKET_BYTES * 128);
  const written = (): number => {
    try {
      return fs.readSync(reader, room) / TICKET_BYTES;
    } catch {
      return 0; // EAGAIN
    }
  };
  return { pipe, written };
}

function add(pipe: TicketPipe, nowMs: number): number | null {
  const offset = pipe.reserve();
  if (offset !== null) pipe.filled(nowMs);
  return offset;
}

test('the tickets of a turn are written together at its end', async (context) => {
  const { pipe, written } = openPair(context);
  for (const ms of [1, 1.01, 1.02]) add(pipe, ms);
  assert.equal(written(), 0);
  await turn();
  assert.equal(written(), 3);
});

test('after turns with one ticket each the next one is written immediately', async (context) => {
  const { pipe, written } = openPair(context);
  for (let ms = 1; ms <= 8; ms += 1) {
    add(pipe, ms);
    assert.equal(written(), 0);
    await turn();
    assert.equal(written(), 1);
  }
  add(pipe, 9);
  assert.equal(written(), 1);
  assert.equal(pipe.batched, 0);
});

for (const [title, fill] of [
  ['tickets that do not fit into the pipe are written when there is room', (pipe: TicketPipe) => add(pipe, 1)],
  ['a batch and a pipe that fill up in one go do not stop the writing', (pipe: TicketPipe) => pipe.reserve()],
] as const) {
  test(title, async (context) => {
    const { pipe, written } = openPair(context);
    const room = new Promise<void>((resolve) => {
      pipe.onRoom = resolve;
    });
    let added = 0;
    while (fill(pipe) !== null) added += 1;
    let read = written();
    await room;
    while (read < added) {
      await turn();
      read += written();
    }
    assert.equal(read, added);
  });
}
