// Every move of a forkserver's life and of its last hook, legal or not.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ForkserverEvent,
  type ForkserverState,
  moveForkserver,
  moveOnExit,
  type OnExitEvent,
  type OnExitState,
} from '../../../../src/arbiter/forkserver/forkserver-life.ts';

const LIFE: readonly (readonly [string, ForkserverState, ForkserverEvent, ForkserverState | null])[] = [
  ['it is asked to leave', 'alive', 'leave', 'leaving'],
  ['only one that leaves can be kept from it', 'alive', 'linger', null],
  ['it may die', 'alive', 'die', 'dead'],
  ['it is asked once', 'leaving', 'leave', null],
  ['threads of hooks keep it', 'leaving', 'linger', 'lingering'],
  ['it has left', 'leaving', 'die', 'dead'],
  ['it was asked before', 'lingering', 'leave', null],
  ['it says so once', 'lingering', 'linger', null],
  ['the threads have ended', 'lingering', 'die', 'dead'],
  ['one that has died need not leave', 'dead', 'leave', 'dead'],
  ['nothing is kept', 'dead', 'linger', null],
  ['it ends once', 'dead', 'die', null],
];

for (const [why, from, event, to] of LIFE) {
  test(`forkserver ${from} + ${event} ${to === null ? 'is illegal' : `-> ${to}`}: ${why}`, () => {
    assert.equal(moveForkserver(from, event), to);
  });
}

const ON_EXIT: readonly (readonly [string, OnExitState, OnExitEvent, OnExitState | null])[] = [
  ['the arbiter stops', 'none', 'hold', 'to-come'],
  ['only a hook that is to come is called', 'none', 'call', null],
  ['only a hook that was called is done', 'none', 'done', null],
  ['a stop may become a quick one', 'to-come', 'hold', 'to-come'],
  ['everything else is gone', 'to-come', 'call', 'under-way'],
  ['only a hook that was called is done', 'to-come', 'done', null],
  ['a second signal changes nothing', 'under-way', 'hold', 'under-way'],
  ['it is called once', 'under-way', 'call', null],
  ['it has returned', 'under-way', 'done', 'done'],
  ['a late signal does not call it again', 'done', 'hold', 'done'],
  ['it is called once', 'done', 'call', null],
  ['it is done once', 'done', 'done', null],
];

for (const [why, from, event, to] of ON_EXIT) {
  test(`on_exit ${from} + ${event} ${to === null ? 'is illegal' : `-> ${to}`}: ${why}`, () => {
    assert.equal(moveOnExit(from, event), to);
  });
}
