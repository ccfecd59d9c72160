// The uwsgi protocol: behind a real nginx with uwsgi_pass, and from a bare socket.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { field, HttpConnection, type HttpResponse } from '../../harness/clients/http-connection.ts';
import { request, requestBytes } from '../../harness/clients/http-request.ts';
import { clientFrame, handshake, TEXT_FRAME } from '../../harness/clients/raw-web-socket.ts';
import {
  GET_SEEN,
  uwsgiHeader,
  uwsgiPacket,
  type Variable,
  variablesBlock,
  withVariables,
} from '../../harness/clients/uwsgi-packet.ts';
import { generationServing } from '../../harness/log-lines.ts';
import { nginx, startNginx } from '../../harness/machine/nginx.ts';
import { freePort, onlyTunicorn, scenario, sharedServer } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

const UWSGI = ['--protocol', 'uwsgi'];
const ACCESS_LOG = ['--access-logfile', '-', '--access-logformat', 'access %(h)s "%(r)s" %(s)s'];
const shared = sharedServer({ app: 'uwsgi_app', args: [...UWSGI, ...ACCESS_LOG] });
const behindNginx = { skip: onlyTunicorn.skip || nginx.skip } as const;

const KINDS = [
  { kind: 'sync', app: 'uwsgi_app' },
  { kind: 'asgi', app: 'uwsgi_app:asgi' },
] as const;

interface Seen {
  readonly method: string;
  readonly scheme: string;
  readonly root: string;
  readonly path: string;
  readonly query: string;
  readonly client: string;
  readonly hasPort: boolean;
  readonly type: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: number;
  readonly sha256: string;
}

for (const { kind, app } of KINDS) {
  for (const listen of ['tcp', 'unix'] as const) {
    scenario(
      `behind nginx over ${listen}, ${kind} gets each request as the client sent it, and the client each response`,
      async (scene) => {
        const server = await scene.tunicorn({ app, listen, args: [...UWSGI, ...ACCESS_LOG, '-k', kind] });
        const front = await startNginx(scene, server.target, { protocol: 'uwsgi' });
        const client = await HttpConnection.open(front.target);
        scene.defer(() => client.close());
        const ask = async (...args: Parameters<typeof requestBytes>): Promise<HttpResponse> => {
          await client.send(requestBytes(...args));
          return await client.response(args[1]?.method);
        };

        const cookie = 'c'.repeat(7000);
        const got = seen(
          await ask('/a%20b/%C3%A9%2525?q=%20x', { headers: { Cookie: cookie, 'X-Forwarded-Proto': 'https' } }),
        );
        assert.deepEqual(
          [got.method, got.scheme, got.root, got.path, got.query, got.client, got.hasPort, got.type],
          ['GET', 'http', '', '/a b/é%25', 'q=%20x', '127.0.0.1', true, null],
        );
        assert.deepEqual([got.headers.cookie, got.headers.host, got.bytes], [cookie, 'test.example', 0]);
        const mounted = seen(await ask('/shop/cart'));
        assert.deepEqual([mounted.root, mounted.path], ['/shop', '/cart']);
        assert.equal(seen(await ask('/secure/')).scheme, 'https');

        const body = Buffer.alloc(300_000, 'body of a request ');
        const digest = createHash('sha256').update(body).digest('hex');
        const posted = seen(await ask('/post', { method: 'POST', body, headers: { 'Content-Type': 'a/b' } }));
        assert.deepEqual(
          [posted.method, posted.bytes, posted.sha256, posted.type],
          ['POST', body.length, digest, 'a/b'],
        );
        const chunked = { method: 'PUT', headers: { 'Transfer-Encoding': 'chunked' } };
        const chunks = `${body.length.toString(16)}\r\n${body.toString('latin1')}\r\n0\r\n\r\n`;
        await client.send(Buffer.concat([requestBytes('/put', chunked), Buffer.from(chunks, 'latin1')]));
        const put = seen(await client.response());
        assert.deepEqual([put.bytes, put.sha256], [body.length, digest]);

        const head = await ask('/head', { method: 'HEAD' });
        assert.deepEqual([head.status, head.body.length], [200, 0]);
        assert.ok(Number(field(head, 'Content-Length')) > 0);
        const moved = await ask('/redirect');
        assert.equal(moved.status, 302);
        assert.match(field(moved, 'Location') ?? '', /\/elsewhere$/);
        assert.deepEqual([(await ask('/204')).status, (await ask('/304')).status], [204, 304]);
        const stream = await ask('/stream');
        assert.deepEqual([stream.end, stream.body.length], ['complete', 100_006]);
        assert.equal((await ask('/chunky')).body.toString(), 'not chunked');
        assert.equal(field(await ask('/large-head'), 'X-Large')?.length, 6000);

        if (kind === 'asgi') assert.equal(await echoed(await HttpConnection.open(front.target)), 'hellohello');
        await server.waitForLog(/access 127\.0\.0\.1 "GET \/a%20b\/%C3%A9%2525\?q=%20x HTTP\/1\.1" 200/);
        assert.equal(server.log.count(/Invalid request/), 0);
        const account = await front.stop();
        assert.deepEqual(account.faults, []);
        assert.deepEqual([...new Set(account.requests.map(({ fate }) => fate))], ['answered']);
      },
      behindNginx,
    );
  }
}

scenario(
  'a response closes its connection, and says so; its end is the end of the body',
  async (scene) => {
    const server = await shared();
    for (const [variables, body] of [
      [of({ PATH_INFO: '/stream' }), 100_006],
      [of({ PATH_INFO: '/204' }), 0],
      [of({ PATH_INFO: '/304', REQUEST_METHOD: 'HEAD' }), 0],
    ] as const) {
      const connection = await scene.connect(server);
      await connection.send(uwsgiPacket(variables));
      const response = await connection.response();
      assert.deepEqual([field(response, 'Connection'), field(response, 'Transfer-Encoding')], ['close', undefined]);
      assert.equal(response.body.length, body);
      assert.ok(await connection.closesSilently());
    }
  },
  onlyTunicorn,
);

scenario(
  'a piece of a response arrives before the next one is made',
  async (scene) => {
    const { rendezvous, server } = await scene.meeting(UWSGI, 'streaming');
    const connection = await scene.connect(server);
    await connection.send(uwsgiPacket(of({ PATH_INFO: '/' })));
    const head = await connection.head();
    assert.equal(head.status, 200);
    assert.equal((await connection.exactly(5)).toString(), 'first');
    await rendezvous.arrived('before second');
    rendezvous.open('before second');
    assert.equal((await connection.untilEnd()).toString(), 'other');
  },
  onlyTunicorn,
);

scenario(
  'a packet that arrives before the response is served on the same connection, after it',
  async (scene) => {
    const connection = await scene.connect(await shared());
    const post = of({ REQUEST_METHOD: 'POST', CONTENT_LENGTH: '5' });
    await connection.send(
      Buffer.concat([uwsgiPacket(post, 'hello'), uwsgiPacket(of({ PATH_INFO: '/two', REQUEST_URI: '/two' }))]),
    );
    assert.equal(seen(await connection.response()).bytes, 5);
    assert.equal(seen(await connection.response()).path, '/two');
    assert.ok(await connection.closesSilently());
  },
  onlyTunicorn,
);

scenario(
  'a body that the proxy has not announced is not read as the next packet',
  async (scene) => {
    const connection = await scene.connect(await shared());
    const forged = uwsgiPacket(of({ PATH_INFO: '/forged' }));
    await connection.send(
      uwsgiPacket(of({ REQUEST_METHOD: 'POST', HTTP_CONTENT_LENGTH: String(forged.length) }), forged),
    );
    assert.equal(seen(await connection.response()).path, '/seen');
    assert.ok(await connection.closesSilently());
  },
  onlyTunicorn,
);

scenario(
  'a malformed packet is refused with a status and a line in the log, and the connection is closed',
  async (scene) => {
    const server = await shared();
    const block = variablesBlock(GET_SEEN);
    for (const [bytes, status, message] of [
      [Buffer.concat([uwsgiHeader(block.length - 3), block]), 400, /Invalid uWSGI header: truncated value$/],
      [Buffer.concat([uwsgiHeader(3), Buffer.from('ff0041', 'hex')]), 400, /Invalid uWSGI header: truncated key$/],
      [Buffer.concat([uwsgiHeader(block.length, 30), block]), 501, /Unsupported uWSGI modifier1: 30$/],
      [requestBytes('/'), 501, /Unsupported uWSGI modifier1: 71$/],
      [uwsgiHeader(0), 400, /Invalid uWSGI header: REQUEST_METHOD is missing$/],
      [
        uwsgiPacket(of({ CONTENT_LENGTH: '-5' })),
        400,
        /Invalid HTTP Header: 'CONTENT-LENGTH' \(content-length-value\)$/,
      ],
      [uwsgiPacket(of({ CONTENT_LENGTH: 'many' })), 400, /\(content-length-value\)$/],
      [uwsgiPacket(of({ HTTP_X_BAD: 'a\r\nB: c' })), 400, /Invalid HTTP Header: 'X-BAD' \(field-value\)$/],
      [uwsgiPacket(of({ HTTP_X: 'x'.repeat(9000) })), 431, /\(field-size\)$/],
      [uwsgiPacket(of(manyFields(101))), 431, /\(fields-count\)$/],
    ] as const) {
      const connection = await scene.connect(server);
      const since = server.log.lines.length;
      await connection.send(bytes);
      assert.equal((await connection.response()).status, status, String(message));
      assert.ok(await connection.closesSilently());
      await server.waitForLog(new RegExp(`Invalid request from ip=127\\.0\\.0\\.1: .*${message.source}`), since);
    }
    await server.waitForLog(/access 127\.0\.0\.1 "GET \/seen\?q=1 HTTP\/1\.1" 431/);
    const after = await scene.connect(server);
    await after.send(uwsgiPacket(GET_SEEN));
    assert.equal(seen(await after.response()).client, '203.0.113.9');
    await server.waitForLog(/access 203\.0\.113\.9 "GET \/seen\?q=1 HTTP\/1\.1" 200/);
  },
  onlyTunicorn,
);

scenario(
  'a peer outside uwsgi_allow_ips gets 403, one on a Unix socket is served, and head_timeout ends a packet that stalls',
  async (scene) => {
    const socket = scene.path('allowed.sock');
    const args = [...UWSGI, '--uwsgi-allow-from', '10.0.0.0/8', '--head-timeout', '1', '--bind', `unix:${socket}`];
    const server = await scene.tunicorn({ app: 'uwsgi_app', args });
    const stranger = await scene.connect(server);
    await stranger.send(uwsgiPacket(GET_SEEN));
    assert.equal((await stranger.response()).status, 403);
    await server.waitForLog(/Invalid request from ip=127\.0\.0\.1: uWSGI request from '127\.0\.0\.1' not allowed$/);

    const local = await HttpConnection.open({ path: socket });
    scene.defer(() => local.close());
    await local.send(uwsgiPacket(GET_SEEN));
    assert.equal(seen(await local.response()).client, '203.0.113.9');

    const stalled = await HttpConnection.open({ path: socket });
    scene.defer(() => stalled.close());
    await stalled.send(uwsgiPacket(GET_SEEN).subarray(0, 20));
    assert.equal((await stalled.response()).status, 408);
  },
  onlyTunicorn,
);

scenario(
  'a reload that changes the protocol applies to new connections',
  async (scene) => {
    const port = await freePort();
    const target = { host: '127.0.0.1', port };
    const config = (protocol: string): string => `bind = "127.0.0.1:${port}"\nprotocol = "${protocol}"\n`;
    scene.write('gunicorn.conf.py', config('http'));
    const server = await scene.tunicorn({
      app: 'uwsgi_app',
      listen: 'none',
      target,
      args: ['-c', scene.path('gunicorn.conf.py')],
    });
    const old = await scene.connect(server);
    await old.send(requestBytes('/one'));
    assert.equal(seen(await old.response()).path, '/one');

    await reload(server, 2, () => scene.write('gunicorn.conf.py', config('uwsgi')));
    await old.send(requestBytes('/two'));
    assert.equal(seen(await old.response()).path, '/two');
    const fresh = await scene.connect(server);
    await fresh.send(uwsgiPacket(GET_SEEN));
    assert.equal(seen(await fresh.response()).path, '/seen');

    await reload(server, 3, () => scene.write('gunicorn.conf.py', config('http')));
    assert.equal((await request(target, '/three')).status, 200);
  },
  onlyTunicorn,
);

async function reload(server: Server, generation: number, change: () => void): Promise<void> {
  change();
  server.signal('SIGHUP');
  await server.waitForLog(generationServing(generation));
}

function of(changes: Readonly<Record<string, string>>): Variable[] {
  return withVariables(GET_SEEN, changes);
}

function manyFields(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`HTTP_X${index}`, 'x']));
}

function seen(response: HttpResponse): Seen {
  assert.deepEqual([response.status, response.end], [200, 'complete'], response.body.toString());
  return JSON.parse(response.body.toString()) as Seen;
}

/** The text that a WebSocket through the proxy returns. */
async function echoed(connection: HttpConnection): Promise<string> {
  await connection.send(handshake('/ws'));
  assert.equal((await connection.head()).status, 101);
  await connection.send(clientFrame(TEXT_FRAME, 'hello'));
  const [, length = 0] = await connection.exactly(2);
  const text = (await connection.exactly(length)).toString();
  connection.close();
  return text;
}
