// The pid file: its lifetime, contents and owner.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { openSocket } from '../../harness/clients/http-connection.ts';
import { getText } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { otherServer } from '../../harness/project.ts';
import { freePort, type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

scenario('the pid file names the arbiter, and is removed when the server ends', async (scene) => {
  const { server, path } = await start(scene);
  assert.equal(readFileSync(path, 'utf8'), `${server.pid}\n`);
  assert.equal(statSync(path).mode & 0o777, 0o644);
  await server.stop();
  assert.equal(existsSync(path), false);
});

scenario(
  'when the pid file exists, connections are accepted',
  async (scene) => {
    const path = scene.path('tunicorn.pid');
    const server = await scene.launch({ app: 'hello', args: ['--pid', path] });
    await eventually('the pid file', () => existsSync(path));
    (await openSocket(server.target)).destroy();
  },
  { skip: otherServer && 'Gunicorn writes it before it binds' },
);

scenario('the pid file survives a reload', async (scene) => {
  const { server, path } = await start(scene);
  server.signal('SIGHUP');
  await server.waitForLog(/Generation 2 is serving|Booting worker with pid: \d+/, server.log.mark());
  await eventually('the pid file', () => existsSync(path) && readFileSync(path, 'utf8') === `${server.pid}\n`);
});

for (const [what, content] of [
  ['of a dead process', () => `${spawnSync('true').pid}\n`],
  ['with nonsense', () => 'nonsense\n'],
  ['that is empty', () => ''],
] as const) {
  scenario(`a pid file ${what} is replaced`, async (scene) => {
    writeFileSync(scene.path('tunicorn.pid'), content());
    const { server, path } = await start(scene);
    assert.equal(readFileSync(path, 'utf8'), `${server.pid}\n`);
    assert.equal(await getText(server.target), 'hello\n');
  });
}

scenario('a pid file that names a living process is an error, and stays unchanged', async (scene) => {
  const { server, path } = await start(scene);
  const second = await scene.launch({ app: 'hello', args: ['--pid', path] });
  const end = await second.ended();
  assert.equal(end.code, 1);
  assert.match(end.text, new RegExp(`Already running on PID ${server.pid}`));
  assert.ok(end.text.includes('tunicorn.pid'));
  await second.nothingLeft();
  assert.equal(readFileSync(path, 'utf8'), `${server.pid}\n`);
  assert.equal(await getText(server.target), 'hello\n');
});

scenario('a pid file in a directory that does not exist is an error', async (scene) => {
  const { code, text } = await scene.run({ app: 'hello', args: ['--pid', scene.path('nowhere/tunicorn.pid')] });
  assert.equal(code, 1);
  assert.match(text, /nowhere.* doesn't exist/);
});

scenario(
  'a server that cannot bind leaves no pid file',
  async (scene) => {
    const port = await freePort();
    const blocker = createServer().listen(port, '127.0.0.1');
    await once(blocker, 'listening');
    scene.defer(() => void blocker.close());
    const path = scene.path('tunicorn.pid');
    const { code } = await scene.run({ app: 'hello', args: ['--pid', path, '--bind', `127.0.0.1:${port}`] });
    assert.equal(code, 1);
    assert.equal(existsSync(path), false);
  },
  { skip: otherServer && 'Gunicorn leaves it' },
);

scenario('a server whose application does not load leaves no pid file', async (scene) => {
  const path = scene.path('tunicorn.pid');
  const server = await scene.launch({ app: 'crash_at_import', args: ['--pid', path] });
  assert.equal((await server.ended()).code, 3);
  assert.equal(existsSync(path), false);
});

async function start(scene: Scene): Promise<{ server: Server; path: string }> {
  const path = scene.path('tunicorn.pid');
  const server = await scene.tunicorn({ app: 'hello', args: ['--pid', path] });
  await eventually('the pid file', () => existsSync(path) && readFileSync(path, 'utf8') === `${server.pid}\n`);
  return { server, path };
}
