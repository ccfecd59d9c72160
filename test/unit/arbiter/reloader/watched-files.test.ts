// Watching files: the kinds of changes, and polling if inotify is unavailable.

import assert from 'node:assert/strict';
import fs, { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock, type TestContext, test } from 'node:test';
import type { FileChange } from '../../../../src/arbiter/reloader/change-burst.ts';
import type { Engine } from '../../../../src/arbiter/reloader/notification.ts';
import { WatchedFiles } from '../../../../src/arbiter/reloader/watched-files.ts';
import { eventually } from '../../../harness/deadline.ts';

interface Watch {
  readonly dir: string;
  readonly watched: WatchedFiles;
  readonly changes: FileChange[];
  readonly fallbacks: string[];
}

function watch(context: TestContext, engine: Engine): Watch {
  const dir = mkdtempSync(join(tmpdir(), 'watched-'));
  const changes: FileChange[] = [];
  const fallbacks: string[] = [];
  const watched = new WatchedFiles(engine, {
    changed: (change) => void changes.push(change),
    fellBack: (why) => void fallbacks.push(why),
  });
  context.after(() => {
    watched.close();
    rmSync(dir, { recursive: true });
  });
  return { dir, watched, changes, fallbacks };
}

const LONG_AGO = 1_000_000_000;

for (const engine of ['inotify', 'poll', 'auto'] as const) {
  test(`a file that is changed, deleted and made again is reported each time, by ${engine}`, async (context) => {
    const { dir, watched, changes, fallbacks } = watch(context, engine);
    const file = join(dir, 'a.py');
    writeFileSync(file, 'one');
    watched.add(file, Number.POSITIVE_INFINITY);
    await watched.tick();
    const steps = [
      ['modified', () => writeFileSync(file, 'other')],
      ['deleted', () => rmSync(file)],
      ['created', () => writeFileSync(file, 'again')],
    ] as const;
    for (const [kind, step] of steps) {
      step();
      await eventually(kind, async () => {
        if (engine === 'poll') await watched.tick();
        return changes.at(-1)?.kind === kind;
      });
    }
    assert.deepEqual(fallbacks, []);
    assert.ok(changes.every((change) => change.path === file));
  });
}

test('other files of the folder are of no interest', async (context) => {
  const { dir, watched, changes } = watch(context, 'inotify');
  const [file, other] = [join(dir, 'a.py'), join(dir, 'b.py')];
  writeFileSync(file, '');
  watched.add(file, Number.POSITIVE_INFINITY);
  await watched.tick();
  writeFileSync(other, '');
  writeFileSync(file, 'changed');
  await eventually('the change', () => changes.length > 0);
  assert.ok(changes.every((change) => change.path === file));
});

for (const code of ['ENOSPC', 'EMFILE']) {
  test(`over the limit of inotify (${code}) files are polled, and that is logged once`, async (context) => {
    const { dir, watched, changes, fallbacks } = watch(context, 'auto');
    const refused = mock.method(fs, 'watch', () => {
      throw Object.assign(new Error(code), { code });
    });
    context.after(() => refused.mock.restore());
    mkdirSync(join(dir, 'sub'));
    const files = [join(dir, 'a.py'), join(dir, 'sub', 'b.py')];
    for (const file of files) {
      writeFileSync(file, 'one');
      watched.add(file, Number.POSITIVE_INFINITY);
    }
    await watched.tick();
    assert.equal(fallbacks.length, 1);
    assert.match(fallbacks[0] ?? '', /limit \/proc\/sys\/fs\/inotify\/max_user_(watches|instances) is reached/);
    for (const file of files) writeFileSync(file, 'other');
    await watched.tick();
    // The files are looked at side by side, so their order is not fixed.
    assert.deepEqual(changes.map((change) => change.path).sort(), files);
  });
}

test('shared file systems are polled with auto, and watched by inotify when that is asked for', async (context) => {
  const NFS = 0x6969;
  const real = await fs.promises.statfs('/');
  const statfs = mock.method(fs.promises, 'statfs', async () => Object.assign(Object.create(real), { type: NFS }));
  context.after(() => statfs.mock.restore());
  const auto = watch(context, 'auto');
  const asked = watch(context, 'inotify');
  for (const { dir, watched } of [auto, asked]) {
    watched.add(join(dir, 'a.py'), Number.POSITIVE_INFINITY);
    await watched.tick();
  }
  assert.match(auto.fallbacks[0] ?? '', /shared file system \(NFS\)$/);
  assert.deepEqual(asked.fallbacks, []);
});

test('a file newer than its loaded version is a change, once', async (context) => {
  const { dir, watched, changes } = watch(context, 'poll');
  const [newer, older] = [join(dir, 'newer.py'), join(dir, 'older.py')];
  for (const file of [newer, older]) writeFileSync(file, '');
  utimesSync(older, LONG_AGO, LONG_AGO);
  for (let round = 0; round < 2; round += 1) {
    watched.add(newer, (LONG_AGO + 1) * 1000);
    watched.add(older, (LONG_AGO + 1) * 1000);
    watched.keepOnly(() => false);
  }
  await watched.idle();
  assert.deepEqual(changes, [{ path: newer, kind: 'modified' }]);
});

test('files that are not kept are not watched', async (context) => {
  const { dir, watched, changes } = watch(context, 'poll');
  const [kept, dropped] = [join(dir, 'kept.py'), join(dir, 'dropped.py')];
  for (const file of [kept, dropped]) {
    writeFileSync(file, '');
    watched.add(file, Number.POSITIVE_INFINITY);
  }
  await watched.tick();
  watched.keepOnly((file) => file === kept);
  for (const file of [kept, dropped]) writeFileSync(file, 'changed');
  await watched.tick();
  assert.deepEqual(changes, [{ path: kept, kind: 'modified' }]);
  assert.deepEqual([watched.has(kept), watched.has(dropped)], [true, false]);
});
