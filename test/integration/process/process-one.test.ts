// The command as process 1, as it is in a container: here in a PID namespace of its own.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { getText } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { readEntry } from '../../harness/machine/process-table.ts';
import { command, inCi, otherServer, root, venvPython } from '../../harness/project.ts';
import { freePort, type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

const isRoot = process.getuid?.() === 0;
const namespace = ['--pid', '--fork', '--mount-proc', '--kill-child', ...(isRoot ? [] : ['--user', '--map-root-user'])];
const canHave = spawnSync('unshare', [...namespace, 'true']).status === 0;
const skip =
  (otherServer && 'it is about Tunicorn') ||
  (!canHave && !inCi && 'no PID namespaces here (unshare --pid): THIS TEST CANNOT RUN');

const binary = join(root, 'bin', 'tunicorn');

const APP = `
import subprocess

def application(environ, start_response):
    what, _, pid = environ["PATH_INFO"][1:].partition("/")
    if what == "leave":
        body = subprocess.check_output(["sh", "-c", "sleep 0.1 >/dev/null 2>&1 & echo $!"])
    elif what == "state":
        try:
            with open(f"/proc/{pid}/stat") as file:
                body = file.read().rpartition(")")[2].split()[0].encode()
        except OSError:
            body = b"gone"
    else:
        body = b"hello"
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
`;

for (const [name, start] of [
  ['the command', [binary, '--python', venvPython]],
  ['python -m tunicorn', [venvPython, '-m', 'tunicorn']],
] as const) {
  scenario(
    `as process 1, ${name} leaves no zombies of processes that the application has abandoned, and TERM ends it with 0`,
    async (scene) => {
      const server = await startAsProcessOne(scene, start);
      const orphan = (await getText(server.target, '/leave')).trim();
      assert.match(orphan, /^\d+$/);
      await eventually('the orphan to go', async () => (await getText(server.target, `/state/${orphan}`)) === 'gone');
      signalProcessOne(server, 'SIGTERM');
      assert.deepEqual(await server.exit, { code: 0, signal: null });
    },
    { skip },
  );
}

scenario(
  'signals to process 1 reach the arbiter: HUP reloads, USR2 upgrades, and the new arbiter inherits the container',
  async (scene) => {
    const server = await startAsProcessOne(scene, [binary, '--python', venvPython]);
    signalProcessOne(server, 'SIGHUP');
    await server.waitForLog(/Generation 2 is serving/);
    let since = server.log.mark();
    signalProcessOne(server, 'SIGUSR2');
    await server.waitForLog(/Started a new arbiter/, since);
    await server.waitForLog(/Generation 1 is serving/, since);
    signalProcessOne(server, 'SIGTERM');
    await server.waitForLog(/Arbiter has been promoted/, since);
    assert.equal(await getText(server.target), 'hello');
    since = server.log.mark();
    signalProcessOne(server, 'SIGHUP');
    await server.waitForLog(/Generation 2 is serving/, since);
    signalProcessOne(server, 'SIGTERM');
    assert.deepEqual(await server.exit, { code: 0, signal: null });
  },
  { skip },
);

scenario(
  'the exit status of the command is that of process 1',
  async (scene) => {
    const server = await launchAsProcessOne(scene, [binary, '--python', venvPython], 'raise ImportError("no")');
    assert.equal((await server.ended()).code, 3);
    const killed = await startAsProcessOne(scene, [binary, '--python', venvPython]);
    const [arbiter = 0] = childrenOf(processOne(killed));
    process.kill(arbiter, 'SIGKILL');
    assert.equal((await killed.ended()).code, 128 + 9);
  },
  { skip },
);

scenario(
  'if Node itself is process 1, the log says that orphans stay',
  async (scene) => {
    const server = await startAsProcessOne(scene, [...command, '--python', venvPython]);
    assert.match(server.log.text(), /\[WARNING\] Running as process 1: Node\.js does not reap orphans/);
    signalProcessOne(server, 'SIGTERM');
    assert.deepEqual(await server.exit, { code: 0, signal: null });
  },
  { skip },
);

async function startAsProcessOne(scene: Scene, start: readonly string[]): Promise<Server> {
  const server = await launchAsProcessOne(scene, start, APP);
  await server.ready();
  return server;
}

async function launchAsProcessOne(scene: Scene, start: readonly string[], app: string): Promise<Server> {
  const port = await freePort();
  return await scene.program({
    python: 'unshare',
    args: [...namespace, ...start, '--bind', `127.0.0.1:${port}`, 'app'],
    files: { 'app.py': app },
    target: { host: '127.0.0.1', port },
  });
}

/** By its pid outside of its namespace, where it is the only child of unshare. */
function processOne(server: Server): number {
  const [pid] = childrenOf(server.pid);
  assert.ok(pid !== undefined, 'process 1 has ended');
  return pid;
}

function signalProcessOne(server: Server, name: NodeJS.Signals): void {
  process.kill(processOne(server), name);
}

function childrenOf(parent: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => readEntry(pid)?.parent === parent);
}
