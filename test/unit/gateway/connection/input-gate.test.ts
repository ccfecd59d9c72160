// Whether a client is read, with a flow that only counts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputGate } from '../../../../src/gateway/connection/input-gate.ts';

function newGate(): { readonly gate: InputGate; readonly calls: string[] } {
  const calls: string[] = [];
  return { gate: new InputGate({ pause: () => calls.push('pause'), resume: () => calls.push('resume') }), calls };
}

/** Takes long enough for the others to have their turn. */
function work(): void {
  for (const startMs = performance.now(); performance.now() - startMs < 2; );
}

test('a client that is held back for two reasons is read when neither holds any more', () => {
  const { gate, calls } = newGate();
  gate.hold('ahead');
  gate.hold('body');
  gate.hold('body');
  gate.release('body');
  gate.release('tunnel');
  assert.deepEqual(calls, ['pause']);
  gate.release('ahead');
  gate.release('ahead');
  assert.deepEqual(calls, ['pause', 'resume']);
});

test('a full read that was much work is the last one of its turn', async () => {
  const { gate, calls } = newGate();
  gate.takeTurn(Buffer.alloc(65_536), work);
  assert.deepEqual(calls, ['pause']);
  await new Promise(setImmediate);
  assert.deepEqual(calls, ['pause', 'resume']);
});

test('the end of a turn does not release data held for another reason', async () => {
  const { gate, calls } = newGate();
  gate.takeTurn(Buffer.alloc(65_536), () => {
    gate.hold('ahead');
    work();
  });
  await new Promise(setImmediate);
  assert.deepEqual(calls, ['pause']);
  gate.open();
  assert.deepEqual(calls, ['pause', 'resume']);
});

test('a read that does not fill its buffer ends the turn', () => {
  const { gate, calls } = newGate();
  gate.takeTurn(Buffer.alloc(65_535), work);
  assert.deepEqual(calls, []);
});
