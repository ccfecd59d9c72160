// The client and the scheme of an ASGI scope behind a proxy, under uvicorn's names: through the real command, and compared with uvicorn's
// own middleware.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { toTrustedPeers } from '../../../src/gateway/accept/trusted-peers.ts';
import { forwardedClient } from '../../../src/gateway/ticket/forwarded-client.ts';
import { request } from '../../harness/clients/http-request.ts';
import { RawWebSocket } from '../../harness/clients/raw-web-socket.ts';
import { venvPython } from '../../harness/project.ts';
import { type LaunchOptions, onlyTunicorn, type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

const APP = `
import json

async def app(scope, receive, send):
    await receive()
    text = json.dumps([scope["client"], scope["scheme"]])
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": text})
    else:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": text.encode()})
`;

/** As the package is laid out. */
const PACKAGE = {
  'uvicorn_worker/__init__.py': 'from uvicorn_worker._workers import UvicornH11Worker, UvicornWorker\n',
  'uvicorn_worker/_workers.py':
    'from gunicorn.workers.base import Worker\n\nclass UvicornWorker(Worker):\n    CONFIG_KWARGS = {"loop": "auto", "http": "auto"}\n\n' +
    'class UvicornH11Worker(UvicornWorker):\n    CONFIG_KWARGS = {"loop": "asyncio", "http": "h11"}\n',
};

const SAID = { 'X-Forwarded-For': '1.1.1.1, 8.8.8.8', 'X-Forwarded-Proto': 'https' };

function start(scene: Scene, name: string, options: Partial<LaunchOptions> = {}): Promise<Server> {
  const { args = [], files = {} } = options;
  const given = ['-k', name, '--asgi-lifespan', 'off', '--access-logfile', '-', ...args];
  return scene.tunicorn({ app: 'app:app', ...options, args: given, files: { 'app.py': APP, ...files } });
}

async function scopeOf(server: Server, headers: Readonly<Record<string, string>> = SAID): Promise<unknown[]> {
  const response = await request(server.target, '/', { headers });
  assert.equal(response.status, 200);
  return JSON.parse(response.body.toString());
}

for (const module of ['uvicorn.workers', 'uvicorn_worker']) {
  for (const name of ['UvicornWorker', 'UvicornH11Worker']) {
    scenario(
      `${module}.${name}: client and scheme are those that the proxy names; the access log has the proxy`,
      async (scene) => {
        const server = await start(scene, `${module}.${name}`);
        assert.deepEqual(await scopeOf(server), [['8.8.8.8', 0], 'https']);
        await server.waitForLog(/^127\.0\.0\.1 - - .*"GET \/ HTTP\/1\.1" 200/);
        const [client, scheme] = await scopeOf(server, {});
        assert.deepEqual([Array.isArray(client) && client[0], scheme], ['127.0.0.1', 'http']);
      },
      onlyTunicorn,
    );
  }

  scenario(
    `a class that derives from ${module}.UvicornWorker trusts the proxy, too`,
    async (scene) => {
      const own = `from ${module} import UvicornWorker\n\nclass Mine(UvicornWorker):\n    CONFIG_KWARGS = {"proxy_headers": True}\n`;
      const packaged = module === 'uvicorn_worker' ? PACKAGE : {};
      const server = await start(scene, 'workers.Mine', { files: { 'workers.py': own, ...packaged } });
      assert.deepEqual(await scopeOf(server), [['8.8.8.8', 0], 'https']);
      assert.equal(server.log.count(/has no effect/), 0);
    },
    onlyTunicorn,
  );
}

scenario(
  'under -k asgi the client is the peer of the connection',
  async (scene) => {
    const server = await start(scene, 'asgi');
    const [client, scheme] = await scopeOf(server);
    assert.deepEqual([Array.isArray(client) && client[0], scheme], ['127.0.0.1', 'https']);
  },
  onlyTunicorn,
);

scenario(
  'only peers in forwarded_allow_ips are trusted; if all are, the first address counts',
  async (scene) => {
    const config = 'forwarded_allow_ips = "10.0.0.1"\n';
    const server = await start(scene, 'uvicorn.workers.UvicornWorker', { files: { 'gunicorn.conf.py': config } });
    const [client, scheme] = await scopeOf(server);
    assert.deepEqual([Array.isArray(client) && client[0], scheme], ['127.0.0.1', 'http']);
    scene.write('gunicorn.conf.py', 'forwarded_allow_ips = "*"\n');
    server.signal('SIGHUP');
    await server.waitForLog(/Generation 2 is serving/);
    assert.deepEqual(await scopeOf(server), [['1.1.1.1', 0], 'https']);
  },
  onlyTunicorn,
);

scenario(
  'a WebSocket has the client, and wss',
  async (scene) => {
    const server = await start(scene, 'uvicorn.workers.UvicornWorker');
    for (const [proto, scheme] of [
      ['https', 'wss'],
      ['wss', 'wss'],
      ['http', 'ws'],
    ]) {
      const fields = `X-Forwarded-For: 8.8.8.8:4711\r\nX-Forwarded-Proto: ${proto}\r\n`;
      const socket = await RawWebSocket.open(server.target, '/', fields);
      scene.defer(() => socket.connection.close());
      assert.equal((await socket.accepted()).status, 101);
      assert.deepEqual(JSON.parse((await socket.frame()).payload.toString()), [['8.8.8.8', 4711], scheme]);
    }
  },
  onlyTunicorn,
);

scenario(
  'on a Unix socket the proxy is trusted, and without its fields there is no client',
  async (scene) => {
    const server = await start(scene, 'uvicorn.workers.UvicornWorker', { listen: 'unix' });
    assert.deepEqual(await scopeOf(server), [['8.8.8.8', 0], 'https']);
    assert.deepEqual(await scopeOf(server, {}), [null, 'http']);
  },
  onlyTunicorn,
);

scenario(
  'the client that a PROXY header names is trusted only if it is itself a proxy',
  async (scene) => {
    const args = ['--proxy-protocol', 'v1', '--forwarded-allow-ips', '127.0.0.1,10.0.0.0/8'];
    const server = await start(scene, 'uvicorn.workers.UvicornWorker', { args });
    for (const [source, client] of [
      ['203.0.113.7', ['203.0.113.7', 4711]],
      ['10.0.0.7', ['8.8.8.8', 0]],
    ] as const) {
      const connection = await scene.connect(server);
      await connection.send(`PROXY TCP4 ${source} 203.0.113.8 4711 80\r\n`);
      await connection.send('GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 8.8.8.8\r\n\r\n');
      assert.deepEqual(JSON.parse((await connection.response()).body.toString())[0], client);
      connection.close();
    }
  },
  onlyTunicorn,
);

const UVICORN = `
import asyncio, json, sys
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

async def nothing(scope, receive, send):
    pass

async def main():
    answers = []
    for trusted, kind, headers in json.load(sys.stdin):
        scope = {"type": kind, "client": None, "scheme": None, "headers": [(n.encode(), v.encode("latin-1")) for n, v in headers]}
        scope["client"] = ("127.0.0.1", 1)
        await ProxyHeadersMiddleware(nothing, trusted)(scope, None, None)
        client = scope["client"]
        answers.append([list(client) if client != ("127.0.0.1", 1) else None, scope["scheme"]])
    print(json.dumps(answers))

asyncio.run(main())
`;

const ADDRESSES = [
  ...['8.8.8.8', '10.0.0.1', '127.0.0.1', '10.0.0.1:80', '8.8.8.8:443', '8.8.8.8:x', 'fd00::1', '2001:db8::1', ''],
  ...['[fd00::1]', '[2001:db8::1]:443', '[fd00::1]:x', '[fd00::1', '[]', '[fd00::1]x', 'unknown', '_hidden', '::', ':'],
];

scenario(
  "of thousands of fields the gateway believes what uvicorn's middleware believes",
  async () => {
    const cases: [string, 'http' | 'websocket', [string, string][]][] = [];
    for (const trusted of ['127.0.0.1,10.0.0.0/8,fd00::/8', '*'])
      for (const one of ADDRESSES)
        for (const other of ADDRESSES) {
          const separate: [string, string][] = [
            ['x-forwarded-for', one],
            ['host', 'x-forwarded-for'],
            ['x-forwarded-for', other],
          ];
          cases.push([trusted, 'http', [['x-forwarded-for', `${one},${other}`]]], [trusted, 'http', separate]);
          cases.push([trusted, 'http', [['x-forwarded-for', ` ${one} , ${other}, 10.0.0.2`]]]);
        }
    for (const kind of ['http', 'websocket'] as const)
      for (const proto of ['http', 'https', 'ws', 'wss', 'HTTPS', ' https', 'https, http', 'ftp', ''])
        cases.push(['*', kind, [['x-forwarded-proto', proto]]]);
    const input = JSON.stringify(cases);
    const { stdout, stderr } = spawnSync(venvPython, ['-c', UVICORN], { input, maxBuffer: 2 ** 26 });
    const answers: unknown[] = JSON.parse(stdout.toString() || assert.fail(stderr.toString()));
    assert.equal(answers.length, cases.length);
    assert.ok(cases.length > 2000);
    for (const [index, [trusted, kind, fields]] of cases.entries()) {
      const headers = fields.map(([name, value]) => `\0${name}\0${value}`).join('');
      const peers = toTrustedPeers('forwarded_allow_ips', trusted);
      const { client, scheme } = forwardedClient(headers, kind === 'websocket', peers);
      const inScope = kind === 'websocket' ? (scheme?.replace('http', 'ws') ?? null) : scheme;
      const found = [client === null ? null : [client.address, Number(client.port)], inScope];
      assert.deepEqual(found, answers[index], JSON.stringify([trusted, fields]));
    }
  },
  onlyTunicorn,
);
