// docs/migrating.md is complete: it has all features that users of Gunicorn may use.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ARBITER_SIGNALS, HANDLED_SIGNALS } from '../../../src/arbiter/signals.ts';
import { formatMigratingPage } from '../../../src/generated-docs/migrating-page.ts';
import { KNOWN_NAMES } from '../../../src/settings/for-processes/choose-worker-class.ts';
import { WORKER_CLASSES } from '../../../src/settings/for-processes/worker-classes.ts';
import { SETTINGS } from '../../../src/settings/settings.ts';

const page = formatMigratingPage(SETTINGS);

/** The cells of the row that begins with this name. */
function row(name: string): string[] {
  const found = page.split('\n').filter((line) => line.startsWith(`| \`${name}\``));
  assert.equal(found.length, 1, `${name} has ${found.length} rows`);
  return (found[0] ?? '').split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim());
}

test('each setting and hook of Gunicorn has a row: same, better, not or not yet', () => {
  const gunicorns = SETTINGS.filter(([, { own }]) => own !== true);
  assert.equal(gunicorns.length, 119);
  for (const [name, { pending, migration }] of gunicorns) {
    const [, verdict, note = ''] = row(name);
    if (pending !== undefined)
      assert.deepEqual([verdict, note.includes(`no ${pending}.`)], ['**not yet**', true], name);
    else if (migration === undefined) assert.deepEqual([verdict, note], ['same', ''], name);
    else assert.ok(/^(?:same|\*\*better\*\*|\*\*not\*\*)$/.test(verdict ?? '') && note !== '', name);
  }
});

test("settings of Tunicorn's own are not on it", () => {
  for (const [name, { own }] of SETTINGS) if (own === true) assert.ok(!page.includes(`| \`${name}\``), name);
});

test('each signal has a row', () => {
  assert.deepEqual(Object.keys(ARBITER_SIGNALS), [...HANDLED_SIGNALS]);
  for (const signal of HANDLED_SIGNALS) assert.ok(page.includes(`| \`${signal}\``), signal);
});

test('each worker class that people use has a row, and so has each class that runs', () => {
  for (const name of KNOWN_NAMES) assert.match(row(name)[1] ?? '', /^(?:same|\*\*not yet\*\*)$/);
  for (const { name } of WORKER_CLASSES) assert.equal(row(name)[1], 'same', name);
});
