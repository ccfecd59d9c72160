// Which names of a config file are taken for misspelt settings.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNear, nearMisses } from '../../../src/settings/near-miss.ts';
import { SETTINGS } from '../../../src/settings/settings.ts';

function misses(values: Record<string, unknown>): string[] {
  return nearMisses(values, SETTINGS).map(({ name, meant }) => `${name} -> ${meant}`);
}

test('a letter that is swapped, wrong, missing or too many is a near miss', () => {
  for (const name of ['wrokers', 'worker', 'workerss', 'workera', 'wworkers']) assert.ok(isNear(name, 'workers'), name);
  for (const name of ['workers', 'wokrres', 'work', 'WORKERS', '']) assert.ok(!isNear(name, 'workers'), name);
});

test('of short settings only swapped letters are', () => {
  assert.ok(isNear('bidn', 'bind'));
  for (const name of ['find', 'binds', 'bin']) assert.ok(!isNear(name, 'bind'), name);
});

test('names that are near a setting are found, others are the own ones of the file', () => {
  assert.deepEqual(misses({ wrokers: 3, timeuot: 5, cores: 4, host: 'a', port: 80, log_dir: '/x', worker_number: 7 }), [
    'wrokers -> workers',
    'timeuot -> timeout',
  ]);
});

test('a helper beside the setting itself is not a near miss, nor is a private name', () => {
  assert.deepEqual(misses({ worker: 2, workers: 4, _threads: 3, _thread: 3 }), []);
});

test('a function is one only where a hook is meant, and the file has defined it', () => {
  const own = (name: string) => ({ $callable: `__config__.${name}`, name, takes: null });
  const imported = { $callable: 'helpers.post_frok', name: 'post_frok', takes: null };
  assert.deepEqual(misses({ post_frok: own('post_frok') }), ['post_frok -> post_fork']);
  assert.deepEqual(misses({ post_frok: imported, worker: own('worker'), timeout_: own('timeout_') }), []);
});

test('no setting is a near miss of another one', () => {
  for (const [name] of SETTINGS) {
    const near = SETTINGS.filter(([other]) => isNear(name, other)).map(([other]) => other);
    assert.deepEqual(near, [], name);
  }
});
