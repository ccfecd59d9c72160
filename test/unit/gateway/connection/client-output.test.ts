// Output to a client: memory, spool and backpressure, with a socket that accepts as much as the test allows.

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import fs from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ClientOutput, type OutputLimits } from '../../../../src/gateway/connection/client-output.ts';
import { MemoryBudget } from '../../../../src/gateway/connection/memory-budget.ts';
import { SpoolBudget } from '../../../../src/gateway/connection/spool-budget.ts';

const scratch = fs.mkdtempSync(join(tmpdir(), 'tunicorn-output-'));
after(() => fs.rmSync(scratch, { recursive: true }));

const LIMITS: OutputLimits = { responseBufferBytes: 10, responseSpoolBytes: 100 };
const NO_SPOOL: OutputLimits = { ...LIMITS, responseSpoolBytes: 0 };

/** Like a socket whose kernel accepts nothing until `take()` is called. */
class SlowSocket extends EventEmitter {
  #kept = '';
  #taken = '';
  state: 'open' | 'destroyed' = 'open';

  get writableLength(): number {
    return this.#kept.length;
  }

  /** All that was ever written, as with Node's. */
  get bytesWritten(): number {
    return this.#taken.length + this.#kept.length;
  }

  get taken(): string {
    return this.#taken;
  }

  write(data: string | Buffer): boolean {
    this.#kept += typeof data === 'string' ? data : data.toString('latin1');
    return false;
  }

  destroy(): void {
    this.state = 'destroyed';
  }

  /** The client reads. */
  take(bytes: number = Number.POSITIVE_INFINITY): void {
    this.#taken += this.#kept.slice(0, bytes);
    this.#kept = this.#kept.slice(bytes);
  }
}

interface Bench {
  readonly socket: SlowSocket;
  readonly budget: MemoryBudget;
  readonly disk: SpoolBudget;
  readonly output: ClientOutput;
}

function newOutput(budgetBytes: number = 0, spoolDir: string = scratch): Bench {
  const socket = new SlowSocket();
  const budget = new MemoryBudget(budgetBytes);
  const disk = new SpoolBudget(1000);
  // Of a socket, only these few things are used.
  const output = new ClientOutput(socket as unknown as Socket, { spoolDir, budget, spoolBudget: disk }, 0);
  return { socket, budget, disk, output };
}

/** The client reads all that there is, from memory and from the disk. */
function readAll({ socket, output }: Bench, limits: OutputLimits): string {
  do {
    socket.take();
    output.drained(limits, 0);
  } while (socket.writableLength > 0);
  return socket.taken;
}

function openDescriptors(): number {
  return fs.readdirSync('/proc/self/fd').length;
}

test('data that a client accepts immediately is sent as it arrives, text in ISO-8859-1, and never spooled', () => {
  const bench = newOutput();
  for (let count = 0; count < 50; count += 1) {
    bench.output.write('caf\xe9 ', LIMITS);
    bench.output.write(Buffer.from('12345678'), LIMITS);
    bench.socket.take();
  }
  assert.equal(bench.socket.taken, 'caf\xe9 12345678'.repeat(50));
  assert.deepEqual([bench.output.isSpooling, bench.output.isEmpty], [false, true]);
});

test('beyond the buffer the disk is used, and the client gets all of it in its order', () => {
  const bench = newOutput();
  const pieces = Array.from({ length: 30 }, (_, number) => `piece ${number};`);
  for (const [number, piece] of pieces.entries()) {
    bench.output.write(number % 2 === 0 ? piece : Buffer.from(piece), LIMITS);
  }
  assert.deepEqual([bench.output.isSpooling, bench.output.isEmpty], [true, false]);
  // One piece more than the buffer holds is in memory: whether there is room is asked before.
  assert.ok(bench.socket.writableLength <= LIMITS.responseBufferBytes + 10, `${bench.socket.writableLength} in memory`);
  assert.equal(readAll(bench, LIMITS), pieces.join(''));
  assert.deepEqual([bench.output.isSpooling, bench.output.isEmpty], [false, true]);
});

test('data that arrives while the spool is in use is appended to it', () => {
  const bench = newOutput();
  for (const piece of ['aaaaaaaaaaaa', 'b', 'c']) bench.output.write(piece, LIMITS);
  bench.socket.take(3);
  bench.output.write('d', LIMITS);
  bench.socket.take();
  bench.output.write('e', LIMITS);
  assert.equal(readAll(bench, LIMITS), 'aaaaaaaaaaaabcde');
  bench.output.write('f', LIMITS);
  assert.equal(readAll(bench, LIMITS), 'aaaaaaaaaaaabcdef');
});

test('the spool file has no name, and is closed when it is empty, or its connection', () => {
  const before = openDescriptors();
  const [read, closed] = [newOutput(), newOutput()];
  for (const { output } of [read, closed]) {
    output.write('x'.repeat(11), LIMITS);
    output.write('more', LIMITS);
    assert.equal(output.isSpooling, true);
  }
  assert.deepEqual(fs.readdirSync(scratch), []);
  assert.equal(openDescriptors(), before + 2);
  readAll(read, LIMITS);
  assert.equal(openDescriptors(), before + 1);
  closed.output.close();
  assert.equal(openDescriptors(), before);
});

test('a worker is held back only when the disk has more than its limit, and let go at half of it', () => {
  const bench = newOutput();
  let resumed = 0;
  const resume = (): void => {
    resumed += 1;
  };
  bench.output.write('x'.repeat(11), LIMITS);
  assert.equal(bench.output.holdsBack(LIMITS, resume), false, 'memory is full, the disk is not');
  bench.output.write('y'.repeat(100), LIMITS);
  assert.equal(bench.output.holdsBack(LIMITS, resume), false);
  bench.output.write('z', LIMITS);
  assert.equal(bench.output.holdsBack(LIMITS, resume), true);
  assert.equal(resumed, 0);
  assert.equal(readAll(bench, LIMITS), `${'x'.repeat(11)}${'y'.repeat(100)}z`);
  assert.equal(resumed, 1);
  bench.output.release();
  assert.equal(resumed, 1, 'once');
});

test('without a spool a worker is held back when memory is full, and let go when it is empty', () => {
  const bench = newOutput();
  let resumed = 0;
  bench.output.write('x'.repeat(10), NO_SPOOL);
  assert.equal(
    bench.output.holdsBack(NO_SPOOL, () => assert.fail()),
    false,
  );
  bench.output.write('y', NO_SPOOL);
  assert.equal(bench.output.isSpooling, false);
  assert.equal(
    bench.output.holdsBack(NO_SPOOL, () => {
      resumed += 1;
    }),
    true,
  );
  bench.socket.take();
  bench.output.drained(NO_SPOOL, 0);
  assert.equal(resumed, 1);
});

test('a closed connection lets its worker go, and gives its memory back', () => {
  const bench = newOutput(1000);
  let resumed = 0;
  bench.output.write('x'.repeat(11), NO_SPOOL);
  bench.output.holdsBack(NO_SPOOL, () => {
    resumed += 1;
  });
  assert.equal(bench.budget.usedBytes, 11);
  bench.output.close();
  assert.deepEqual([resumed, bench.budget.usedBytes], [1, 0]);
});

test('a directory that cannot be written leaves memory, and holds the worker back', () => {
  const bench = newOutput(0, join(scratch, 'missing'));
  bench.output.write('x'.repeat(11), LIMITS);
  assert.equal(
    bench.output.holdsBack(LIMITS, () => {}),
    false,
    'not known yet',
  );
  bench.output.write('more', LIMITS);
  assert.deepEqual([bench.output.isSpooling, bench.socket.writableLength], [false, 15]);
  let resumed = 0;
  assert.equal(
    bench.output.holdsBack(LIMITS, () => {
      resumed += 1;
    }),
    true,
  );
  assert.equal(readAll(bench, LIMITS), `${'x'.repeat(11)}more`);
  assert.equal(resumed, 1);
});

test('a disk that is full in the middle of a response holds the worker back, and the client gets all of it', (t) => {
  const bench = newOutput();
  for (const piece of ['x'.repeat(11), 'spooled;']) bench.output.write(piece, LIMITS);
  const full = (): never => {
    throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  };
  const mocked = t.mock.method(fs, 'writeSync', full);
  bench.output.write('kept;', LIMITS);
  bench.output.write('kept too;', LIMITS);
  let resumed = 0;
  const isHeld = bench.output.holdsBack(LIMITS, () => {
    resumed += 1;
  });
  assert.deepEqual([bench.socket.state, isHeld, resumed], ['open', true, 0]);
  assert.equal(bench.budget.usedBytes, 11 + 14, 'what the disk does not take is in memory');
  mocked.mock.restore();
  bench.output.write('behind it;', LIMITS);
  assert.equal(readAll(bench, LIMITS), `${'x'.repeat(11)}spooled;kept;kept too;behind it;`);
  assert.deepEqual([resumed, bench.output.isSpooling, bench.budget.usedBytes], [1, false, 0]);
});

test('a disk that fails when it is read cuts the response off, so that the client sees it', (t) => {
  const bench = newOutput();
  for (const piece of ['x'.repeat(11), 'spooled']) bench.output.write(piece, LIMITS);
  const mocked = t.mock.method(fs, 'readSync', () => {
    throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
  });
  bench.socket.take();
  bench.output.drained(LIMITS, 0);
  mocked.mock.restore();
  assert.deepEqual([bench.socket.state, bench.output.isBroken], ['destroyed', true]);
  bench.output.close();
});

test('beyond the disk limit of all responses the worker gets backpressure, until its client has read or there is room', () => {
  const bench = newOutput();
  bench.output.write('x'.repeat(11), LIMITS);
  bench.output.write('spooled', LIMITS);
  assert.equal(bench.disk.usedBytes, 7);
  bench.disk.addResponse(1000);
  let resumed = 0;
  const resume = (): void => {
    resumed += 1;
  };
  assert.equal(bench.output.holdsBack(LIMITS, resume), true);
  readAll(bench, LIMITS);
  assert.deepEqual([resumed, bench.disk.usedBytes], [1, 1000]);
  bench.output.write('y'.repeat(11), LIMITS);
  bench.output.write('z', LIMITS);
  assert.equal(bench.output.isSpooling, false, 'no more goes to the disk');
  assert.equal(bench.output.holdsBack(LIMITS, resume), true);
  bench.output.close();
  assert.equal(resumed, 2);
});

test('an endless response uses no more disk than its unsent data', () => {
  const bench = newOutput();
  const limits = { responseBufferBytes: 10, responseSpoolBytes: 1_000_000 };
  const piece = (number: number): string => `${number};`.repeat(20_000);
  let written = '';
  let largest = 0;
  for (let number = 0; number < 200; number += 1) {
    bench.output.write(piece(number), limits);
    written += piece(number);
    largest = Math.max(largest, bench.disk.usedBytes);
    // The client reads about as fast, but is never done.
    if (number > 10 && bench.socket.writableLength < 500_000) {
      bench.socket.take();
      bench.output.drained(limits, 0);
    }
  }
  assert.ok(written.length > 10_000_000 && largest < 2_200_000, `${largest} bytes on disk of ${written.length}`);
  assert.ok(readAll(bench, limits) === written, 'everything in its order');
  assert.equal(bench.disk.usedBytes, 0);
});

test('with a spent budget, unsent data is spooled immediately, however little it is', () => {
  const bench = newOutput(100);
  bench.budget.add(101);
  bench.output.write('abc', LIMITS);
  assert.equal(bench.output.isSpooling, false, 'the client takes it, as far as one knows');
  bench.output.write('d', LIMITS);
  assert.equal(bench.output.isSpooling, true);
  assert.equal(bench.socket.writableLength, 3);
  assert.equal(readAll(bench, LIMITS), 'abcd');
});

test('a used-up budget does not affect a client that reads everything', () => {
  const bench = newOutput(100);
  bench.budget.add(101);
  for (let count = 0; count < 10; count += 1) {
    bench.output.write('abcdefgh', LIMITS);
    bench.socket.take();
    bench.output.drained(LIMITS, 0);
  }
  assert.deepEqual([bench.output.isSpooling, bench.socket.taken.length], [false, 80]);
  assert.equal(
    bench.output.holdsBack(LIMITS, () => assert.fail()),
    false,
  );
});

test('a spent budget applies backpressure to the worker if there is no disk', () => {
  const bench = newOutput(100);
  bench.budget.add(101);
  bench.output.write('a', NO_SPOOL);
  assert.equal(
    bench.output.holdsBack(NO_SPOOL, () => {}),
    true,
  );
});

test('the budget is charged for data in memory: written, taken, and moved there from the disk', () => {
  const bench = newOutput(1000);
  bench.output.write('x'.repeat(11), LIMITS);
  assert.equal(bench.budget.usedBytes, 11);
  bench.output.write('y'.repeat(50), LIMITS);
  assert.equal(bench.budget.usedBytes, 11, 'the disk costs nothing');
  bench.socket.take();
  bench.output.drained(LIMITS, 0);
  bench.output.isStuck(0, 0);
  assert.equal(bench.budget.usedBytes, bench.socket.writableLength);
  assert.equal(bench.socket.writableLength, 50);
  readAll(bench, LIMITS);
  bench.output.isStuck(0, 0);
  assert.equal(bench.budget.usedBytes, 0);
});

test('a client is behind while the disk is used, or memory is beyond its limit', () => {
  const bench = newOutput();
  bench.output.write('x'.repeat(10), LIMITS);
  assert.equal(bench.output.isBehind(LIMITS), false);
  bench.output.write('y', LIMITS);
  assert.equal(bench.output.isBehind(LIMITS), true);
  bench.output.write('z', LIMITS);
  bench.socket.take();
  assert.deepEqual([bench.output.isSpooling, bench.output.isBehind(LIMITS)], [true, true]);
  readAll(bench, LIMITS);
  assert.equal(bench.output.isBehind(LIMITS), false);
});

test('a client is stuck when it has taken nothing for longer than the limit, and only while something waits for it', () => {
  const bench = newOutput();
  assert.equal(bench.output.isStuck(60, 1_000_000), false, 'it was owed nothing');
  bench.output.write('abcdef', LIMITS);
  assert.equal(bench.output.isStuck(60, 1_000_060), false);
  assert.equal(bench.output.isStuck(60, 1_000_061), true);
  bench.socket.take(1);
  assert.equal(bench.output.isStuck(60, 1_000_061), false, 'one byte is progress');
  assert.equal(bench.output.isStuck(60, 1_000_121), false);
  assert.equal(bench.output.isStuck(60, 1_000_122), true);
  assert.equal(bench.output.isStuck(0, 9_000_000), false, '0 is no limit');
});
