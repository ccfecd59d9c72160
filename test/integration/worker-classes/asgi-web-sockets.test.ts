// WebSockets of ASGI applications through the real command: the rules of the protocol, played by a client in Python; the application's
// messages; slow and lost clients; reload and stop.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { getText } from '../../harness/clients/http-request.ts';
import {
  CLOSE_FRAME,
  clientFrame,
  closePayload,
  handshake,
  PING_FRAME,
  PONG_FRAME,
  RawWebSocket,
  TEXT_FRAME,
} from '../../harness/clients/raw-web-socket.ts';
import { eventually, within } from '../../harness/deadline.ts';
import { otherServer, root, venvPython } from '../../harness/project.ts';
import { type LaunchOptions, type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

const only = { skip: otherServer && 'only for Tunicorn' } as const;

function app(...args: readonly string[]): LaunchOptions {
  return { app: 'asgi_app:app', args: ['-k', 'asgi', ...args] };
}

async function open(scene: Scene, server: Server, path: string, fields = ''): Promise<RawWebSocket> {
  const socket = await RawWebSocket.open(server.target, path, fields);
  scene.defer(() => socket.connection.close());
  return socket;
}

async function opened(scene: Scene, server: Server, path: string): Promise<RawWebSocket> {
  const socket = await open(scene, server, path);
  assert.equal((await socket.accepted()).status, 101);
  return socket;
}

async function closeOf(socket: RawWebSocket): Promise<{ code: number; reason: string }> {
  for (;;) {
    const { opcode, payload } = await socket.frame();
    if (opcode !== CLOSE_FRAME) continue;
    return { code: payload.length === 0 ? 1005 : payload.readUInt16BE(0), reason: payload.subarray(2).toString() };
  }
}

function sends(...messages: readonly string[]): string {
  return `/sends?${encodeURIComponent(`[${messages.join(', ')}]`)}`;
}
const accept = "{'type': 'websocket.accept'}";

for (const [what, args, extra] of [
  ['', [], []],
  [' with compression', ['--websocket-compression'], ['deflate']],
] as const) {
  scenario(
    `every rule of the protocol is kept${what}`,
    async (scene) => {
      const server = await scene.tunicorn(app(...args));
      const port = 'port' in server.target ? String(server.target.port) : '';
      const player = spawn(venvPython, [join(root, 'test', 'web-sockets', 'cases.py'), '127.0.0.1', port, ...extra]);
      scene.defer(() => void player.kill());
      let text = '';
      for (const output of [player.stdout, player.stderr])
        output.setEncoding('utf8').on('data', (data) => (text += data));
      const code = await within('the cases', new Promise((resolve) => player.once('close', resolve)), 110_000);
      assert.equal(code, 0, text);
      const last = JSON.parse(text.trim().split('\n').at(-1) ?? '');
      assert.deepEqual([last.failures, last.cases > 300], [0, true], text);
      assert.equal(server.log.count(/Error|Traceback/), 0);
    },
    only,
  );
}

scenario(
  'a scope of a WebSocket, the subprotocol and the headers of its answer',
  async (scene) => {
    const server = await scene.tunicorn(app());
    const socket = await open(scene, server, '/scope/%C3%BC?a=1', 'Sec-WebSocket-Protocol: one, two\r\n');
    const head = await socket.accepted();
    const fields = new Map(head.headers.map(([name, value]) => [name.toLowerCase(), value]));
    assert.deepEqual([fields.get('sec-websocket-protocol'), fields.get('x-a')], ['two', '1']);
    const scope = JSON.parse((await socket.frame()).payload.toString());
    assert.deepEqual(
      [
        scope.type,
        scope.scheme,
        scope.path,
        scope.raw_path,
        scope.query_string,
        scope.subprotocols,
        scope.http_version,
      ],
      ['websocket', 'ws', '/scope/ü', '/scope/%C3%BC', 'a=1', ['one', 'two'], '1.1'],
    );
    assert.deepEqual(Object.keys(scope.extensions), ['websocket.http.response']);
    assert.deepEqual(await closeOf(socket), { code: 1000, reason: '' });
  },
  only,
);

for (const [what, path, status, body] of [
  ['a close before the answer', sends("{'type': 'websocket.close', 'code': 4000}"), 403, ''],
  [
    'a denial',
    sends(
      "{'type': 'websocket.http.response.start', 'status': 401, 'headers': [(b'content-length', b'2')]}",
      "{'type': 'websocket.http.response.body', 'body': b'no'}",
    ),
    401,
    'no',
  ],
  ['an exception before the answer', '/raises', 500, ''],
] as const) {
  scenario(
    `${what} means ${status} for the client`,
    async (scene) => {
      const server = await scene.tunicorn(app('--access-logfile', '-'));
      const connection = await scene.connect(server);

      await connection.send(handshake(path));
      const response = await connection.response();
      assert.deepEqual([response.status, response.body.toString(), response.end], [status, body, 'complete']);
      assert.equal(response.headers.filter(([name]) => /^(content-length|transfer-encoding)$/i.test(name)).length, 1);
      await server.waitForLog(new RegExp(`"GET /[^"]*" ${status} `));
      await server.stop();
      await eventually('each line in the log', () => server.log.count(/"GET \/(sends|raises)/) === 1);
    },
    only,
  );
}

scenario(
  'codes and reasons of a close pass in both directions; an exception is 1011; one line of the access log for each',
  async (scene) => {
    const server = await scene.tunicorn(app('--access-logfile', '-'));
    const closed = await opened(
      scene,
      server,
      sends(accept, "{'type': 'websocket.close', 'code': 4001, 'reason': 'grün'}"),
    );
    assert.deepEqual(await closeOf(closed), { code: 4001, reason: 'grün' });
    closed.connection.close();
    await server.waitForLog(/and then \{'type': 'websocket.disconnect', 'code': 4001, 'reason': 'grün'\}/);
    const raised = await opened(scene, server, '/raises?accept');
    assert.equal((await closeOf(raised)).code, 1011);
    raised.connection.close();
    await server.waitForLog(/Error handling request WEBSOCKET \/raises/);
    const told = await opened(scene, server, '/echo/told');
    await told.send(CLOSE_FRAME, closePayload(4002, 'tschüss'));
    await server.waitForLog(/disconnect 4002 'tschüss'/);
    told.connection.close();
    const lost = await opened(scene, server, '/echo/lost');
    lost.connection.close();
    await server.waitForLog(/disconnect 1006 ''/);
    await server.stop();
    for (const path of ['/sends', '/raises', '/echo/told', '/echo/lost'])
      await eventually('each line in the log', () => server.log.count(new RegExp(`"GET ${path}[^"]*" 101`)) === 1);
  },
  only,
);

scenario(
  'a client that answers no ping is reported as 1006, one that does stays',
  async (scene) => {
    const server = await scene.tunicorn(app('--websocket-ping-interval', '1', '--websocket-ping-timeout', '1'));
    const since = server.log.mark();
    const deaf = await opened(scene, server, '/echo');
    const lively = await opened(scene, server, '/echo');
    for (let number = 0; number < 3; number += 1) {
      const { opcode, payload } = await lively.frame();
      assert.equal(opcode, PING_FRAME);
      await lively.send(PONG_FRAME, payload);
    }
    await server.waitForLog(/disconnect 1006/, since);
    assert.equal(server.log.count(/disconnect/, since), 1);
    deaf.connection.close();
  },
  only,
);

scenario(
  'backpressure in both directions, and a message that is too long',
  async (scene) => {
    const server = await scene.tunicorn(app('--websocket-max-message-size', '100000'));
    const flooded = await opened(scene, server, '/flood');
    flooded.connection.socket.pause();
    let last = -1;
    let same = 0;
    const sent = await eventually('the application to be stopped', async () => {
      const now = Number(JSON.parse(await getText(server.target, '/shared'))[0] ?? 0);
      same = now === last ? same + 1 : 0;
      last = now;
      return same >= 20 && now;
    });
    assert.ok(sent < 200_000_000, String(sent));
    flooded.connection.close();
    const since = server.log.mark();
    const deaf = await opened(scene, server, '/deaf');
    await server.waitForLog(/^deaf/, since);
    let taken = 0;
    const message = Buffer.alloc(60_000);

    while (taken < 100_000_000 && deaf.connection.socket.write(clientFrame(TEXT_FRAME, message)))
      taken += message.length;
    assert.ok(taken < 100_000_000);
    assert.equal(typeof (await getText(server.target)), 'string');
    deaf.connection.close();
    const long = await opened(scene, server, '/echo');
    await long.send(TEXT_FRAME, 'x'.repeat(100_001));
    assert.equal((await closeOf(long)).code, 1009);
    await server.waitForLog(/disconnect 1009/, since);
  },
  only,
);

scenario(
  'at a reload and at the end WebSockets keep working, then are closed with 1012; max_requests leaves them alone until then',
  async (scene) => {
    const server = await scene.tunicorn(app('--graceful-timeout', '4'));
    for (const signal of ['SIGHUP', 'SIGTERM'] as const) {
      const socket = await opened(scene, server, '/echo');
      const since = server.log.mark();
      server.signal(signal);
      await server.waitForLog(signal === 'SIGHUP' ? /Generation 2 is serving/ : /Handling signal: term/, since);
      await socket.send(TEXT_FRAME, 'still here');
      const { opcode, payload } = await socket.frame();
      if (opcode === TEXT_FRAME) assert.equal(payload.toString(), 'still here');
      const code = opcode === CLOSE_FRAME ? payload.readUInt16BE(0) : (await closeOf(socket)).code;
      assert.equal(code, 1012);
      await socket.send(CLOSE_FRAME, closePayload(1012));
      await server.waitForLog(/disconnect 1012/, since);
    }
    await server.ended();
    assert.equal(server.log.count(/killed/), 0);
  },
  only,
);

scenario(
  'a worker that has run max_requests keeps its WebSockets while its successor serves',
  async (scene) => {
    const server = await scene.tunicorn(app('--max-requests', '3', '--graceful-timeout', '20'));
    const before = await getText(server.target);
    const socket = await opened(scene, server, '/echo');
    await eventually('a successor to answer', async () => (await getText(server.target)) !== before);
    await socket.send(TEXT_FRAME, 'on');
    const { opcode, payload } = await socket.frame();
    assert.deepEqual([opcode, payload.toString()], [TEXT_FRAME, 'on']);
    await socket.send(CLOSE_FRAME, closePayload(1000));
    await eventually('the old worker to end', () => !server.workerPids().includes(Number(before)));
  },
  only,
);
