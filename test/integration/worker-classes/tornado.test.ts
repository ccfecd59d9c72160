// worker_class tornado: applications of Tornado, and WSGI ones.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { field } from '../../harness/clients/http-connection.ts';
import { getText, request, requestBytes } from '../../harness/clients/http-request.ts';
import { LineLog } from '../../harness/line-log.ts';
import { generationServing } from '../../harness/log-lines.ts';
import { supportDir, venvPython } from '../../harness/project.ts';
import type { Rendezvous } from '../../harness/rendezvous.ts';
import { onlyTunicorn, type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

async function tornado(
  scene: Scene,
  args: readonly string[] = [],
): Promise<{ rendezvous: Rendezvous; server: Server }> {
  const rendezvous = await scene.rendezvous();
  const env = { RENDEZVOUS: rendezvous.address };
  const all = ['--worker-class', 'tornado', ...args];
  return { rendezvous, server: await scene.tunicorn({ app: 'tornado_app', args: all, env }) };
}

scenario(
  'handlers get requests, and their responses arrive',
  async (scene) => {
    const { server } = await tornado(scene);
    const found = JSON.parse(await getText(server.target, '/?name=a&name=%C3%A9'));
    assert.deepEqual(found, { uri: '/?name=a&name=%C3%A9', ip: '127.0.0.1', names: ['a', 'é'] });
    const body = randomBytes(2_000_000);
    const digest = createHash('sha256').update(body).digest('hex');
    assert.equal((await request(server.target, '/', { method: 'POST', body })).body.toString(), digest);
    assert.equal((await request(server.target, '/upload', { method: 'POST', body })).body.toString(), `True ${digest}`);
    assert.equal((await request(server.target, '/fails?how=http')).status, 418);
    assert.equal((await request(server.target, '/fails?how=other')).status, 500);
    assert.equal((await request(server.target, '/nowhere')).status, 404);
    const connection = await scene.connect(server);
    for (let count = 0; count < 20; count += 1) {
      await connection.send(requestBytes('/'));
      assert.equal((await connection.response()).status, 200);
    }
  },
  onlyTunicorn,
);

scenario(
  'requests run concurrently, and flushed data arrives immediately',
  async (scene) => {
    const { rendezvous, server } = await tornado(scene);
    const held = await scene.connect(server);
    await held.send(requestBytes('/hold'));
    await rendezvous.arrived('held');
    const stream = await scene.connect(server);
    await stream.send(requestBytes('/stream'));
    assert.equal((await stream.head()).status, 200);
    assert.equal((await stream.chunk())?.toString(), 'first,');
    await getText(server.target);
    rendezvous.open('held');
    assert.equal((await held.response()).body.toString(), 'held');
    assert.equal((await stream.chunk())?.toString(), ' last');
  },
  onlyTunicorn,
);

scenario(
  'a handler is notified that its client has left',
  async (scene) => {
    const { rendezvous, server } = await tornado(scene);
    const connection = await scene.connect(server);
    await connection.send(requestBytes('/forever'));
    await rendezvous.noted('begun');
    connection.close();
    await rendezvous.noted('left');
    assert.equal(server.log.count(/ERROR|Traceback/), 0);
  },
  onlyTunicorn,
);

scenario(
  'a handler over the timeout is answered 504 with its stack in the log, and the worker survives',
  async (scene) => {
    const { server } = await tornado(scene, ['--timeout', '1']);
    const pid = field(await request(server.target, '/'), 'X-Pid');
    assert.equal((await request(server.target, '/doze')).status, 504);
    await server.waitForLog(/\[CRITICAL\] REQUEST TIMEOUT \(pid:\d+\) GET \/doze after/);
    await server.waitForLog(/tornado_app\.py", line \d+,? in doze/);
    assert.equal(field(await request(server.target, '/'), 'X-Pid'), pid);
  },
  onlyTunicorn,
);

scenario(
  'WebSocketHandler talks to a client, also on a slot that has served other requests',
  async (scene) => {
    const { server } = await tornado(scene, ['--worker-connections', '1']);
    for (let count = 0; count < 3; count += 1) {
      const body = randomBytes(100_000);
      assert.equal((await request(server.target, '/upload', { method: 'POST', body })).status, 200);
      const port = 'port' in server.target ? server.target.port : 0;
      const child = spawn(venvPython, [join(supportDir, 'sock_client.py'), String(port), 'echo']);
      scene.defer(() => void child.kill('SIGKILL'));
      const lines = new LineLog();
      for (const each of [child.stdout, child.stderr]) {
        each.setEncoding('utf8').on('data', (text: string) => lines.append(text));
      }
      await lines.waitFor(/^echoed$/);
    }
    await getText(server.target);
    assert.equal(server.log.count(/ERROR|Traceback/), 0);
  },
  onlyTunicorn,
);

scenario(
  'a WebSocketHandler whose client stays sees it closed with 1012 when the server ends',
  async (scene) => {
    const { server } = await tornado(scene, ['--graceful-timeout', '6']);
    const port = 'port' in server.target ? server.target.port : 0;
    const child = spawn(venvPython, [join(supportDir, 'sock_client.py'), String(port), 'stays']);
    scene.defer(() => void child.kill('SIGKILL'));
    const lines = new LineLog();
    child.stdout.setEncoding('utf8').on('data', (text: string) => lines.append(text));
    await lines.waitFor(/^one$/);
    server.signal('SIGTERM');
    await lines.waitFor(/^closed 1012$/);
    const { code, text } = await server.ended();
    assert.equal(code, 0);
    assert.doesNotMatch(text, /was killed|Traceback/);
  },
  onlyTunicorn,
);

scenario(
  'a reload and TERM let running requests finish',
  async (scene) => {
    const { rendezvous, server } = await tornado(scene);
    const first = await scene.connect(server);
    await first.send(requestBytes('/hold'));
    await rendezvous.arrived('held');
    server.signal('SIGHUP');
    await server.waitForLog(generationServing(2));
    const second = await scene.connect(server);
    await second.send(requestBytes('/hold'));
    await rendezvous.arrived('held', 2);
    server.signal('SIGTERM');
    await server.waitForLog(/Handling signal: term/);
    rendezvous.open('held');
    for (const each of [first, second]) assert.equal((await each.response()).body.toString(), 'held');
    assert.equal((await server.ended()).code, 0);
  },
  onlyTunicorn,
);

scenario(
  "a WSGI application runs in Tornado's WSGIContainer",
  async (scene) => {
    const server = await scene.tunicorn({ app: 'hello', args: ['-k', 'gunicorn.workers.gtornado.TornadoWorker'] });
    assert.equal(server.log.count(/Using worker: tornado$/), 1);
    assert.equal((await request(server.target, '/')).status, 200);
  },
  onlyTunicorn,
);

scenario(
  "a WSGI application that raises in Tornado's container gets 500 with its traceback, immediately",
  async (scene) => {
    const server = await scene.tunicorn({ app: 'raising', args: ['-k', 'tornado'] });
    for (const path of ['/before', '/started', '/first']) {
      const since = server.log.mark();
      assert.equal((await request(server.target, path)).status, 500);
      await server.waitForLog(new RegExp(`Error handling request GET ${path}$`), since);
      await server.waitForLog(/^RuntimeError: /, since);
    }
    assert.equal(await getText(server.target, '/ok'), 'fine');
  },
  onlyTunicorn,
);

scenario(
  'a WSGI application does not see the event loop, and may run one of its own',
  async (scene) => {
    const app =
      'import asyncio\n\nasync def answer():\n    await asyncio.sleep(0)\n    return b"run"\n\n' +
      'def application(environ, start_response):\n    start_response("200 OK", [("Content-Type", "text/plain")])\n' +
      '    yield asyncio.run(answer())\n';
    const server = await scene.tunicorn({ app: 'app', args: ['-k', 'tornado'], files: { 'app.py': app } });
    assert.equal(await getText(server.target), 'run');
    assert.equal(await getText(server.target), 'run');
    assert.equal((await server.stop()).code, 0);
  },
  onlyTunicorn,
);
