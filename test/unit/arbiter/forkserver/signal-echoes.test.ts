// A signal to a whole process group takes effect once; so does one to a forkserver alone.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SignalEchoes } from '../../../../src/arbiter/forkserver/signal-echoes.ts';

test('a signal that only a forkserver got is acted on', () => {
  assert.equal(new SignalEchoes().passed('SIGHUP', 5000, 'running', 5001), true);
});

test('a signal to the group acts once, whichever copy arrives first', () => {
  const arbiterFirst = new SignalEchoes();
  assert.equal(arbiterFirst.own('SIGTERM', 5000), true);
  assert.equal(arbiterFirst.passed('SIGTERM', 5000, 'running', 5002), false);
  const forkserverFirst = new SignalEchoes();
  assert.equal(forkserverFirst.passed('SIGTERM', 5000, 'running', 5001), true);
  assert.equal(forkserverFirst.own('SIGTERM', 5002), false);
});

test('a forkserver that was in a slow hook repeats nothing, by the time at which the signal came', () => {
  const echoes = new SignalEchoes();
  assert.equal(echoes.own('SIGHUP', 5000), true);
  assert.equal(echoes.passed('SIGHUP', 5000, 'running', 25_000), false);
});

test('an arbiter that was kept from running recognises it by its own signal, handled late', () => {
  const echoes = new SignalEchoes();
  assert.equal(echoes.own('SIGHUP', 9000), true);
  assert.equal(echoes.passed('SIGHUP', 5000, 'running', 9001), false);
});

test('two forkservers that got the same signal are one', () => {
  const echoes = new SignalEchoes();
  assert.equal(echoes.passed('SIGUSR1', 5000, 'running', 5001), true);
  assert.equal(echoes.passed('SIGUSR1', 5000, 'running', 5002), false);
  assert.equal(echoes.passed('SIGUSR1', 8000, 'running', 8001), true);
});

test('a second signal to the arbiter acts again', () => {
  const echoes = new SignalEchoes();
  assert.equal(echoes.passed('SIGTERM', 5000, 'running', 5001), true);
  assert.equal(echoes.own('SIGTERM', 5002), false);
  assert.equal(echoes.own('SIGTERM', 5010), true);
});

test('a stop in progress is made quick by the arbiter’s own signals only', () => {
  const echoes = new SignalEchoes();
  assert.equal(echoes.passed('SIGTERM', 90_000, 'stopping', 90_001), false);
  assert.equal(echoes.own('SIGTERM', 90_010), true);
});
