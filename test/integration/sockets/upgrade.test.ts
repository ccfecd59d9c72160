// SIGUSR2: a second arbiter on the same sockets, its promotion when the first one exits, and the way back.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { getText } from '../../harness/clients/http-request.ts';
import { Load } from '../../harness/clients/load.ts';
import { eventually, within } from '../../harness/deadline.ts';
import { commandOf, isAlive } from '../../harness/machine/process-table.ts';
import { root, venvPython } from '../../harness/project.ts';
import { freePort, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';
import { startDaemon } from '../../harness/subjects/daemon.ts';
import { upgrade } from '../../harness/subjects/upgrade.ts';

scenario(
  'after USR2 both serve under separate names; when the old one has exited, the new one takes over its names',
  async (scene) => {
    const pidFile = scene.path('tunicorn.pid');
    const args = ['--pid', pidFile, '--name', 'shop'];
    const server = await scene.tunicorn({ app: 'hello', args, listen: 'unix' });
    const fresh = await upgrade(server);
    assert.equal(readFileSync(pidFile, 'utf8'), `${server.pid}\n`);
    assert.equal(readFileSync(`${pidFile}.2`, 'utf8'), `${fresh}\n`);
    assert.equal(commandOf(server.pid), 'tunicorn: arbiter [shop]');
    assert.equal(commandOf(fresh), 'tunicorn: arbiter [shop.2]');
    const { forkservers, workers } = server.family(fresh);
    for (const pid of forkservers) assert.equal(commandOf(pid), 'tunicorn: forkserver [shop.2]');
    for (const pid of workers) assert.equal(commandOf(pid), 'tunicorn: worker [shop.2]');
    assert.ok(
      (await server.log.waitFor(/The setting bind is ignored: an older arbiter passed a listening socket/)) !== null,
    );
    server.signal('SIGTERM');
    assert.equal((await server.exit).code, 0);
    await server.waitForLog(/Arbiter has been promoted\./);
    await eventually('the pid file', () => existsSync(pidFile) && readFileSync(pidFile, 'utf8') === `${fresh}\n`);
    await eventually('the other pid file to go', () => !existsSync(`${pidFile}.2`));
    await eventually('the title', () => commandOf(fresh) === 'tunicorn: arbiter [shop]');
    // The socket's file is the new one's now.
    assert.equal(await getText(server.target), 'hello\n');
    process.kill(fresh, 'SIGTERM');
    await server.nothingLeft();
    assert.equal(existsSync(scene.path('app.sock')), false);
    assert.equal(existsSync(pidFile), false);
  },
);

for (const listen of ['tcp', 'unix'] as const) {
  scenario(`no request fails while a server on ${listen} is upgraded twice`, async (scene) => {
    const server = await scene.tunicorn({ app: 'hello', args: ['--workers', '2'], listen });
    const load = startLoad(server);
    await load.answeredMore(50);
    let current = server.pid;
    for (const _ of [1, 2]) {
      const fresh = await upgrade(server, current);
      await load.answeredMore(50);
      const since = server.log.mark();
      process.kill(current, 'SIGTERM');
      await server.waitForLog(new RegExp(`\\[${fresh}\\].*Arbiter has been promoted`), since);
      await load.answeredMore(50);
      current = fresh;
    }
    noFailure(await load.stop());
  });
}

scenario(
  'no request fails while an upgrade is taken back: WINCH and HUP to the old one, TERM to the new one',
  async (scene) => {
    const { server, pid, signal, log, waitForLog } = await startDaemon(scene, {
      app: 'hello',
      args: ['--workers', '2'],
    });
    const load = startLoad(server);
    signal('SIGUSR2');
    await waitForLog(/Started a new arbiter/);
    const fresh = Number(/Started a new arbiter \(pid:(\d+)\)/.exec(log())?.[1]);
    await waitForLog(new RegExp(`\\[${fresh}\\].*is serving`));
    await load.answeredMore(50);
    signal('SIGWINCH');
    await eventually('the old workers to leave', () => server.family(pid).workers.length === 0);
    await load.answeredMore(50);
    signal('SIGHUP');
    await waitForLog(new RegExp(`\\[${pid}\\].*Generation 2 is serving`));
    await eventually('the old workers to be back', () => server.family(pid).workers.length === 2);
    await load.answeredMore(50);
    process.kill(fresh, 'SIGTERM');
    await waitForLog(/The new arbiter \(pid:\d+\) exited with code 0; this one continues/);
    await load.answeredMore(50);
    noFailure(await load.stop());
    assert.equal(readFileSync(scene.path('daemon.pid'), 'utf8'), `${pid}\n`);
    assert.equal(existsSync(scene.path('daemon.pid.2')), false);
    signal('SIGTERM');
    await server.nothingLeft();
  },
);

scenario(
  'a new arbiter that gets QUIT leaves the old one with its Unix socket, ready for the next upgrade',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'hello', listen: 'unix' });
    const first = await upgrade(server);
    process.kill(first, 'SIGQUIT');
    await server.waitForLog(new RegExp(`The new arbiter \\(pid:${first}\\) exited with code 0`));
    assert.equal(await getText(server.target), 'hello\n');
    const second = await upgrade(server);
    assert.notEqual(second, first);
    await leave(server);
    assert.equal(await getText(server.target), 'hello\n');
  },
);

scenario('USR2 is refused by an arbiter that has a child, and by one that has a parent', async (scene) => {
  const server = await scene.tunicorn({ app: 'hello' });
  const fresh = await upgrade(server);
  server.signal('SIGUSR2');
  await server.waitForLog(new RegExp(`\\[${server.pid}\\] \\[WARNING\\] USR2 signal ignored\\. Child exists\\.`));
  process.kill(fresh, 'SIGUSR2');
  await server.waitForLog(new RegExp(`\\[${fresh}\\] \\[WARNING\\] USR2 signal ignored\\. Parent exists\\.`));
});

scenario('a new program that does not load leaves the old one serving, and the next USR2 works', async (scene) => {
  const server = await scene.tunicorn({ app: 'program', files: { 'program.py': program('one') } });
  scene.write('program.py', 'raise ImportError("not today")\n');
  server.signal('SIGUSR2');
  await server.waitForLog(/ImportError: not today/);
  await server.waitForLog(/The new arbiter \(pid:\d+\) exited with code 3; this one continues/);
  assert.equal(await getText(server.target), 'one');
  scene.write('program.py', program('three'));
  const fresh = await upgrade(server);
  await leave(server);
  await server.waitForLog(/Arbiter has been promoted/);
  assert.equal(await getText(server.target), 'three');
  assert.ok(isAlive(fresh));
});

scenario('the new arbiter keeps the sockets at a reload, until the setting bind changes', async (scene) => {
  const [before, after] = [await freePort(), await freePort()];
  scene.write('gunicorn.conf.py', `bind = "127.0.0.1:${before}"\n`);
  const target = { host: '127.0.0.1', port: before };
  const server = await scene.tunicorn({ app: 'hello', listen: 'none', target });
  const fresh = await upgrade(server);
  await leave(server);
  await server.waitForLog(/Arbiter has been promoted/);
  process.kill(fresh, 'SIGHUP');
  await server.waitForLog(new RegExp(`\\[${fresh}\\].*Generation 2 is serving`));
  assert.equal(await getText(target), 'hello\n');
  scene.write('gunicorn.conf.py', `bind = "127.0.0.1:${after}"\n`);
  process.kill(fresh, 'SIGHUP');
  await server.waitForLog(new RegExp(`\\[${fresh}\\].*Generation 3 is serving`));
  assert.equal(await getText({ host: '127.0.0.1', port: after }), 'hello\n');
  await assert.rejects(getText(target), /ECONNREFUSED/);
});

scenario('an inherited socket (fd://N) is passed on', async (scene) => {
  const path = scene.path('inherited.sock');
  const server = await scene.tunicorn({
    app: 'hello',
    args: ['--bind', 'fd://9'],
    listen: 'none',
    target: { path },
    launcher: [venvPython, join(root, 'test/harness/machine/bind_and_exec.py'), '9', `unix:${path}`],
  });
  const fresh = await upgrade(server);
  await leave(server);
  await server.waitForLog(/Arbiter has been promoted/);
  assert.equal(await getText(server.target), 'hello\n');
  process.kill(fresh, 'SIGTERM');
  await server.nothingLeft();
  assert.ok(existsSync(path));
});

scenario('a link to the current release is followed again', async (scene) => {
  scene.write('releases/1/program.py', program('first release'));
  scene.write('releases/2/program.py', program('second release'));
  const current = scene.path('current');
  symlinkSync('releases/1', current);
  const server = await scene.tunicorn({ app: 'program', chdir: null, cwd: current, env: { PWD: current } });
  assert.equal(await getText(server.target), 'first release');
  symlinkSync('releases/2', scene.path('next'));
  renameSync(scene.path('next'), current);
  rmSync(scene.path('releases/1'), { recursive: true });
  await upgrade(server);
  await leave(server);
  assert.equal(await getText(server.target), 'second release');
});

scenario("variables that are meant for the arbiter only are not in the application's environment", async (scene) => {
  const text = `import os
def application(environ, start_response):
    names = [n for n in os.environ if n.startswith(("GUNICORN_", "LISTEN_", "TUNICORN_"))]
    body = " ".join(n for n in names if not n.startswith("TUNICORN_TEST_")).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
`;
  const server = await scene.tunicorn({ app: 'names', files: { 'names.py': text } });
  await upgrade(server);
  await leave(server);
  assert.equal(await getText(server.target), '');
});

/** The old arbiter only: the new one holds the log open. */
async function leave(server: Server): Promise<void> {
  server.signal('SIGTERM');
  assert.equal((await within('the old arbiter to leave', server.exit)).code, 0);
}

function program(answer: string): string {
  return `def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "${answer.length}")])
    return [b"${answer}"]
`;
}

function startLoad(server: Server): Load {
  return new Load(server.target, {
    keepAliveClients: 2,
    freshClients: 2,
    pauseMs: 2,
    request: () => ({ path: '/' }),
    check: (response) => (response.body.toString() === 'hello\n' ? undefined : 'another answer'),
  });
}

function noFailure({ failed, wrong, refused, complaints }: Awaited<ReturnType<Load['stop']>>): void {
  assert.deepEqual({ failed, wrong, refused }, { failed: 0, wrong: 0, refused: 0 }, complaints.join('\n'));
}
