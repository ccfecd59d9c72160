// WSGI applications that speak WebSocket themselves: Flask-Sock takes the client's connection through gunicorn.socket.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { getText, request } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { LineLog } from '../../harness/line-log.ts';
import { generationServing } from '../../harness/log-lines.ts';
import { supportDir, venvPython } from '../../harness/project.ts';
import type { Rendezvous } from '../../harness/rendezvous.ts';
import { onlyTunicorn, type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

const classes: readonly (readonly string[])[] = [
  ['--worker-class', 'sync'],
  ['--worker-class', 'gthread', '--threads', '4'],
  ['--worker-class', 'gevent'],
  ['--worker-class', 'eventlet'],
];

for (const kind of classes) {
  const title = (promise: string): string => `${kind[1]}: ${promise}`;

  scenario(
    title('Flask-Sock echoes messages of every size, again and again'),
    async (scene) => {
      const { server } = await flaskSock(scene, kind);
      for (let count = 0; count < 3; count += 1) {
        const lines = client(scene, server, 'echo');
        await lines.waitFor(/^echoed$/);
      }
      assert.match(await getText(server.target), /^\d+$/);
      assert.equal(server.log.count(/Traceback|ERROR/), 0);
    },
    onlyTunicorn,
  );

  scenario(
    title('when the handler returns, the client gets the close frame and the worker its place back'),
    async (scene) => {
      const { server } = await flaskSock(scene, kind);
      for (let count = 0; count < 6; count += 1) {
        const lines = client(scene, server, 'hello');
        await lines.waitFor(/^\d+ True$/);
        await lines.waitFor(/^closed 1000$/);
      }
      await getText(server.target);
      assert.equal(server.log.count(/Traceback|ERROR/), 0);
    },
    onlyTunicorn,
  );

  scenario(
    title('a handler that raises ends the connection, and is logged'),
    async (scene) => {
      const { server } = await flaskSock(scene, kind);
      const lines = client(scene, server, 'fails');
      await lines.waitFor(/^before$/);
      await lines.waitFor(/^closed/);
      await server.waitForLog(/RuntimeError: after the takeover/);
      await getText(server.target);
    },
    onlyTunicorn,
  );

  scenario(
    title('a handshake that the application answers as any request is an ordinary response'),
    async (scene) => {
      const { server } = await flaskSock(scene, kind);
      await client(scene, server, 'ordinary').waitFor(/^400 /);
    },
    onlyTunicorn,
  );

  scenario(
    title('a WebSocket lives longer than the timeout, and is finished after a reload'),
    async (scene) => {
      const { rendezvous, server } = await flaskSock(scene, [...kind, '--timeout', '4', '--workers', '2']);
      const lines = client(scene, server, 'patient');
      await lines.waitFor(/^hello$/);
      await rendezvous.arrived('held');
      server.signal('SIGHUP');
      await server.waitForLog(generationServing(2));
      // As long as another request takes to exceed the timeout.
      const start = Date.now();
      await eventually('the timeout to be over', async () => {
        assert.equal((await request(server.target, '/')).status, 200);
        return Date.now() - start > 6500;
      });
      rendezvous.open('held');
      await lines.waitFor(/^goodbye$/);
      await lines.waitFor(/^closed 1000$/);
      assert.equal(server.log.count(/TIMEOUT/), 0);
    },
    onlyTunicorn,
  );

  scenario(
    title('a WebSocket that stays is closed with 1012 when the server ends, in time for its handler to end, too'),
    async (scene) => {
      const { server } = await flaskSock(scene, [...kind, '--graceful-timeout', '6']);
      const lines = client(scene, server, 'stays');
      await lines.waitFor(/^one$/);
      server.signal('SIGTERM');
      await lines.waitFor(/^closed 1012$/);
      const { code, text } = await server.ended();
      assert.equal(code, 0);
      assert.doesNotMatch(text, /was killed|Traceback/);
    },
    onlyTunicorn,
  );
}

async function flaskSock(scene: Scene, args: readonly string[]): Promise<{ rendezvous: Rendezvous; server: Server }> {
  const rendezvous = await scene.rendezvous();
  const env = { RENDEZVOUS: rendezvous.address };
  return { rendezvous, server: await scene.tunicorn({ app: 'flask_sock_app', args, env }) };
}

function client(scene: Scene, server: Server, part: string): LineLog {
  const port = 'port' in server.target ? server.target.port : 0;
  const log = new LineLog();
  const child = spawn(venvPython, [join(supportDir, 'sock_client.py'), String(port), part], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  scene.defer(() => void child.kill('SIGKILL'));
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => log.append(text));
  }
  return log;
}
