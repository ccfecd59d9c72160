// The claims board: the vectors, the arbiter's part, and the reads and writes of the worker's half.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  BOARD_HEADER_BYTES,
  CANCELS_PER_GATEWAY,
  type Claim,
  ClaimsBoard,
  claimAgeMs,
  decodeClaim,
  monotonicMs,
  WORKER_SLOT_BYTES,
  WORKER_SLOTS,
} from '../../../src/runqueue/claims-board.ts';
import { boardPath } from '../../../src/runqueue/runtime-files.ts';
import { root } from '../../harness/project.ts';
import { type BoardVector, bytesOf, vectors } from './vectors.ts';

const scratch = mkdtempSync(join(tmpdir(), 'tunicorn-board-'));
after(() => rmSync(scratch, { recursive: true }));

const OWNER = { userId: process.geteuid?.() ?? 0, groupId: process.getegid?.() ?? 0 };

function freshDir(): string {
  return mkdtempSync(join(scratch, 'run-'));
}

function dirWith(board: Buffer): string {
  const dir = freshDir();
  writeFileSync(boardPath(dir), board);
  return dir;
}

function claimOf(slot: BoardVector['decoded']['slots'][number]): Claim {
  const { claim, startedNs, heldNs, gateway, pid, taken } = slot;
  return { ticket: claim, startedMs: startedNs / 1e6, heldMs: heldNs / 1e6, gateway, pid, taken, thread: 0 };
}

for (const vector of vectors.boards.good) {
  const { slots, workers } = vector.decoded;

  test(`decodeClaim() reads the slots of a board: ${vector.name}`, () => {
    slots.forEach((slot, index) => {
      assert.deepEqual(decodeClaim(bytesOf(vector), BOARD_HEADER_BYTES + WORKER_SLOT_BYTES * index), claimOf(slot));
    });
  });

  test(`a board that another process has made is read: ${vector.name}`, () => {
    const board = ClaimsBoard.open(dirWith(bytesOf(vector)));
    assert.deepEqual(
      slots.map((_slot, index) => board.claim(index)),
      slots.map(claimOf),
    );
    const claimed = slots.map(({ claim }) => claim).filter((ticket) => ticket !== 0);
    assert.deepEqual([...board.claimedTickets()], claimed);
    board.close();
  });

  test(`cancel() writes the entries of a board: ${vector.name}`, () => {
    const bytes = bytesOf(vector);
    const cleared = Buffer.from(bytes);
    cleared.fill(0, BOARD_HEADER_BYTES + WORKER_SLOT_BYTES * workers);
    const dir = dirWith(cleared);
    const board = ClaimsBoard.open(dir);
    vector.decoded.cancels.forEach((ticket, entry) => {
      board.cancel(entry, ticket);
    });
    board.close();
    assert.equal(readFileSync(boardPath(dir)).toString('hex'), bytes.toString('hex'));
  });
}

for (const vector of vectors.boards.bad) {
  test(`open() refuses a board and names its file: ${vector.name}`, () => {
    const dir = dirWith(bytesOf(vector));
    assert.throws(
      () => ClaimsBoard.open(dir),
      (error) => error instanceof Error && error.message.startsWith(`${boardPath(dir)}: `),
    );
  });
}

test('create() makes a board of the size in its header, for its owner alone, without claims', () => {
  const dir = freshDir();
  const board = ClaimsBoard.create(dir, 3, OWNER);
  const bytes = readFileSync(boardPath(dir));
  assert.equal(bytes.toString('latin1', 0, 8), 'TNBORD01');
  const [workers, cancels] = [Number(bytes.readBigUInt64LE(8)), Number(bytes.readBigUInt64LE(16))];
  assert.deepEqual([workers, cancels], [WORKER_SLOTS, 3 * CANCELS_PER_GATEWAY]);
  assert.equal(bytes.length, 64 + 64 * workers + 8 * cancels);
  // No page of it can be missing when a worker first touches it.
  assert.ok(statSync(boardPath(dir)).blocks * 512 >= bytes.length);
  assert.ok(bytes.subarray(24).every((byte) => byte === 0));
  assert.equal(statSync(boardPath(dir)).mode & 0o777, 0o600);
  assert.equal(board.claimedTickets().size, 0);
  assert.throws(() => ClaimsBoard.create(dir, 3, OWNER), /EEXIST/);
  board.close();
});

test('a claim is as old as the time since its start, less the time that a slow client holds it', () => {
  const claim: Claim = { ticket: 1, startedMs: 1000, heldMs: 0, gateway: 0, pid: 1, taken: 1, thread: 0 };
  assert.equal(claimAgeMs(claim, 1500), 500);
  assert.equal(claimAgeMs({ ...claim, heldMs: 1200 }, 9000), 200);
});

const PYTHON_WORKER = `
import sys, time
sys.path.insert(0, sys.argv[1])
from tunicorn.runqueue.claims_board import ClaimsBoard
board = ClaimsBoard.open(sys.argv[2])
for slot, ticket in ((0, 2**36 + 1), (1023, 2**53 - 1), (5, 77)):
    one = board.slot(slot)
    one.begin(1000 + slot)
    one.claim(ticket, 3, time.monotonic_ns())
board.slot(5).release()
print(*(board.slot(0).is_cancelled(entry, ticket) for entry, ticket in ((0, 2**40 + 9), (4095, 12), (4095, 13))))
`;

test("the gateway sees the workers' claims, and the workers see its cancellations", () => {
  const dir = freshDir();
  const board = ClaimsBoard.create(dir, 1, OWNER);
  board.cancel(0, 2 ** 40 + 9);
  board.cancel(4095, 12);
  const beforeMs = monotonicMs();
  const python = spawnSync('python3', ['-c', PYTHON_WORKER, join(root, 'python'), boardPath(dir)], {
    encoding: 'utf8',
  });
  const afterMs = monotonicMs();
  assert.equal(python.status, 0, python.stderr);
  assert.equal(python.stdout.trim(), 'True True False');
  assert.deepEqual([...board.claimedTickets()], [2 ** 36 + 1, 2 ** 53 - 1]);
  assert.deepEqual(board.claimants(3), [
    { slot: 0, pid: 1000 },
    { slot: 1023, pid: 2023 },
  ]);
  const { startedMs, ...claim } = board.claim(1023);
  assert.deepEqual(claim, { ticket: 2 ** 53 - 1, heldMs: 0, gateway: 3, pid: 2023, taken: 1, thread: 0 });
  assert.ok(startedMs >= beforeMs && startedMs <= afterMs, `${beforeMs} <= ${startedMs} <= ${afterMs}`);
  const { ticket, pid, taken } = board.claim(5);
  assert.deepEqual([ticket, pid, taken], [0, 1005, 1]);
  board.close();
});

test('cancel() writes the id into its entry, cancelUnlessBegun() sets bit 53 beside it, and neither touches another byte', () => {
  for (const [ticket, plain, marked] of [
    [1, '0100000000000000', '0100000000002000'],
    [2 ** 32 - 1, 'ffffffff00000000', 'ffffffff00002000'],
    [2 ** 32, '0000000001000000', '0000000001002000'],
    [3 * 2 ** 36 + 7, '0700000030000000', '0700000030002000'],
    [2 ** 52 + 1, '0100000000001000', '0100000000003000'],
    [2 ** 53 - 1, 'ffffffffffff1f00', 'ffffffffffff3f00'],
  ] as const) {
    const dir = freshDir();
    const board = ClaimsBoard.create(dir, 1, OWNER);
    for (const entry of [0, 5, CANCELS_PER_GATEWAY - 1]) {
      const at = BOARD_HEADER_BYTES + WORKER_SLOT_BYTES * WORKER_SLOTS + 8 * entry;
      for (const [mark, wanted] of [
        ['cancelUnlessBegun', marked],
        ['cancel', plain],
        ['cancelUnlessBegun', marked],
      ] as const) {
        const before = readFileSync(boardPath(dir));
        board[mark](entry, ticket);
        const now = readFileSync(boardPath(dir));
        assert.equal(now.toString('hex', at, at + 8), wanted, `${mark}(${entry}, ${ticket})`);
        before.write(wanted, at, 'hex');
        assert.ok(now.equals(before), 'only these eight bytes');
      }
    }
    board.close();
  }
});

test('the claims of a worker with many slots are found, wherever they are, without memory for each look', () => {
  const dir = freshDir();
  const board = ClaimsBoard.create(dir, 1, OWNER);
  const range = { slot: 100, slots: 1000 };
  const file = readFileSync(boardPath(dir));
  for (const slot of [99, 100, 355, 356, 1099, 1100])
    file.writeUInt32LE(slot, BOARD_HEADER_BYTES + WORKER_SLOT_BYTES * slot);
  writeFileSync(boardPath(dir), file);
  assert.deepEqual(
    board.claims(range).map(({ ticket }) => ticket),
    [100, 355, 356, 1099],
  );
  assert.deepEqual([...board.claimedTickets()], [99, 100, 355, 356, 1099, 1100]);
  const before = process.memoryUsage().arrayBuffers;
  for (let look = 0; look < 100; look += 1) board.claims(range);
  const grown = process.memoryUsage().arrayBuffers - before;
  assert.ok(grown < range.slots * WORKER_SLOT_BYTES, `${grown} bytes outside the heap after 100 looks`);
  board.close();
});

test('the board is searched as far as slots have been given out, and no less than that when fewer are given out later', () => {
  const dir = freshDir();
  const board = ClaimsBoard.create(dir, 1, OWNER);
  const file = readFileSync(boardPath(dir));
  for (const slot of [0, 7, 8, 300]) file.writeUInt32LE(slot + 1, BOARD_HEADER_BYTES + WORKER_SLOT_BYTES * slot);
  writeFileSync(boardPath(dir), file);
  const gatewayBoard = ClaimsBoard.open(dir);
  const found = (): number[] => [...gatewayBoard.claimedTickets()];
  assert.deepEqual(found(), [1, 8, 9, 301], 'everywhere while the arbiter has not said');
  board.giveOut(8);
  assert.deepEqual(found(), [1, 8]);
  board.giveOut(301);
  board.giveOut(4);
  assert.deepEqual(found(), [1, 8, 9, 301]);
  board.close();
  gatewayBoard.close();
});
