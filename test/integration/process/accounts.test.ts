// The rights and names of the processes, and the owners of the files.

import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { getText } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { makeAccount, rightsOf } from '../../harness/machine/account.ts';
import { commandOf } from '../../harness/machine/process-table.ts';
import { appFile } from '../../harness/project.ts';
import { type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

/** A Python that every user may execute, so not one below a private home directory. */
const systemPython = '/usr/bin/python3';
const skip =
  process.getuid?.() !== 0
    ? 'only root can change the user'
    : ![systemPython, '/usr/sbin/useradd'].every(existsSync) && `no ${systemPython} or no useradd`;

scenario(
  'with --user and --group, gateway and workers have those ids and no group of root; arbiter and forkserver stay root',
  async (scene) => {
    const account = makeAccount(scene);
    const server = await start(scene, ['--user', account.name, '--group', String(account.groupId)]);
    const { arbiter = 0, gateways, forkservers, workers } = server.family();
    for (const pid of [arbiter, ...forkservers]) assert.equal(rightsOf(pid).userId, 0);
    const { userId, groupId } = account;
    for (const pid of [...gateways, ...workers])
      assert.deepEqual(rightsOf(pid), { userId, groupId, groups: [groupId] });
    await server.stop();
    await server.nothingLeft();
  },
  { skip },
);

for (const withGroup of ['with', 'without'] as const) {
  scenario(
    `--initgroups ${withGroup} --group gives gateway and workers the groups of the user`,
    async (scene) => {
      const account = makeAccount(scene);
      const group = withGroup === 'with' ? ['--group', String(account.groupId)] : [];
      const server = await start(scene, ['--initgroups', '--user', account.name, ...group]);
      const { gateways, workers } = server.family();
      assert.equal(gateways.length + workers.length, 3);
      for (const pid of [...gateways, ...workers]) {
        const { userId, groupId, groups } = rightsOf(pid);
        assert.equal(userId, account.userId);
        // As in Gunicorn, a group that is not given leaves the group as it is.
        assert.equal(groupId, withGroup === 'with' ? account.groupId : 0);
        assert.deepEqual([...groups].sort(), [account.groupId, account.clubId].sort());
      }
      await server.stop();
      await server.nothingLeft();
    },
    { skip },
  );
}

scenario(
  'the Unix socket and the logs belong to the user and the group',
  async (scene) => {
    const account = makeAccount(scene);
    const flags = ['--user', account.name, '--group', String(account.groupId), '--umask', '0o27'];
    // Only root may create files there.
    mkdirSync(scene.path('log'));
    const logs = [scene.path('log/error.log'), scene.path('log/access.log')];
    const [error = '', access = ''] = logs;
    const server = await scene.launch(options(scene, [...flags, '--log-file', error, '--access-logfile', access]));
    await answers(server, error);
    for (const file of [scene.path('app.sock'), ...logs]) {
      const { uid, gid } = statSync(file);
      assert.deepEqual({ uid, gid }, { uid: account.userId, gid: account.groupId }, file);
    }
    assert.equal(statSync(scene.path('app.sock')).mode & 0o777, 0o750);
    assert.match(readFileSync(error, 'utf8'), /Booting worker/);
    await server.stop();
    assert.equal(existsSync(scene.path('app.sock')), false);
    await server.nothingLeft();
  },
  { skip },
);

scenario('every process has its role and its application in its title', async (scene) => {
  const server = await scene.tunicorn({ app: 'hello', args: ['--name', 'shop', '--workers', '2'] });
  const { arbiter = 0, gateways, forkservers, workers } = server.family();
  assert.equal(commandOf(arbiter), 'tunicorn: arbiter [shop]');
  assert.deepEqual(gateways.map(commandOf), ['tunicorn: gateway [shop]']);
  assert.deepEqual(forkservers.map(commandOf), ['tunicorn: forkserver [shop]']);
  assert.deepEqual(workers.map(commandOf), ['tunicorn: worker [shop]', 'tunicorn: worker [shop]']);
});

scenario('without a name, the titles show the application', async (scene) => {
  const server = await scene.tunicorn({ app: 'hello' });
  const { all } = server.family();
  assert.equal(all.length, 4);
  for (const pid of all) assert.match(commandOf(pid), /^tunicorn: (arbiter|gateway|forkserver|worker) \[hello\]$/);
});

function options(scene: Scene, args: readonly string[]) {
  chmodSync(scene.dir, 0o755);
  copyFileSync(appFile('who'), scene.path('who.py'));
  return {
    app: 'who',
    args: ['--python', systemPython, '--workers', '2', ...args],
    env: { VIRTUAL_ENV: undefined, PYTHONPATH: undefined },
    chdir: null,
    listen: 'unix',
  } as const;
}

async function start(scene: Scene, args: readonly string[]): Promise<Server> {
  const server = await scene.tunicorn(options(scene, args));
  await server.workers(2);
  return server;
}

/** The log is a file: the server prints nothing that the test could read. */
async function answers(server: Server, log: string): Promise<void> {
  await eventually('the server to serve', () => existsSync(log) && /is serving/.test(readFileSync(log, 'utf8')));
  await getText(server.target);
}
