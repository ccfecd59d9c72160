// More clients than the process may have descriptors (ulimit -n): connected clients are served, the others get an error, and all is as
// before when they have left.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { HttpConnection } from '../../harness/clients/http-connection.ts';
import { getText, requestBytes } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { onlyTunicorn, scenario } from '../../harness/scenario.ts';
import { upgrade } from '../../harness/subjects/upgrade.ts';

const openFiles = 200;
const clients = 400;

/** Answers with the soft limit of its worker, and of a process that the worker starts. */
const limitsApp = `
import resource, subprocess
def app(environ, start_response):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    child = subprocess.run(['sh', '-c', 'ulimit -Sn; env | grep -c ^TUNICORN_OPEN'], capture_output=True, text=True)
    start_response('200 OK', [])
    return [f'{soft} {hard > soft} {" ".join(child.stdout.split())}'.encode()]
`;

function withOpenFiles(limit: number): readonly string[] {
  return ['sh', '-c', `ulimit -n ${limit} && exec "$0" "$@"`];
}

scenario(
  'more idle clients than descriptors: connected ones are served, others get 503, a reload and a stop work, and nothing is left behind',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'hello', launcher: withOpenFiles(openFiles) });
    assert.match(server.log.text(), /gateway_connections is 10000, but a process may have 200 open files/);
    const first = await scene.connect(server);
    const others: HttpConnection[] = [];
    for (let count = 0; count < clients; count += 1) {
      const connection = await HttpConnection.open(server.target);
      scene.defer(() => connection.close());
      others.push(connection);
    }
    const last = await scene.connect(server);
    const refusal = await last.response();
    assert.deepEqual([refusal.status, refusal.end], [503, 'complete']);
    await server.waitForLog(/Turned away \d+ connections: nearly all of 200 open files are in use/);
    // A file for its body, a channel for each new worker: the reserve is for these.
    await first.send(requestBytes('/', { method: 'POST', body: Buffer.alloc(2 * 1024 * 1024) }));
    assert.equal((await first.response()).status, 200);
    server.signal('SIGHUP');
    await server.waitForLog(/Generation 2 is serving/);
    await eventually('the old forkserver to leave', () => server.family().forkservers.length === 1);
    await first.send(requestBytes('/'));
    assert.equal((await first.response()).status, 200);
    for (const connection of others) connection.close();
    await eventually('new clients to be served', async () => (await getText(server.target)) === 'hello\n');
    assert.equal((await server.stop()).code, 0);
    await server.nothingLeft();
  },
  onlyTunicorn,
);

scenario(
  'a stop ends in time while more clients are connected than there are descriptors',
  async (scene) => {
    const args = ['--graceful-timeout', '3'];
    const server = await scene.tunicorn({ app: 'hello', launcher: withOpenFiles(openFiles), args });
    for (let count = 0; count < clients; count += 1) await scene.connect(server);
    assert.equal((await server.stop()).code, 0);
    await server.nothingLeft();
  },
  onlyTunicorn,
);

scenario(
  'too few descriptors to start are an error with the required number',
  async (scene) => {
    const { code, text } = await scene.run({ app: 'hello', launcher: withOpenFiles(64) });
    assert.equal(code, 1);
    assert.equal(
      text.trim(),
      'Error: A process may have 64 open files here (ulimit -Hn), and at least 128 are needed. Raise the limit',
    );
  },
  onlyTunicorn,
);

scenario(
  'workers have the soft limit of open files that the operator gave, after a reload and an upgrade too; the gateway has the hard one',
  async (scene) => {
    const server = await scene.tunicorn({
      app: 'limits:app',
      files: { 'limits.py': limitsApp },
      // The command itself, as an operator runs it, not Node with the command as its argument.
      launcher: ['sh', '-c', 'ulimit -S -n 321 && exec "$@"'],
    });
    assert.equal(await getText(server.target), '321 True 321 0');
    const [gateway = 0] = server.family().gateways;
    assert.match(readFileSync(`/proc/${gateway}/limits`, 'latin1'), /^Max open files\s+(\d+)\s+\1 /m);
    server.signal('SIGHUP');
    await server.waitForLog(/Generation 2 is serving/);
    assert.equal(await getText(server.target), '321 True 321 0');
    const newer = await upgrade(server);
    server.signal('SIGTERM');
    assert.equal((await server.exit).code, 0);
    assert.equal(await getText(server.target), '321 True 321 0');
    process.kill(newer, 'SIGTERM');
    await server.nothingLeft();
  },
  onlyTunicorn,
);
