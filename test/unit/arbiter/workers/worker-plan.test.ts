// How many workers are forked and which are retired.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WorkerState } from '../../../../src/arbiter/workers/worker-life.ts';
import { type PlannedWorker, planWorkers } from '../../../../src/arbiter/workers/worker-plan.ts';
import { seededRandom } from '../../gateway/http1/conversation.ts';

const STATES = {
  forking: { kind: 'forking', sinceMs: 0 },
  booting: { kind: 'booting', sinceMs: 0 },
  ready: { kind: 'ready', sinceMs: 0, successor: 'not-needed' },
  wanting: { kind: 'ready', sinceMs: 0, successor: 'wanted' },
  retiring: { kind: 'retiring', sinceMs: 0, reason: 'surplus', askedAtMs: 0 },
  doomed: { kind: 'doomed', sinceMs: 0, reason: 'timeout', step: 'aborted' },
  gone: { kind: 'gone', end: { code: 0, signal: null }, was: 'ready' },
} satisfies Record<string, WorkerState>;

type State = keyof typeof STATES;

/** Workers in the order of their age, the oldest first; slots count from 100. */
function workers(...states: readonly State[]): PlannedWorker[] {
  return states.map((state, age) => ({ slot: 100 + age, age, state: STATES[state] }));
}

function times(count: number, state: State): State[] {
  return Array.from({ length: count }, () => state);
}

test('planWorkers() forks as many as are missing', () => {
  assert.deepEqual(planWorkers([], 4), { fork: 4, retire: [] });
  assert.deepEqual(planWorkers(workers('ready', 'ready'), 5), { fork: 3, retire: [] });
  assert.deepEqual(planWorkers(workers(...times(4, 'ready')), 4), { fork: 0, retire: [] });
});

test('planWorkers() counts workers that are coming, so that none is forked twice', () => {
  assert.deepEqual(planWorkers(workers('ready', 'booting', 'forking'), 3), { fork: 0, retire: [] });
  assert.deepEqual(planWorkers(workers('booting', 'forking'), 3), { fork: 1, retire: [] });
});

test('planWorkers() replaces workers that are leaving, about to be killed, or gone', () => {
  assert.deepEqual(planWorkers(workers('ready', 'retiring', 'doomed', 'gone'), 4), { fork: 3, retire: [] });
});

test('TTIN: a higher target forks the difference', () => {
  assert.deepEqual(planWorkers(workers(...times(3, 'ready')), 4), { fork: 1, retire: [] });
});

test('TTOU: a lower target retires the oldest', () => {
  assert.deepEqual(planWorkers(workers(...times(4, 'ready')), 2), { fork: 0, retire: [100, 101] });
  const [oldest, middle, youngest] = workers('ready', 'ready', 'ready');
  assert.ok(oldest !== undefined && middle !== undefined && youngest !== undefined);
  assert.deepEqual(
    planWorkers([youngest, oldest, middle], 2).retire,
    [oldest.slot],
    'in whatever order they are given',
  );
});

test('TTOU while a worker boots: no worker leaves before it is ready', () => {
  assert.deepEqual(planWorkers(workers('ready', 'ready', 'booting'), 2), { fork: 0, retire: [] });
  assert.deepEqual(planWorkers(workers('ready', 'ready', 'ready'), 2), { fork: 0, retire: [100] });
});

test('a worker that wants a successor stays until it is ready', () => {
  assert.deepEqual(planWorkers(workers('ready', 'wanting'), 2), { fork: 1, retire: [] });
  assert.deepEqual(planWorkers(workers('ready', 'wanting', 'booting'), 2), { fork: 0, retire: [] });
  assert.deepEqual(planWorkers(workers('ready', 'wanting', 'ready'), 2), { fork: 0, retire: [101] });
  assert.deepEqual(planWorkers(workers('ready', 'retiring', 'ready'), 2), { fork: 0, retire: [] });
});

test('a nearly spent worker runs beside its successor for a moment', () => {
  const soon: PlannedWorker = { slot: 100, age: 0, state: { kind: 'ready', sinceMs: 0, successor: 'soon' } };
  const successor: PlannedWorker = { slot: 101, age: 1, state: { ...STATES.ready, sinceMs: 60_000 } };
  assert.deepEqual(planWorkers([soon], 1, 50_000), { fork: 1, retire: [] });
  assert.deepEqual(planWorkers([soon, successor], 1, 60_100), { fork: 0, retire: [] });
  assert.deepEqual(planWorkers([soon, successor], 1, 65_001), { fork: 0, retire: [100] });
  const old: PlannedWorker = { ...successor, state: STATES.ready };
  assert.deepEqual(planWorkers([soon, old], 1, 60_000), { fork: 0, retire: [100] }, 'TTOU does not wait');
});

test('a quarter of the workers is succeeded at a time, and always one', () => {
  for (const [target, atOnce] of [
    [1, 1],
    [2, 1],
    [3, 1],
    [4, 1],
    [7, 1],
    [8, 2],
    [16, 4],
    [100, 25],
  ] as const) {
    assert.deepEqual(planWorkers(workers(...times(target, 'wanting')), target), { fork: atOnce, retire: [] });
  }
});

test('too many workers: those that want a successor leave first, then the oldest', () => {
  const plan = planWorkers(workers('ready', 'ready', 'wanting', 'ready', 'wanting'), 2);
  assert.deepEqual(plan, { fork: 0, retire: [102, 104, 100] });
  assert.deepEqual(planWorkers(workers('ready', 'wanting', 'ready'), 1).retire, [101, 100]);
});

test('a target of 0 retires all workers and forks none', () => {
  assert.deepEqual(planWorkers(workers('ready', 'ready'), 0), { fork: 0, retire: [100, 101] });
});

test('planWorkers() does not change its arguments', () => {
  const given = workers('wanting', 'ready', 'ready').reverse();
  const before = structuredClone(given);
  planWorkers(given, 1);
  assert.deepEqual(given, before);
});

test('recycling ends with as many workers as wanted, and never has fewer in service', () => {
  const random = seededRandom(50);
  for (const target of [1, 2, 3, 5, 8, 16]) {
    let crew: PlannedWorker[] = workers(...times(target, 'wanting'));
    let nextAge = crew.length;
    let most = 0;
    for (let step = 0; step < 1000 && !isSettled(crew, target); step += 1) {
      const plan = planWorkers(crew, target);
      for (const slot of plan.retire) crew = crew.map((one) => (one.slot === slot ? as(one, 'retiring') : one));
      for (let count = plan.fork; count > 0; count -= 1, nextAge += 1) {
        crew.push({ slot: 100 + nextAge, age: nextAge, state: STATES.forking });
      }
      most = Math.max(most, crew.filter((one) => one.state.kind !== 'retiring').length);
      crew = crew.filter((one) => one.state.kind !== 'retiring' || random(3) > 0).map((one) => oneStep(one, random));
      const inService = crew.filter((one) => one.state.kind === 'ready').length;
      assert.ok(inService >= target, `target ${target}, step ${step}: ${inService} in service`);
    }
    assert.ok(isSettled(crew, target), `target ${target}`);
    assert.ok(most <= target + Math.max(1, Math.floor(target / 4)), `target ${target}: at most ${most} at a time`);
  }
});

function as(worker: PlannedWorker, state: State): PlannedWorker {
  return { ...worker, state: STATES[state] };
}

function oneStep(worker: PlannedWorker, random: (limit: number) => number): PlannedWorker {
  if (random(2) === 0) return worker;
  if (worker.state.kind === 'forking') return as(worker, 'booting');
  return worker.state.kind === 'booting' ? as(worker, 'ready') : worker;
}

function isSettled(crew: readonly PlannedWorker[], target: number): boolean {
  return (
    crew.length === target && crew.every(({ state }) => state.kind === 'ready' && state.successor === 'not-needed')
  );
}
