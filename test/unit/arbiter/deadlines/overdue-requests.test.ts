import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OverdueRequests } from '../../../../src/arbiter/deadlines/overdue-requests.ts';
import { requestStack } from '../../../../src/arbiter/deadlines/worker-stacks.ts';

const REQUEST = { ticket: 7, slot: 3, pid: 40, thread: 0x7f00, ageMs: 2000, sinceMs: 1000, stackFrom: 0 };

test('an overdue request is logged once, when its stack has had time to be written, with the description from the gateway', () => {
  const overdue = new OverdueRequests();
  overdue.add(REQUEST);
  overdue.answered(7, 'GET /slow');
  assert.deepEqual(overdue.due(1299), []);
  assert.deepEqual(
    overdue.due(1300).map(({ what }) => what),
    ['GET /slow'],
  );
  assert.deepEqual(overdue.due(9000), []);
});

test('an overdue request waits two seconds for the description from the gateway, then is logged without it', () => {
  const overdue = new OverdueRequests();
  overdue.add(REQUEST);
  overdue.add({ ...REQUEST, ticket: 8 });
  assert.deepEqual(overdue.due(2000), []);
  overdue.answered(8, 'GET /late');
  assert.deepEqual(
    overdue.due(2000).map(({ what }) => what),
    ['GET /late'],
  );
  assert.deepEqual(
    overdue.due(3000).map(({ what }) => what),
    [null],
  );
});

test('an overdue request is remembered until it is logged and no longer claimed', () => {
  const overdue = new OverdueRequests();
  overdue.add(REQUEST);
  overdue.keepOnly(3, new Set());
  assert.equal(overdue.overdueMs(7, 1500), 500);
  overdue.due(3000);
  overdue.keepOnly(3, new Set([7]));
  overdue.keepOnly(4, new Set());
  assert.ok(overdue.has(7));
  overdue.keepOnly(3, new Set());
  assert.ok(!overdue.has(7));
});

test('requests not logged yet when their worker ends are logged then, once', () => {
  const overdue = new OverdueRequests();
  overdue.add(REQUEST);
  overdue.answered(7, 'GET /slow');
  assert.ok(overdue.awaitsStacks(3));
  assert.ok(!overdue.awaitsStacks(4));
  assert.deepEqual(overdue.ofEnded(4), []);
  assert.deepEqual(
    overdue.ofEnded(3).map(({ what }) => what),
    ['GET /slow'],
  );
  assert.ok(!overdue.awaitsStacks(3));
  assert.deepEqual(overdue.due(9000), []);
});

const STACKS = `Thread 0x0000000000007f00 (most recent call first):
  File "app.py", line 3 in wait

Current thread 0x0000000000008000 (most recent call first):
  File "main.py", line 9 in run

Ticket 12 (most recent call last):
  File "view.py", line 4, in view
`;

test('requestStack() finds the block of the ticket, else of the thread, else those of all threads', () => {
  assert.match(requestStack(STACKS, 12, 0x7f00), /^The request [\s\S]*view\.py[^\n]*$/);
  assert.match(requestStack(STACKS, 1, 0x7f00), /^Thread 0x0+7f00 [\s\S]*app\.py[^\n]*$/);
  assert.match(requestStack(STACKS, 1, 0x8000), /^Current thread[\s\S]*main\.py[^\n]*$/);
  assert.equal(requestStack(STACKS, 1, 0x9000), '');
  const threads = /^Thread 0x0+7f00 [\s\S]*app\.py[\s\S]*Current thread[\s\S]*main\.py[^\n]*$/;
  assert.match(requestStack(STACKS, 1, 0), threads);
  // A request that blocks its event loop has no frames of its own.
  assert.match(requestStack(`${STACKS}\nTicket 13 (most recent call last):\n`, 13, 0), threads);
});
