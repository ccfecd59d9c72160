// Poor surroundings: folders that are missing, inaccessible or read-only, and a nearly empty environment.

import assert from 'node:assert/strict';
import { chmodSync, cpSync, existsSync, mkdirSync } from 'node:fs';
import { request } from '../../harness/clients/http-request.ts';
import { noMounts, withMounts } from '../../harness/machine/mount-namespace.ts';
import { appFile, otherServer } from '../../harness/project.ts';
import { scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

const isRoot = process.getuid?.() === 0;
const systemPython = '/usr/bin/python3';
const canSwitch = isRoot && existsSync(systemPython) && !otherServer;
/** Larger than the buffer in memory. */
async function servesLargeBodies(server: Server): Promise<void> {
  const { status } = await request(server.target, '/', { method: 'POST', body: 'x'.repeat(3_000_000) });
  assert.equal(status, 200, server.log.text());
}

scenario(
  'with a TMPDIR that does not exist, another folder is used, and the log names it',
  async (scene) => {
    const TMPDIR = scene.path('nowhere');
    const server = await scene.tunicorn({ app: 'hello', env: { TMPDIR } });
    await server.waitForLog(
      /\[WARNING\] The spool directory is in \/\S+: \/\S+\/nowhere cannot be used \(No such file or directory\)$/,
    );
    await servesLargeBodies(server);
    assert.equal((await server.stop()).code, 0);
  },
  { skip: otherServer && 'other words' },
);

scenario(
  "with a TMPDIR of root's own and --user, large bodies are served from another folder",
  async (scene) => {
    chmodSync(scene.dir, 0o755);
    cpSync(appFile('hello'), scene.path('hello.py'));
    mkdirSync(scene.path('private'), { mode: 0o700 });
    const server = await scene.tunicorn({
      app: 'hello',
      chdir: null,
      args: ['--python', systemPython, '--user', 'nobody'],
      env: { VIRTUAL_ENV: undefined, PYTHONPATH: undefined, TMPDIR: scene.path('private') },
    });
    await server.waitForLog(/\/private cannot be used \(Permission denied\)$/);
    await servesLargeBodies(server);
  },
  { skip: !canSwitch && 'only root can change the user' },
);

scenario(
  'on a read-only file system with --worker-tmp-dir /dev/shm, everything is served',
  async (scene) => {
    const mounts = 'for d in / /tmp /var/tmp "$PWD"; do mount --bind $d $d; mount -o remount,ro,bind $d; done';
    const server = await scene.tunicorn({
      app: 'hello',
      args: ['--worker-tmp-dir', '/dev/shm'],
      launcher: withMounts(mounts),
    });
    await server.waitForLog(/The spool directory is in \/dev\/shm, where bodies take memory: /);
    await servesLargeBodies(server);
    assert.equal((await server.stop()).code, 0);
  },
  { skip: noMounts },
);

/** A /dev with only the devices that programs need. */
const DEVICES_ALONE =
  'mkdir -p dev && mount -t tmpfs none dev && for d in null zero urandom; do : >dev/$d; mount --bind /dev/$d dev/$d; done && mount --rbind dev /dev';
const POOR_SHARED_MEMORY: readonly (readonly [what: string, mounts: string, reason: RegExp])[] = [
  ['of 4 KiB', 'mount -t tmpfs -o size=4k none /dev/shm', /No space left on device/],
  // Room for everything but the claims board.
  ['of 1 MiB', 'mount -t tmpfs -o size=1m none /dev/shm', /No space left on device/],
  ['that is read-only', 'mount -t tmpfs -o ro none /dev/shm', /Read-only file system/],
  ['that does not exist', DEVICES_ALONE, /No such file or directory/],
];

for (const [what, mounts, reason] of POOR_SHARED_MEMORY) {
  scenario(
    `with a /dev/shm ${what}, another folder is used, and one line names it and the reason`,
    async (scene) => {
      for (const args of [[], ['--worker-tmp-dir', '/dev/shm']]) {
        const server = await scene.tunicorn({
          app: 'hello',
          args,
          launcher: withMounts(mounts),
        });
        const notes = server.log.lines.filter((line) => line.includes('cannot be used'));
        assert.equal(notes.length, 1, notes.join('\n'));
        assert.match(notes[0] ?? '', /\[WARNING\] The runtime directory is in \/\S+: \/dev\/shm cannot be used \(/);
        assert.match(notes[0] ?? '', reason);
        await servesLargeBodies(server);
        assert.equal((await server.stop()).code, 0);
        assert.equal(server.log.count(/starting a new one|Worker \(pid:\d+\) was sent/), 0, server.log.text());
      }
    },
    { skip: noMounts },
  );
}

scenario(
  'without HOME, and as a user without an account, everything is served',
  async (scene) => {
    chmodSync(scene.dir, 0o755);
    cpSync(appFile('hello'), scene.path('hello.py'));
    const server = await scene.tunicorn({
      app: 'hello',
      chdir: null,
      args: ['--python', systemPython],
      env: { VIRTUAL_ENV: undefined, PYTHONPATH: undefined, HOME: undefined },
      launcher: ['setpriv', '--reuid', '54321', '--regid', '54321', '--clear-groups'],
    });
    await servesLargeBodies(server);
    assert.equal((await server.stop()).code, 0);
  },
  { skip: !canSwitch && 'only root can change the user' },
);

scenario(
  'a current directory that the user may not enter is an error that names it',
  async (scene) => {
    chmodSync(scene.dir, 0o700);
    const { code, text } = await scene.run({
      app: 'hello',
      chdir: '/',
      launcher: ['setpriv', '--reuid', '54321', '--regid', '54321', '--clear-groups'],
    });
    assert.equal(code, 1);
    assert.match(
      text,
      /^Error: The current directory '.*' cannot be used by user 54321: Permission denied\. Start in/m,
    );
  },
  { skip: !canSwitch && 'only root can change the user' },
);
