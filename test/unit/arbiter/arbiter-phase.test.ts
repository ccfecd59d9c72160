// Every move between the arbiter's phases, legal or not, by name.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ArbiterPhase, movePhase, type Phase, type PhaseEvent } from '../../../src/arbiter/arbiter-phase.ts';
import { textOf } from '../../../src/log/message.ts';

const NOW_MS = 9000;
const RUNNING: Phase = { kind: 'running' };
const PAUSED: Phase = { kind: 'paused' };
const LEAVING: Phase = { kind: 'leaving', untilMs: 5000 };
const GRACEFUL: Phase = { kind: 'stopping', manner: 'graceful', sinceMs: 1000, exitCode: 0 };
const QUICK: Phase = { kind: 'stopping', manner: 'quick', sinceMs: 1000, exitCode: 0 };

const EVENTS = {
  pause: { type: 'pause' },
  resume: { type: 'resume' },
  leave: { type: 'leave', delayMs: 500 },
  'stop gracefully': { type: 'stop', manner: 'graceful', exitCode: 3 },
  'stop quickly': { type: 'stop', manner: 'quick', exitCode: 3 },
  'last-hook': { type: 'last-hook' },
  fail: { type: 'fail', exitCode: 3 },
} satisfies Record<string, PhaseEvent>;

const STOPPED_NOW = { kind: 'stopping', sinceMs: NOW_MS, exitCode: 3 } as const;
const MOVES: Readonly<Record<keyof typeof EVENTS, readonly (readonly [string, Phase, Phase | null])[]>> = {
  pause: [
    ['running', RUNNING, PAUSED],
    ['paused', PAUSED, PAUSED],
    ['leaving', LEAVING, LEAVING],
    ['stopping', GRACEFUL, GRACEFUL],
  ],
  resume: [
    ['running', RUNNING, RUNNING],
    ['paused', PAUSED, RUNNING],
    ['leaving', LEAVING, LEAVING],
    ['stopping', GRACEFUL, GRACEFUL],
  ],
  leave: [
    ['running', RUNNING, { kind: 'leaving', untilMs: 9500 }],
    ['paused', PAUSED, null],
    ['leaving', LEAVING, null],
    ['stopping', GRACEFUL, null],
  ],
  'stop gracefully': [
    ['running', RUNNING, { ...STOPPED_NOW, manner: 'graceful' }],
    ['paused', PAUSED, { ...STOPPED_NOW, manner: 'graceful' }],
    ['leaving', LEAVING, { ...STOPPED_NOW, manner: 'graceful' }],
    ['a graceful stop', GRACEFUL, GRACEFUL],
    ['a quick stop', QUICK, QUICK],
  ],
  'stop quickly': [
    ['running', RUNNING, { ...STOPPED_NOW, manner: 'quick' }],
    ['a graceful stop, which keeps its start and exit status', GRACEFUL, QUICK],
    ['a quick stop', QUICK, QUICK],
  ],
  'last-hook': [
    ['running', RUNNING, null],
    ['a stop, whose time begins again', GRACEFUL, { ...GRACEFUL, sinceMs: NOW_MS }],
  ],
  fail: [
    ['running', RUNNING, null],
    ['leaving', LEAVING, null],
    ['a stop, which goes on as it was', GRACEFUL, { ...GRACEFUL, exitCode: 3 }],
  ],
};

for (const name of Object.keys(MOVES) as (keyof typeof EVENTS)[]) {
  for (const [from, phase, expected] of MOVES[name]) {
    const does = expected === null ? 'is illegal in' : expected === phase ? 'changes nothing in' : 'moves';
    test(`${name} ${does} ${from}`, () => {
      assert.deepEqual(movePhase(phase, EVENTS[name], NOW_MS), expected);
    });
  }
}

test('an event that changes nothing keeps the phase, and returns false', () => {
  const phase = new ArbiterPhase({ enter: () => assert.fail('nothing is illegal here') });
  assert.equal(phase.move({ type: 'resume' }, NOW_MS), false);
  assert.equal(phase.kind, 'running');
  assert.equal(phase.move({ type: 'pause' }, NOW_MS), true);
  assert.deepEqual(phase.current, PAUSED);
});

test('an illegal event is an error in the log', () => {
  const logged: string[] = [];
  const phase = new ArbiterPhase({ enter: (said) => logged.push(`${said.message.level} ${textOf(said)}`) });
  try {
    phase.move({ type: 'last-hook' }, NOW_MS);
  } catch {
    // Thrown as well, where the environment asks for it.
  }
  assert.match(logged.join(), /^error Illegal state change: arbiter: 'last-hook' in phase 'running'$/);
  assert.equal(phase.kind, 'running');
});
