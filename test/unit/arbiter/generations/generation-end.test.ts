// The end of a generation whose workers the arbiter takes for booting.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drain, endLate } from '../../../../src/arbiter/generations/generation-end.ts';
import type { GenerationState } from '../../../../src/arbiter/generations/generation-life.ts';

const LIMITS = { timeoutMs: 30_000, graceMs: 30_000, onDeadline: 'kill' } as const;

function stage(taken: Readonly<Record<number, number>>) {
  const killed: number[] = [];
  const workers = [1, 2, 3].map((slot) => ({ slot, state: { kind: slot === 3 ? 'ready' : 'booting', sinceMs: 0 } }));
  const generation = {
    number: 1,
    state: { kind: 'serving' } as GenerationState,
    workers: {
      all: () => workers,
      announceEnd: () => {},
      doom: ({ slot }: { readonly slot: number }, reason: string, how: string) => {
        assert.deepEqual([reason, how], ['not-needed', 'SIGKILL']);
        killed.push(slot);
      },
    },
    pool: { hasTakenTickets: ({ slot }: { readonly slot: number }) => (taken[slot] ?? 0) > 0 },
    forkserver: { letGo: () => {} },
    tickets: { release: () => {} },
    move: (next: GenerationState) => {
      generation.state = next;
    },
  };
  return { generation: generation as unknown as Parameters<typeof drain>[0], killed };
}

test('a worker that still boots when its generation drains is killed, but not before a report that it is ready may have come', () => {
  const { generation, killed } = stage({});
  drain(generation, 'stop', 0);
  endLate(generation, LIMITS, 500);
  assert.deepEqual(killed, []);
  endLate(generation, LIMITS, 1500);
  assert.deepEqual(killed, [1, 2]);
});

test('a worker that has taken tickets finishes them, although its report has not arrived', () => {
  const { generation, killed } = stage({ 2: 1 });
  drain(generation, 'successor', 0);
  endLate(generation, LIMITS, 1500);
  assert.deepEqual(killed, [1]);
});
