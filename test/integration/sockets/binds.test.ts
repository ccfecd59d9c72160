// Every form of --bind, and addresses that are unavailable.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server as NetServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { getText, request } from '../../harness/clients/http-request.ts';
import { listening } from '../../harness/log-lines.ts';
import { appFolder, otherServer, root, supportDir } from '../../harness/project.ts';
import { freePort, type Scene, scenario } from '../../harness/scenario.ts';

const bindAndExec = ['python3', join(root, 'test/harness/machine/bind_and_exec.py')];
const noIpv6 = !Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
);

scenario('several addresses of several kinds serve the same application', async (scene) => {
  const [first, second] = [await freePort(), await freePort()];
  const path = scene.path('app.sock');
  const args = ['-b', `127.0.0.1:${first}`, '--bind', `127.0.0.1:${second}`, '-b', `unix:${path}`];
  const server = await scene.tunicorn({ app: 'hello', args, listen: 'none', target: { path } });
  for (const target of [{ host: '127.0.0.1', port: first }, { host: '127.0.0.1', port: second }, { path }]) {
    assert.equal(await getText(target), 'hello\n');
  }
  const [, labels] = await server.waitForLog(listening);
  assert.equal(labels, `http://127.0.0.1:${first},http://127.0.0.1:${second},unix:${path}`);
});

scenario(
  'an IPv6 address in brackets works',
  async (scene) => {
    const port = await freePort('::1');
    const target = { host: '::1', port };
    const server = await scene.tunicorn({ app: 'echo', args: ['--bind', `[::1]:${port}`], listen: 'none', target });
    const { environ } = JSON.parse((await request(target, '/')).body.toString());
    assert.deepEqual([environ.REMOTE_ADDR, environ.SERVER_NAME, environ.SERVER_PORT], ['::1', '::1', String(port)]);
    assert.equal((await server.waitForLog(listening))[1], `http://[::1]:${port}`);
  },
  { skip: noIpv6 && 'no IPv6 on this machine' },
);

scenario('a host name is looked up', async (scene) => {
  const port = await freePort();
  const target = { host: '127.0.0.1', port };
  await scene.tunicorn({ app: 'hello', args: ['--bind', `LOCALHOST:${port}`], listen: 'none', target });
  assert.equal(await getText(target), 'hello\n');
});

scenario('with port 0 the kernel chooses a port, which the log names', async (scene) => {
  const server = await scene.launch({ app: 'hello', args: ['--bind', '127.0.0.1:0'], listen: 'none' });
  const [, url] = await server.waitForLog(listening);
  const port = Number(new URL(url ?? '').port);
  assert.ok(port > 0);
  assert.equal(await getText({ host: '127.0.0.1', port }), 'hello\n');
});

scenario('a relative Unix socket lies in the current directory', async (scene) => {
  const target = { path: scene.path('rel.sock') };
  await scene.tunicorn({
    app: 'hello',
    args: ['--bind', 'unix:rel.sock'],
    chdir: null,
    listen: 'none',
    target,
    env: appsOnPath(),
  });
  assert.equal(await getText(target), 'hello\n');
});

for (const [umask, mode] of [
  ['0', 0o777],
  ['0077', 0o700],
  ['0o27', 0o750],
] as const) {
  scenario(`a Unix socket under --umask ${umask} has mode ${mode.toString(8)}`, async (scene) => {
    const server = await scene.tunicorn({ app: 'hello', listen: 'unix', args: ['--umask', umask] });
    assert.equal(statSync(scene.path('app.sock')).mode & 0o777, mode);
    assert.equal(await getText(server.target), 'hello\n');
  });
}

scenario('a stale Unix socket is replaced', async (scene) => {
  const path = scene.path('app.sock');

  spawnSync('python3', ['-c', 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])', path]);
  assert.ok(statSync(path).isSocket());
  const server = await scene.tunicorn({ app: 'hello', listen: 'unix' });
  assert.equal(await getText(server.target), 'hello\n');
});

scenario(
  'a Unix socket that is in use is an error, and stays unchanged',
  async (scene) => {
    const path = scene.path('app.sock');
    await block(scene, path);
    const inode = statSync(path).ino;
    const { code, text } = await scene.run({ app: 'hello', args: ['--bind', `unix:${path}`] });
    assert.equal(code, 1);
    assert.ok(text.includes(path));
    assert.match(text, /in use|listen/i);
    assert.equal(statSync(path).ino, inode);
  },
  { skip: otherServer && 'Gunicorn takes it over' },
);

scenario('an ordinary file in place of a Unix socket is an error, and stays unchanged', async (scene) => {
  const path = scene.path('app.sock');
  writeFileSync(path, 'precious\n');
  const { code, text } = await scene.run({ app: 'hello', args: ['--bind', `unix:${path}`] });
  assert.equal(code, 1);
  assert.match(text, new RegExp(`${path}.* is not a socket`));
  assert.equal(readFileSync(path, 'utf8'), 'precious\n');
});

scenario('a Unix socket in a directory that does not exist is an error', async (scene) => {
  const path = scene.path('nowhere/app.sock');
  const { code, text } = await scene.run({ app: 'hello', args: ['--bind', `unix:${path}`] });
  assert.equal(code, 1);
  assert.ok(text.includes(path));
});

scenario('fd://N serves on a socket that the command inherits', async (scene) => {
  const port = await freePort();
  const launcher = [...bindAndExec, '7', String(port)];
  const target = { host: '127.0.0.1', port };
  const server = await scene.tunicorn({
    app: 'hello',
    launcher,
    args: ['--bind', 'fd://7', '--workers', '2'],
    listen: 'none',
    target,
  });
  assert.equal(await getText(target), 'hello\n');
  assert.equal((await server.waitForLog(listening))[1], `http://127.0.0.1:${port}`);
  assert.equal((await server.stop()).code, 0);
});

scenario('an inherited Unix socket is not removed at the end', async (scene) => {
  const path = scene.path('theirs.sock');
  const launcher = [...bindAndExec, '5', `unix:${path}`];
  const server = await scene.tunicorn({
    app: 'hello',
    launcher,
    args: ['--bind', 'fd://5'],
    listen: 'none',
    target: { path },
  });
  assert.equal(await getText({ path }), 'hello\n');
  assert.equal((await server.stop()).code, 0);
  assert.ok(existsSync(path));
});

scenario('fd://N that is not open is an error that names it', async (scene) => {
  const { code, text } = await scene.run({ app: 'hello', args: ['--bind', 'fd://77'] });
  assert.equal(code, 1);
  if (!otherServer) assert.match(text, /fd:\/\/77/);
  assert.doesNotMatch(text, /^\s+at /m);
});

scenario('an address in use is tried again, then given up with its name', async (scene) => {
  const port = await freePort();
  await block(scene, port);
  const { code, text } = await scene.run({ app: 'hello', args: ['--bind', `127.0.0.1:${port}`] });
  assert.equal(code, 1);
  const complaints = text.split('\n').filter((line) => /Connection in use/.test(line) && line.includes(String(port)));
  assert.ok(complaints.length > 1, text);
  assert.match(text, /Can't connect to/);
  assert.doesNotMatch(text, /Booting worker/);
});

scenario('an address that becomes free in time is used', async (scene) => {
  const port = await freePort();
  const blocker = await block(scene, port);
  const target = { host: '127.0.0.1', port };
  const server = await scene.launch({ app: 'hello', args: ['--bind', `127.0.0.1:${port}`], listen: 'none', target });
  await server.waitForLog(/Connection in use/);
  blocker.close();
  await server.ready();
  assert.equal(await getText(target), 'hello\n');
});

scenario('an address of another machine is an error that names it', async (scene) => {
  // 203.0.113.0/24 is reserved for documentation (RFC 5737).
  const { code, text } = await scene.run({ app: 'hello', args: ['--bind', '203.0.113.7:8000'] });
  assert.equal(code, 1);
  assert.match(text, /203\.0\.113\.7/);
});

for (const bind of ['127.0.0.1:http', '127.0.0.1:70000', 'fd://x', '::1']) {
  scenario(`--bind ${bind} is refused`, async (scene) => {
    const { code, text } = await scene.run({ app: 'hello', args: ['--bind', bind] });
    assert.notEqual(code, 0);
    assert.doesNotMatch(text, /Booting worker/);
    if (!otherServer) assert.ok(text.includes(bind), text);
  });
}

scenario('one unavailable address ends the start, whatever the others', async (scene) => {
  const [good, bad] = [await freePort(), await freePort()];
  await block(scene, bad);
  const server = await scene.launch({
    app: 'hello',
    args: ['-b', `127.0.0.1:${good}`, '-b', `127.0.0.1:${bad}`],
    listen: 'none',
  });
  assert.equal((await server.ended()).code, 1);
  await server.nothingLeft();
});

async function block(scene: Scene, address: number | string): Promise<NetServer> {
  const blocker = createServer();
  if (typeof address === 'number') blocker.listen(address, '127.0.0.1');
  else blocker.listen(address);
  await once(blocker, 'listening');
  scene.defer(() => void blocker.close());
  return blocker;
}

function appsOnPath(): Record<string, string> {
  return { PYTHONPATH: `${appFolder('hello')}:${supportDir}` };
}
