// Every move of a worker's life, legal or not, by name.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  moveWorker,
  type ProcessEnd,
  type WorkerEvent,
  type WorkerState,
} from '../../../../src/arbiter/workers/worker-life.ts';

const NOW_MS = 9000;
const SINCE_MS = 1000;
const END: ProcessEnd = { code: null, signal: 9 };

const FORKING: WorkerState = { kind: 'forking', sinceMs: SINCE_MS };
const BOOTING: WorkerState = { kind: 'booting', sinceMs: SINCE_MS };
const READY: WorkerState = { kind: 'ready', sinceMs: SINCE_MS, successor: 'not-needed' };
const WANTING: WorkerState = { kind: 'ready', sinceMs: SINCE_MS, successor: 'wanted' };
const RETIRING: WorkerState = { kind: 'retiring', sinceMs: SINCE_MS, reason: 'surplus', askedAtMs: 2000 };
const EXITING: WorkerState = { kind: 'exiting', sinceMs: SINCE_MS, readySinceMs: 500, retired: null };
const DOOMED: WorkerState = { kind: 'doomed', sinceMs: SINCE_MS, reason: 'timeout', step: 'to-abort' };
const ABORTED: WorkerState = { kind: 'doomed', sinceMs: SINCE_MS, reason: 'timeout', step: 'aborted' };
const KILLED: WorkerState = { kind: 'doomed', sinceMs: SINCE_MS, reason: 'timeout', step: 'killed' };
const GONE: WorkerState = { kind: 'gone', end: END, was: 'ready' };

const EVENTS = {
  forked: { type: 'forked' },
  ready: { type: 'ready' },
  'wants-successor': { type: 'wants-successor', need: 'wanted' },
  retire: { type: 'retire', reason: 'surplus' },
  'asked-again': { type: 'asked-again' },
  exiting: { type: 'exiting' },
  doom: { type: 'doom', reason: 'graceful-timeout' },
  aborted: { type: 'aborted' },
  killed: { type: 'killed' },
  exited: { type: 'exited', end: END },
} satisfies Record<string, WorkerEvent>;

type Move = readonly [path: string, from: WorkerState, event: keyof typeof EVENTS, to: WorkerState | null];

function gone(was: Exclude<WorkerState['kind'], 'gone'>): WorkerState {
  return { kind: 'gone', end: END, was };
}

const AFRESH: WorkerState = { kind: 'doomed', sinceMs: NOW_MS, reason: 'graceful-timeout', step: 'to-abort' };

const MOVES: readonly Move[] = [
  ['the forkserver has forked: there is a process, and it boots', FORKING, 'forked', { ...BOOTING, sinceMs: NOW_MS }],
  ['a worker without a process cannot be ready', FORKING, 'ready', null],
  ['a worker without a process serves nothing that could wear it out', FORKING, 'wants-successor', null],
  ['no worker exists yet that could retire', FORKING, 'retire', null],
  ['a forking worker that was not retired is not asked again', FORKING, 'asked-again', null],
  ['there is no pid yet to be killed', FORKING, 'doom', FORKING],
  ['nothing leaves before the fork', FORKING, 'exiting', null],
  ['nothing can be aborted before the fork', FORKING, 'aborted', null],
  ['nothing can be killed before the fork', FORKING, 'killed', null],
  ['a fork that failed leaves nothing', FORKING, 'exited', gone('forking')],

  ['a process is forked once', BOOTING, 'forked', null],
  ['the application is loaded', BOOTING, 'ready', { ...READY, sinceMs: NOW_MS }],
  ['a worker that boots is replaced by its generation, without asking', BOOTING, 'wants-successor', BOOTING],
  [
    'a worker may be too many before it is ready',
    BOOTING,
    'retire',
    { kind: 'retiring', sinceMs: NOW_MS, reason: 'surplus', askedAtMs: NOW_MS },
  ],
  ['a booting worker was not retired', BOOTING, 'asked-again', null],
  ['a worker that leaves while it boots has failed to boot', BOOTING, 'exiting', BOOTING],
  ['a boot may take too long', BOOTING, 'doom', AFRESH],
  ['only the doomed are aborted', BOOTING, 'aborted', null],
  ['only the doomed are killed', BOOTING, 'killed', null],
  ['a worker may die while it loads the application', BOOTING, 'exited', gone('booting')],

  ['a worker in service was forked long ago', READY, 'forked', null],
  ['a worker is ready once, or a crash loop would look proven', READY, 'ready', null],
  ['max_requests: it asks for a successor and serves on', READY, 'wants-successor', WANTING],
  [
    'a worker in service is retired',
    READY,
    'retire',
    { kind: 'retiring', sinceMs: NOW_MS, reason: 'surplus', askedAtMs: NOW_MS },
  ],
  ['a serving worker was not retired', READY, 'asked-again', null],
  [
    'a worker may leave by itself',
    READY,
    'exiting',
    { kind: 'exiting', sinceMs: NOW_MS, readySinceMs: SINCE_MS, retired: null },
  ],
  ['a request may run too long', READY, 'doom', AFRESH],
  ['a worker in service is not aborted without having been doomed', READY, 'aborted', null],
  ['a worker in service is not killed without having been doomed', READY, 'killed', null],
  ['a worker in service may die', READY, 'exited', gone('ready')],

  ['to ask for a successor twice changes nothing', WANTING, 'wants-successor', WANTING],
  ['who asked for a successor does not become as good as new', WANTING, 'ready', null],
  [
    'its successor is ready: it may leave',
    WANTING,
    'retire',
    { kind: 'retiring', sinceMs: NOW_MS, reason: 'surplus', askedAtMs: NOW_MS },
  ],
  ['its last request may run too long', WANTING, 'doom', AFRESH],
  ['it may die before its successor is there', WANTING, 'exited', gone('ready')],

  ['a worker that leaves was forked long ago', RETIRING, 'forked', null],
  ['retired while it boots: being ready brings it no work', RETIRING, 'ready', RETIRING],
  ['a worker that leaves anyway needs no other end', RETIRING, 'wants-successor', RETIRING],
  ['the first reason to leave stays', RETIRING, 'retire', RETIRING],
  ['the signal may have come between two system calls', RETIRING, 'asked-again', { ...RETIRING, askedAtMs: NOW_MS }],
  ['its last request may run too long', RETIRING, 'doom', AFRESH],
  [
    'it has finished its requests',
    RETIRING,
    'exiting',
    { kind: 'exiting', sinceMs: NOW_MS, readySinceMs: null, retired: 'surplus' },
  ],
  ['a worker that leaves is not aborted without having been doomed', RETIRING, 'aborted', null],
  ['a worker that leaves is not killed without having been doomed', RETIRING, 'killed', null],
  ['it has left', RETIRING, 'exited', gone('retiring')],

  ['a worker that ends was forked long ago', EXITING, 'forked', null],
  ['a worker that ends was ready before', EXITING, 'ready', null],
  ['a worker that ends asked for its successor a moment ago', EXITING, 'wants-successor', EXITING],
  ['a worker that ends need not be asked to', EXITING, 'retire', EXITING],
  ['a worker that ends is not asked again', EXITING, 'asked-again', null],
  ['a worker leaves once', EXITING, 'exiting', null],
  ['its threads and exit handlers may take too long', EXITING, 'doom', AFRESH],
  ['a worker that ends is not aborted without having been doomed', EXITING, 'aborted', null],
  ['a worker that ends is not killed without having been doomed', EXITING, 'killed', null],
  ['it has ended', EXITING, 'exited', gone('exiting')],

  ['only a process that was forked can be doomed', DOOMED, 'forked', null],
  ['doomed: to be ready is too late', DOOMED, 'ready', DOOMED],
  ['doomed: its place will be taken anyway', DOOMED, 'wants-successor', DOOMED],
  ['doomed: it is not asked politely any more', DOOMED, 'retire', DOOMED],
  ['doomed: it is not asked again', DOOMED, 'asked-again', null],
  ['doomed: it may leave before the signal comes', DOOMED, 'exiting', DOOMED],
  ['doomed: the first reason stays, and so does the step', DOOMED, 'doom', DOOMED],
  ['the client has its answer: the stack may be written', DOOMED, 'aborted', { ...ABORTED, sinceMs: NOW_MS }],
  ['without a wanted stack, KILL is sent immediately', DOOMED, 'killed', { ...KILLED, sinceMs: NOW_MS }],
  ['doomed: it may end by itself', DOOMED, 'exited', gone('doomed')],

  ['ABRT is sent once: a second one would cut the stack short', ABORTED, 'aborted', null],
  ['ABRT did not end it', ABORTED, 'killed', { ...KILLED, sinceMs: NOW_MS }],
  ['aborted: a new reason does not bring it back to the first step', ABORTED, 'doom', ABORTED],
  ['aborted: it is gone', ABORTED, 'exited', gone('doomed')],

  ['KILL may be sent again', KILLED, 'killed', { ...KILLED, sinceMs: NOW_MS }],
  ['after KILL there is no ABRT', KILLED, 'aborted', null],
  ['killed: a new reason does not bring it back to the first step', KILLED, 'doom', KILLED],
  ['killed: it is gone', KILLED, 'exited', gone('doomed')],

  ...Object.keys(EVENTS).map((event): Move => [`gone for good: ${event}`, GONE, event as keyof typeof EVENTS, null]),
];

for (const [path, from, event, to] of MOVES) {
  const detail = from.kind === 'doomed' ? `${from.kind} (${from.step})` : from.kind;
  const result = to === null ? 'is illegal' : to === from ? 'changes nothing' : `-> ${to.kind}`;
  test(`${detail} + ${event} ${result}: ${path}`, () => {
    const before = structuredClone(from);
    assert.deepEqual(moveWorker(from, EVENTS[event], NOW_MS), to);
    assert.deepEqual(from, before, 'the former state is left as it was');
    if (to === from) assert.equal(moveWorker(from, EVENTS[event], NOW_MS), from);
  });
}

test('the table has every event in every kind of state', () => {
  const kinds: readonly WorkerState['kind'][] = [
    'forking',
    'booting',
    'ready',
    'retiring',
    'exiting',
    'doomed',
    'gone',
  ];
  for (const kind of kinds) {
    const named = new Set(MOVES.filter(([, from]) => from.kind === kind).map(([, , event]) => event));
    assert.deepEqual([...named].sort(), Object.keys(EVENTS).sort(), kind);
  }
});

test('a reason is carried along: why a worker leaves, and why it is killed', () => {
  for (const reason of ['succeeded', 'surplus'] as const) {
    const state = moveWorker(READY, { type: 'retire', reason }, NOW_MS);
    assert.ok(state?.kind === 'retiring' && state.reason === reason);
  }
  for (const reason of ['timeout', 'slow-boot', 'graceful-timeout', 'given-up', 'not-needed'] as const) {
    const doomed = moveWorker(READY, { type: 'doom', reason }, NOW_MS);
    assert.ok(doomed !== null);
    const aborted = moveWorker(doomed, { type: 'aborted' }, NOW_MS);
    assert.ok(aborted !== null);
    const killed = moveWorker(aborted, { type: 'killed' }, NOW_MS);
    assert.ok(killed?.kind === 'doomed' && killed.reason === reason);
  }
});
