// The reloader's use of the files that forkservers find for reload_extra_files.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Reloader } from '../../../../src/arbiter/reloader/reloader.ts';
import { ErrorLog } from '../../../../src/log/error-log.ts';
import { textOf } from '../../../../src/log/message.ts';
import { eventually } from '../../../harness/deadline.ts';

interface Scene {
  readonly reloader: Reloader;
  readonly reasons: string[];
  readonly file: (name: string) => string;
  readonly logged: () => string;
}

function scene(context: TestContext, ...entries: readonly string[]): Scene {
  const dir = mkdtempSync(join(tmpdir(), 'extra-'));
  const logFile = join(dir, 'error.log');
  const opened = ErrorLog.open({ source: 'arbiter', target: logFile, level: 'info' });
  assert.ok(opened.ok);
  const reasons: string[] = [];
  const reloader = new Reloader(opened.log, dir, null, (reason) => void reasons.push(textOf(reason)));
  context.after(() => {
    reloader.close();
    opened.log.close();
    rmSync(dir, { recursive: true });
  });
  reloader.generationStarts(1, Date.now());
  reloader.configure(1, { reload: true, reload_engine: 'inotify', reload_extra_files: entries });
  const file = (name: string): string => {
    writeFileSync(join(dir, name), name);
    return join(dir, name);
  };
  return { reloader, reasons, file, logged: () => readFileSync(logFile, 'utf8') };
}

test('the first report of an entry has the existing files; a file created later is a reason to reload', async (context) => {
  const { reloader, reasons, file } = scene(context, '*.yml');
  reloader.matched('*.yml', [file('a.yml')], true);
  const late = file('b.yml');
  reloader.matched('*.yml', [late], false);
  await eventually('the reload', () => reasons.length > 0);
  assert.deepEqual(reasons, [`Worker reloading: ${late} created`]);
});

test('the first report of a newer generation has the changes since the previous one', async (context) => {
  const { reloader, reasons, file } = scene(context, '*.yml');
  const early = file('a.yml');
  reloader.matched('*.yml', [early], true);
  const late = file('b.yml');
  reloader.matched('*.yml', [early, late], true);
  await eventually('the reload', () => reasons.length > 0);
  assert.deepEqual(reasons, [`Worker reloading: ${late} created`]);
});

test('reports of an older forkserver with other settings are ignored', async (context) => {
  const { reloader, reasons, file } = scene(context, '*.yml');
  const [a, b] = [file('a.yml'), file('b.yml')];
  reloader.matched('*.txt', [a], false);
  reloader.matched('*.yml', [b], false);
  reloader.matched('*.yml', [a, b], true);
  const late = file('c.yml');
  reloader.matched('*.yml', [late], false);
  await eventually('the reload', () => reasons.length > 0);
  assert.deepEqual(reasons, [`Worker reloading: ${late} created`]);
});

test('a pattern that matches nothing is warned of once, a path is not', (context) => {
  const { reloader, logged } = scene(context, '*.yml', 'data');
  for (const entry of ['*.yml', 'data', '*.yml']) reloader.matched(entry, [], true);
  assert.equal(logged().match(/currently matches no files/g)?.length, 1);
});
