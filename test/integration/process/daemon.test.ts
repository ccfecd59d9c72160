// --daemon: the command ends when the server has started, or prints why it has not.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, openSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { openSocket } from '../../harness/clients/http-connection.ts';
import { getText } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { isAlive, readEntry } from '../../harness/machine/process-table.ts';
import { appFile, root, venvPython } from '../../harness/project.ts';
import { freePort, scenario } from '../../harness/scenario.ts';
import { startDaemon } from '../../harness/subjects/daemon.ts';

const who = readFileSync(appFile('who'), 'utf8');

scenario(
  '--daemon detaches: another session, no terminal, /dev/null, umask 022, and the same directory',
  async (scene) => {
    const { server, pid } = await startDaemon(scene, { app: 'who', files: { 'who.py': who } });
    assert.notEqual(pid, server.pid);
    assert.equal(server.log.text(), '');
    const [, , , , session, terminal] = statOf(pid);
    assert.equal(Number(session), pid);
    assert.equal(terminal, '0');
    for (const fd of [0, 1, 2]) assert.equal(readlinkSync(`/proc/${pid}/fd/${fd}`), '/dev/null');
    const facts = JSON.parse(await getText(server.target));
    assert.equal(facts.umask, 0o22);
    assert.equal(facts.cwd, scene.dir);
    const { gateways, workers } = server.family(pid);
    assert.equal(gateways.length, 1);
    assert.deepEqual(workers, [facts.pid]);
    process.kill(pid, 'SIGTERM');
    await server.nothingLeft();
    assert.equal(existsSync(scene.path('daemon.pid')), false);
  },
);

scenario('when the command has ended, the socket listens and the pid file exists', async (scene) => {
  const pidFile = scene.path('tunicorn.pid');
  const server = await scene.launch({ app: 'hello', args: ['-D', '-p', pidFile] });
  assert.equal((await server.exit).code, 0);
  assert.ok(isAlive(Number(readFileSync(pidFile, 'utf8'))));
  (await openSocket(server.target)).destroy();
});

scenario('daemon = True in the config file does the same', async (scene) => {
  scene.write('gunicorn.conf.py', 'daemon = True\nprint("evaluated")\n');
  const { server, pid } = await startDaemon(scene, { app: 'hello' });
  assert.equal(readEntry(pid)?.parent === server.pid, false);
  // As in Gunicorn, output of the config file before the server leaves the terminal is seen there.
  assert.equal(server.stdout.text(), 'evaluated');
});

scenario('an address in use is reported on the terminal, with exit status 1', async (scene) => {
  const port = await freePort();
  const blocker = createServer().listen(port, '127.0.0.1');
  await once(blocker, 'listening');
  scene.defer(() => void blocker.close());
  const args = ['--daemon', '--bind', `127.0.0.1:${port}`, '--log-file', scene.path('error.log')];
  const server = await scene.launch({ app: 'hello', args, listen: 'none' });
  const { code, text } = await server.ended();
  assert.equal(code, 1);
  assert.match(text, new RegExp(`Error: Connection in use: \\('127.0.0.1', ${port}\\)`));
  assert.match(text, new RegExp(`Can't connect to \\('127.0.0.1', ${port}\\)`));
  await server.nothingLeft();
});

scenario('a pid file that names a living process is an error on the terminal', async (scene) => {
  const { server, pid } = await startDaemon(scene, { app: 'hello' });
  const second = await scene.launch({ app: 'hello', args: ['--daemon', '--pid', scene.path('daemon.pid')] });
  const { code, text } = await second.ended();
  assert.equal(code, 1);
  assert.match(text, new RegExp(`Error: Already running on PID ${pid} `));
  await second.nothingLeft();
  assert.equal(await getText(server.target), 'hello\n');
});

scenario('a mistake in the config file is reported before the server goes to the background', async (scene) => {
  scene.write('gunicorn.conf.py', 'daemon = True\nworkers = 1 / 0\n');
  const server = await scene.launch({ app: 'hello' });
  const { code, text } = await server.ended();
  assert.equal(code, 1);
  assert.match(text, /ZeroDivisionError/);
  await server.nothingLeft();
});

scenario('--check-config does not go to the background', async (scene) => {
  const { code, text } = await scene.run({ app: 'crash_at_import', args: ['--daemon', '--check-config'] });
  assert.equal(code, 1);
  assert.match(text, /Error while loading the application/);
});

scenario('under NOTIFY_SOCKET the command warns as Gunicorn does', async (scene) => {
  const server = await scene.launch({
    app: 'hello',
    args: ['--daemon'],
    env: { NOTIFY_SOCKET: scene.path('notify.sock') },
  });
  assert.equal((await server.exit).code, 0);
  const warning = "Warning: you shouldn't specify `daemon = True` when launching by systemd with `Type = notify`";
  assert.equal(server.log.lines[0], warning);
});

for (const kept of [true, false]) {
  scenario(
    `${kept ? 'with' : 'without'} -R, output to a file is ${kept ? 'kept' : 'lost'} in the background`,
    async (scene) => {
      writeFileSync(scene.path('printing.py'), printing);
      const output = scene.path('output');
      openSync(output, 'w');
      const launcher = ['sh', '-c', 'exec "$0" "$@" >"$OUTPUT" 2>&1'];
      const { server, pid } = await startDaemon(scene, {
        app: 'printing',
        args: kept ? ['-R'] : [],
        chdir: scene.dir,
        launcher,
        env: { OUTPUT: output },
      });
      await getText(server.target);
      assert.equal(readlinkSync(`/proc/${pid}/fd/1`), kept ? output : '/dev/null');
      assert.equal(readlinkSync(`/proc/${pid}/fd/2`), kept ? output : '/dev/null');
      const text = readFileSync(output, 'utf8');
      assert.equal(/printed by the application/.test(text), kept);
    },
  );
}

scenario('fd://N serves in the background, too', async (scene) => {
  const port = await freePort();
  const { server } = await startDaemon(scene, {
    app: 'hello',
    args: ['--bind', 'fd://7'],
    listen: 'none',
    target: { host: '127.0.0.1', port },
    launcher: [venvPython, join(root, 'test/harness/machine/bind_and_exec.py'), '7', String(port)],
  });
  assert.equal(await getText(server.target), 'hello\n');
});

scenario('WINCH ends the workers; later clients wait until TTIN, and HUP brings all workers back', async (scene) => {
  const { server, pid, signal, waitForLog } = await startDaemon(scene, { app: 'hello', args: ['--workers', '3'] });
  signal('SIGWINCH');
  await waitForLog(/graceful stop of workers/);
  await eventually('the workers to leave', () => server.family(pid).workers.length === 0);
  const early = getText(server.target);
  const queued = await scene.connect(server);
  await queued.send(Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'));
  signal('SIGTTIN');
  assert.equal(await early, 'hello\n');
  assert.equal((await queued.response()).status, 200);
  await eventually('one worker', () => server.family(pid).workers.length === 1);
  signal('SIGWINCH');
  await eventually('the worker to leave', () => server.family(pid).workers.length === 0);
  const late = getText(server.target);
  signal('SIGHUP');
  assert.equal(await late, 'hello\n');
  await eventually('three workers', () => server.family(pid).workers.length === 3);
  signal('SIGWINCH');
  await eventually('the workers to leave', () => server.family(pid).workers.length === 0);
  signal('SIGTERM');
  await server.nothingLeft();
});

scenario('WINCH in the middle of a reload pauses the new generation', async (scene) => {
  const { server, pid, signal, waitForLog } = await startDaemon(scene, { app: 'hello', args: ['--workers', '2'] });
  signal('SIGHUP');
  await waitForLog(/Hang up: Arbiter/);
  signal('SIGWINCH');
  await waitForLog(/Generation 2 is serving/);
  await eventually('the workers to leave', () => server.family(pid).workers.length === 0);
  const early = getText(server.target);
  signal('SIGTTIN');
  assert.equal(await early, 'hello\n');
  signal('SIGTERM');
  await server.nothingLeft();
});

const printing = `
def application(environ, start_response):
    print("printed by the application", flush=True)
    start_response("200 OK", [("Content-Length", "0")])
    return [b""]
`;

/** The fields of /proc/PID/stat from the state on: state, parent, group, session … by their place after the name. */
function statOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const [state = '', parent = '', group = '', session = '', terminal = ''] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ');
  return [String(pid), state, parent, group, session, terminal];
}
