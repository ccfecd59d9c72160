// Signals between an application, its hooks and their child processes, and the server.

import assert from 'node:assert/strict';
import process from 'node:process';
import { getText } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { isAlive } from '../../harness/machine/process-table.ts';
import { onlyTunicorn, scenario } from '../../harness/scenario.ts';

const SIGNALLING = `
import os, signal
def application(environ, start_response):
    name = environ["QUERY_STRING"]
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    if name:
        os.kill(os.getppid(), getattr(signal, name))
    return [body]
`;

scenario('an application reloads and stops the server by a signal to its parent process', async (scene) => {
  const server = await scene.tunicorn({ app: 'app', files: { 'app.py': SIGNALLING } });
  const first = await getText(server.target, '/?SIGHUP');
  await eventually('a new worker to answer', async () => (await getText(server.target)) !== first);
  await getText(server.target, '/?SIGTERM');
  assert.equal((await server.ended()).code, 0);
});

scenario(
  'TERM to both arbiter and forkserver is one graceful stop, in which a running request finishes',
  async (scene) => {
    const rendezvous = await scene.rendezvous();
    const app =
      'import rendezvous\ndef application(environ, start_response):\n    rendezvous.wait("running")\n' +
      '    start_response("200 OK", [("Content-Length", "2")])\n    return [b"ok"]\n';
    const env = { RENDEZVOUS: rendezvous.address };
    const server = await scene.tunicorn({ app: 'app', files: { 'app.py': app }, env });
    const answer = getText(server.target);
    await rendezvous.arrived('running');
    const { forkservers } = server.family();
    for (const pid of [...forkservers, server.pid, ...forkservers]) process.kill(pid, 'SIGTERM');
    await server.waitForLog(/Handling signal: term/);
    rendezvous.release('running');
    assert.equal(await answer, 'ok');
    const { code, text } = await server.ended();
    assert.equal(code, 0);
    assert.doesNotMatch(text, /Quick shutdown/);
  },
  onlyTunicorn,
);

const HELPER = `
import signal, subprocess, sys
CODE = "import os, signal\\nprint('IGNORED', sorted(int(s) for s in signal.Signals if signal.getsignal(s) == signal.SIG_IGN), flush=True)\\n" \\
    "print('BLOCKED', sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])), flush=True)\\nsignal.pause()"
def on_starting(server):
    global helper
    helper = subprocess.Popen([sys.executable, "-c", CODE])
    print("HELPER", helper.pid, flush=True)
def on_exit(server):
    helper.terminate()
    print("ENDED", helper.wait(10), flush=True)
`;

scenario(
  'a program that a hook starts ignores and blocks no signal, and ends at terminate() in on_exit',
  async (scene) => {
    const server = await scene.tunicorn({
      app: 'shop:application',
      args: ['--config', 'conf.py'],
      files: { 'conf.py': HELPER, 'shop.py': SIGNALLING },
    });
    const pid = Number((await server.waitForLog(/HELPER (\d+)/))[1]);
    // Every Python ignores SIGPIPE and SIGXFSZ.
    await server.waitForLog(/IGNORED \[13, 25\]/);
    await server.waitForLog(/BLOCKED \[\]/);
    assert.equal((await server.stop()).code, 0);
    assert.match(server.log.text(), /ENDED -15/);
    assert.ok(!isAlive(pid));
  },
);
