// Listening sockets from systemd: LISTEN_FDS, with the real systemd-socket-activate, if installed.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { getText } from '../../harness/clients/http-request.ts';
import { within } from '../../harness/deadline.ts';
import { serving } from '../../harness/log-lines.ts';
import { DebianProgram } from '../../harness/machine/front-proxy.ts';
import { markName } from '../../harness/machine/process-table.ts';
import { root, venvPython } from '../../harness/project.ts';
import { freePort, scenario } from '../../harness/scenario.ts';
import { startDaemon } from '../../harness/subjects/daemon.ts';
import { upgrade } from '../../harness/subjects/upgrade.ts';

const activate = new DebianProgram('systemd-socket-activate');
const bindAndExec = [venvPython, join(root, 'test/harness/machine/bind_and_exec.py')];
/** A program that executes the server has the same process id. */
const announce = ['sh', '-c', 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@"'];

for (const kind of ['tcp', 'unix'] as const) {
  scenario(
    `systemd-socket-activate starts the server with the first connection, on ${kind}`,
    async (scene) => {
      const port = await freePort();
      const path = scene.path('activated.sock');
      const target = kind === 'tcp' ? { host: '127.0.0.1', port } : { path };
      const environment = ['PATH', 'HOME', 'VIRTUAL_ENV', 'PYTHONPATH', 'PYTHONDONTWRITEBYTECODE', markName];
      const listen = kind === 'tcp' ? `127.0.0.1:${port}` : path;
      const server = await scene.launch({
        app: 'hello',
        listen: 'none',
        target,
        launcher: [activate.path, '-l', listen, ...environment.flatMap((name) => ['-E', name])],
      });
      await server.waitForLog(/Listening on/);
      assert.equal(await getText(target), 'hello\n');
      await server.waitForLog(serving);
      await server.waitForLog(/The setting bind is ignored: systemd passed a listening socket \(LISTEN_FDS\)/);
      await server.waitForLog(
        kind === 'tcp'
          ? new RegExp(`Listening at: http://127.0.0.1:${port} `)
          : new RegExp(`Listening at: unix:${path} `),
      );
      assert.equal((await server.stop()).code, 0);
      // A server that had created the file would have removed it.
      if (kind === 'unix') assert.ok(existsSync(path));
      await server.nothingLeft();
    },
    { skip: activate.skip },
  );
}

scenario('LISTEN_FDS for this process is used, and the socket survives a reload and a stop', async (scene) => {
  const path = scene.path('activated.sock');
  const server = await scene.tunicorn({
    app: 'names',
    files: { 'names.py': names },
    args: ['--bind', '127.0.0.1:1'],
    listen: 'none',
    target: { path },
    launcher: [...bindAndExec, '3', `unix:${path}`, ...announce],
  });
  assert.equal(await getText(server.target), 'no variables');
  scene.write('gunicorn.conf.py', 'bind = "127.0.0.1:2"\n');
  server.signal('SIGHUP');
  await server.waitForLog(/Generation 2 is serving/);
  assert.equal(await getText(server.target), 'no variables');
  assert.equal((await server.stop()).code, 0);
  assert.ok(existsSync(path));
});

scenario('LISTEN_FDS for another process is ignored, and the log says so', async (scene) => {
  const server = await scene.tunicorn({ app: 'hello', env: { LISTEN_PID: '1', LISTEN_FDS: '1' } });
  await server.waitForLog(/\[WARNING\] LISTEN_FDS is ignored: it is meant for process 1, but this is process \d+/);
  assert.equal(await getText(server.target), 'hello\n');
});

scenario('LISTEN_FDS that is not a number is an error', async (scene) => {
  const launcher = ['sh', '-c', 'LISTEN_PID=$$ LISTEN_FDS=many exec "$0" "$@"'];
  const { code, text } = await scene.run({ app: 'hello', launcher });
  assert.equal(code, 1);
  assert.match(text, /Error: LISTEN_FDS is 'many' \(wanted: a number\)/);
});

scenario('LISTEN_FDS with a closed descriptor is an error', async (scene) => {
  const { code, text } = await scene.run({ app: 'hello', launcher: announce });
  assert.equal(code, 1);
  assert.match(text, /Can't listen on fd:\/\/3: /);
});

scenario('a server on sockets of systemd is upgraded by USR2, and the file of the socket stays', async (scene) => {
  const path = scene.path('activated.sock');
  const launcher = [...bindAndExec, '3', `unix:${path}`, ...announce];
  const server = await scene.tunicorn({ app: 'hello', listen: 'none', target: { path }, launcher });
  const first = await upgrade(server);
  server.signal('SIGTERM');
  await within('the first arbiter to leave', server.exit);
  await server.waitForLog(/Arbiter has been promoted/);
  assert.equal(await getText(server.target), 'hello\n');
  const second = await upgrade(server, first);
  process.kill(first, 'SIGTERM');
  await server.waitForLog(new RegExp(`\\[${second}\\].*Arbiter has been promoted`));
  assert.equal(await getText(server.target), 'hello\n');
  process.kill(second, 'SIGTERM');
  await server.nothingLeft();
  assert.ok(existsSync(path));
});

scenario("systemd's sockets stay with a server that goes to the background", async (scene) => {
  const port = await freePort();
  const { server } = await startDaemon(scene, {
    app: 'hello',
    listen: 'none',
    target: { host: '127.0.0.1', port },
    launcher: [...bindAndExec, '3', String(port), ...announce],
  });
  assert.equal(await getText(server.target), 'hello\n');
});

const names = `import os
def application(environ, start_response):
    found = " ".join(n for n in os.environ if n.startswith("LISTEN_"))
    body = (found or "no variables").encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
`;
