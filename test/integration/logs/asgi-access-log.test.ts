// The access log and the hooks of ASGI requests: exactly one line for each, whichever process writes it and however the request ends.

import assert from 'node:assert/strict';
import { request, requestBytes } from '../../harness/clients/http-request.ts';
import { CLOSE_FRAME, closePayload, handshake, RawWebSocket } from '../../harness/clients/raw-web-socket.ts';
import { eventually } from '../../harness/deadline.ts';
import { otherServer } from '../../harness/project.ts';
import { scenario } from '../../harness/scenario.ts';

const only = { skip: otherServer && 'only for Tunicorn' } as const;
const config = [
  'def pre_request(worker, req): worker.log.info("pre %s", req.path)',
  'def post_request(worker, req, environ, resp):',
  '    worker.log.info("post %s %s %s", req.path, resp.status, resp.sent)',
].join('\n');

for (const [who, args] of [
  ['the gateway, as text', []],
  ['the gateway, as JSON', ['--log-format', 'json']],
  ["Python's logger", ['--logger-class', 'gunicorn.glogging.Logger']],
] as const) {
  scenario(
    `written by ${who}, there is one line for each request`,
    async (scene) => {
      scene.write('hooks.py', config);
      const server = await scene.tunicorn({
        app: 'asgi_app:app',
        args: ['-k', 'asgi', '--access-logfile', '-', '--timeout', '2', '-c', scene.path('hooks.py'), ...args],
      });
      await request(server.target, '/echo/streamed', { method: 'POST', body: 'abc' });
      await request(server.target, '/raises/error');
      await request(server.target, '/raises-late/cut');
      await request(server.target, '/hang/late');
      const stream = await scene.connect(server);
      await stream.send(requestBytes('/events/left'));
      await stream.chunk().catch(() => undefined);
      stream.close();
      await server.waitForLog(/events: disconnect/);
      const socket = await RawWebSocket.open(server.target, '/echo/socket');
      await socket.accepted();
      await socket.send(CLOSE_FRAME, closePayload(1000));
      assert.equal(await socket.closeCode(), 1000);
      socket.connection.close();
      const denied = await scene.connect(server);
      await denied.send(handshake('/raises/denied'));
      assert.equal((await denied.response()).status, 500);
      denied.close();
      await server.waitForLog(/post \/events\/left/);
      await eventually('each line in the log', () => server.log.count(/post \/raises\/error 500 141/) === 1);
      await eventually('each line in the log', () => server.log.count(/post \/echo\/streamed 200 3/) === 1);
      await eventually('each line in the log', () => server.log.count(/pre \/hang\/late/) === 1);
      await server.stop();
      for (const path of [
        'echo/streamed',
        'raises/error',
        'raises-late/cut',
        'hang/late',
        'events/left',
        'echo/socket',
        'raises/denied',
      ]) {
        const line = new RegExp(`"(GET|POST) /${path} HTTP|"path": ?"/${path}"|"(target|uri|url)": ?"/${path}"`);
        assert.equal(
          server.log.count(line),
          1,
          `${path}\n${server.log.lines.filter((each) => each.includes(path)).join('\n')}`,
        );
      }
    },
    only,
  );
}
