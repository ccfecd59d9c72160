// Limits of time and size: the response to clients that exceed one; others are served normally. docs/timeouts.md lists them.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import {
  field,
  type HttpConnection,
  type HttpResponse,
  type ResponseHead,
} from '../../harness/clients/http-connection.ts';
import { request, requestBytes } from '../../harness/clients/http-request.ts';
import { SlowSender } from '../../harness/clients/slow-sender.ts';
import { eventually, pause, within } from '../../harness/deadline.ts';
import { onlyTunicorn, type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;
const CHUNKED = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';

function postHead(length: number, more = ''): string {
  return `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n${more}\r\n`;
}

/** The client gets exactly this response, and can read it: the connection is closed, not reset. */
async function expectRefused(connection: HttpConnection, status: number): Promise<HttpResponse> {
  const response = await connection.response();
  assert.deepEqual([response.status, response.end, field(response, 'Connection')], [status, 'complete', 'close']);
  assert.equal((await connection.untilEnd()).length, 0);
  assert.equal(connection.ending, 'ended');
  return response;
}

// Time for the head

scenario(
  'a head that arrives byte by byte is answered with 408, also on a keep-alive connection; other requests are not',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'responses', args: ['--head-timeout', '1'] });
    const idle = await keptConnection(scene, server);
    const [fresh, kept] = [await scene.connect(server), await keptConnection(scene, server)];
    for (const slow of [fresh, kept]) {
      const sender = new SlowSender(slow, `GET /length HTTP/1.1\r\nHost: x\r\nX-Slow: ${'y'.repeat(2000)}`);
      await expectRefused(slow, 408);
      await sender.stop();
    }
    // It was connected all the time, without an unfinished request.
    await idle.send(requestBytes('/length'));
    assert.equal((await idle.response()).status, 200);
    await eventually(
      'each line in the log',
      () => server.log.count(/\[WARNING\] Invalid request from ip=127\.0\.0\.1: Request timed out: head/) === 2,
    );
  },
  onlyTunicorn,
);

scenario(
  'a silent client is closed without a response, because it has sent no request',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'responses', args: ['--head-timeout', '1'] });
    const silent = await scene.connect(server);
    assert.ok(await silent.closesSilently());
    assert.equal(silent.ending, 'ended');
  },
  onlyTunicorn,
);

// Time for the body

scenario(
  'a request whose body stops arriving gets 408, and never runs',
  async (scene) => {
    const { server, ran } = await recorded(scene, ['--body-timeout', '1', '--body-min-rate', '0']);
    for (const start of [`${postHead(10)}half`, `${CHUNKED}a\r\nhalf`]) {
      const connection = await scene.connect(server);
      await connection.send(start);
      await expectRefused(connection, 408);
    }
    assert.deepEqual(ran(), []);
  },
  onlyTunicorn,
);

scenario(
  'a request whose body arrives byte by byte is answered when it is complete, if no minimum rate is set',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'upload', args: ['--body-timeout', '1', '--body-min-rate', '0'] });
    const connection = await scene.connect(server);
    const body = 'x'.repeat(30);
    await connection.send(postHead(body.length));
    // Three times as long as a pause may be.
    const sender = new SlowSender(connection, body, 100);
    assert.equal((await connection.response('POST')).body.toString(), hashed(body));
    assert.equal(await sender.done(), body.length);
  },
  onlyTunicorn,
);

for (const [framing, head, pieces] of [
  ['of known length', postHead(100_000), Array.from({ length: 1000 }, () => 'x')],
  ['in chunks', CHUNKED, Array.from({ length: 1000 }, () => '1\r\nx\r\n')],
] as const) {
  scenario(
    `a body ${framing} that arrives steadily, but too slowly, is answered with 408`,
    async (scene) => {
      const { server, ran } = await recorded(scene, ['--body-timeout', '1', '--body-min-rate', '1000']);
      const connection = await scene.connect(server);
      await connection.send(head);
      const sender = new SlowSender(connection, pieces);
      await expectRefused(connection, 408);
      await sender.stop();
      assert.deepEqual(ran(), []);
    },
    onlyTunicorn,
  );
}

scenario(
  'the minimum rate is an average: a body that arrives in a burst and then slowly is answered when it is complete',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'upload', args: ['--body-timeout', '1', '--body-min-rate', '100'] });
    const connection = await scene.connect(server);
    const [lump, drops] = ['l'.repeat(20_000), 'd'.repeat(30)];
    await connection.send(postHead(lump.length + drops.length) + lump);
    const sender = new SlowSender(connection, drops, 100);
    assert.equal((await connection.response('POST')).body.toString(), hashed(lump + drops));
    await sender.done();
  },
  onlyTunicorn,
);

// Size

scenario(
  'a Content-Length over limit_request_body gets 413 before the body arrives, and without 100 Continue',
  async (scene) => {
    const { server, ran } = await recorded(scene, ['--limit-request-body', '1000']);
    for (const more of ['', 'Expect: 100-continue\r\n']) {
      const connection = await scene.connect(server);
      await connection.send(postHead(1001, more));
      await expectRefused(connection, 413);
    }
    assert.deepEqual(ran(), []);
    await eventually(
      'each line in the log',
      () => server.log.count(/Request body is too large: 1001 > 1000 bytes/) === 2,
    );
  },
  onlyTunicorn,
);

scenario(
  'a body of exactly limit_request_body bytes is accepted with any framing, and gets its 100 Continue',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'upload', args: ['--limit-request-body', '1000'] });
    const body = 'x'.repeat(1000);
    const expecting = await scene.connect(server);
    await expecting.send(postHead(body.length, 'Expect: 100-continue\r\n'));
    assert.equal((await expecting.response('POST')).status, 100);
    await expecting.send(body);
    assert.equal((await expecting.response('POST')).body.toString(), hashed(body));
    const chunked = await scene.connect(server);
    await chunked.send(`${CHUNKED}1f4\r\n${body.slice(0, 500)}\r\n1f4\r\n${body.slice(500)}\r\n0\r\n\r\n`);
    assert.equal((await chunked.response('POST')).body.toString(), hashed(body));
  },
  onlyTunicorn,
);

for (const [framing, head, piece] of [
  ['a chunked body', CHUNKED, `10000\r\n${'x'.repeat(65_536)}\r\n`],
  ['a body whose Content-Length is too large', postHead(1_000_000_000), 'x'.repeat(65_536)],
] as const) {
  scenario(
    `${framing} that does not end is answered with 413, which the client can read while it still sends`,
    async (scene) => {
      const { server, ran } = await recorded(scene, ['--limit-request-body', '1000000']);
      const connection = await scene.connect(server);
      await connection.send(head);
      const sender = new SlowSender(connection, endless(piece), 0);
      const response = await connection.response('POST');
      assert.deepEqual([response.status, response.end], [413, 'complete']);
      await sender.stop();
      assert.equal((await connection.untilEnd()).length, 0);
      assert.equal(connection.ending, 'ended');
      assert.deepEqual(ran(), []);
    },
    onlyTunicorn,
  );
}

// Connections

scenario(
  'one connection too many gets 503 and Retry-After; when one has closed, another is served',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'responses', args: ['--gateway-connections', '3'] });
    const held: HttpConnection[] = [];
    for (let count = 0; count < 3; count += 1) held.push(await keptConnection(scene, server));
    const refused = await scene.connect(server);
    assert.match(field(await expectRefused(refused, 503), 'Retry-After') ?? '', /^[1-9]\d*$/);
    await server.waitForLog(/\[WARNING\] Turned away \d+ connections: gateway_connections is 3/);
    for (const connection of held) {
      await connection.send(requestBytes('/length'));
      assert.equal((await connection.response()).status, 200);
    }
    held[0]?.close();
    await keptConnection(scene, server);
  },
  onlyTunicorn,
);

scenario(
  'a client that is turned away cannot stay by continuing to send',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'responses', args: ['--gateway-connections', '1'] });
    const held = await keptConnection(scene, server);
    // It does not close its side, as well-behaved clients do.
    const socket = connect({ ...server.target, allowHalfOpen: true });
    scene.defer(() => void socket.destroy());
    const received: Buffer[] = [];
    socket.on('data', (bytes) => received.push(bytes));
    socket.on('error', () => {});
    const timer = setInterval(() => socket.write('x'), 100);
    scene.defer(() => clearInterval(timer));
    await within('the connection to be closed for good', new Promise((resolve) => socket.once('close', resolve)));
    assert.match(Buffer.concat(received).toString(), /^HTTP\/1\.1 503 /);
    await held.send(requestBytes('/length'));
    assert.equal((await held.response()).status, 200);
  },
  onlyTunicorn,
);

// Writing

scenario(
  'a client that does not read its response is disconnected after write_timeout, which frees its place',
  async (scene) => {
    const env = { MEBIBYTES: '32', PROGRESS: scene.path('progress') };
    const args = ['--write-timeout', '1', '--gateway-connections', '1'];
    const server = await scene.tunicorn({ app: 'huge', args, env });
    const [stuck] = await placeFor(scene, server, '/');
    await placeFor(scene, server, '/');
    const { length } = await stuck.untilEnd();
    assert.ok(length < 32 * MEBIBYTE, `${length} bytes came`);
  },
  onlyTunicorn,
);

scenario(
  'a client that reads steadily may take much longer than write_timeout',
  async (scene) => {
    const env = { MEBIBYTES: '64', PROGRESS: scene.path('progress') };
    const server = await scene.tunicorn({ app: 'huge', args: ['--write-timeout', '1'], env });
    const connection = await scene.connect(server);
    await connection.send(requestBytes('/'));
    const head = await connection.head();
    let [received, paused] = [0, 0];
    const end = await connection.body(head, 'GET', async (bytes) => {
      received += bytes.length;
      if (received < (paused + 1) * MEBIBYTE) return;
      paused += 1;
      await pause(50);
    });
    assert.deepEqual([received, end], [64 * MEBIBYTE, 'complete']);
  },
  onlyTunicorn,
);

// Memory

scenario(
  'with a small gateway_memory many concurrent bodies arrive intact, and the gateway stays small',
  async (scene) => {
    const limit = 4 * MEBIBYTE;
    const args = ['--gateway-memory', String(limit), '--workers', '2', '--timeout', '120'];
    const server = await scene.tunicorn({ app: 'upload', args });
    assert.equal((await request(server.target, '/', { method: 'POST', body: 'warm' })).status, 200);
    const [gateway = 0] = server.family().gateways;
    const before = server.peakMemory().get(gateway) ?? 0;
    const count = 250;
    const body = (number: number): Buffer => Buffer.alloc(512 * KIBIBYTE, `body ${number};`);
    const connections = await Promise.all(Array.from({ length: count }, () => scene.connect(server)));
    await Promise.all(
      connections.map(async (connection, number) => {
        const bytes = body(number);
        await connection.send(postHead(bytes.length));
        await connection.send(bytes.subarray(0, -1));
      }),
    );
    // All have arrived except their last byte: 125 MiB, of which 4 may be in memory, besides the buffers for reading.
    await Promise.all(
      connections.map(async (connection, number) => {
        const bytes = body(number);
        await connection.send(bytes.subarray(-1));
        assert.equal((await connection.response('POST')).body.toString(), hashed(bytes));
      }),
    );
    const grown = (server.peakMemory().get(gateway) ?? 0) - before;
    assert.ok(before > 0 && grown < 96 * MEBIBYTE, `the gateway has grown by ${Math.round(grown / MEBIBYTE)} MiB`);
  },
  onlyTunicorn,
);

// Helpers

async function recorded(
  scene: Scene,
  args: readonly string[],
): Promise<{ server: Server; ran: () => readonly string[] }> {
  const path = scene.path('ledger');
  const server = await scene.tunicorn({ app: 'recorded', args, env: { LEDGER: path } });
  return { server, ran: () => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []) };
}

/** A connection on which a response with 200 has begun; tries again while there is no place for it. */
async function placeFor(scene: Scene, server: Server, path: string): Promise<[HttpConnection, ResponseHead]> {
  return await eventually('a place for a connection', async () => {
    const connection = await scene.connect(server);
    await connection.send(requestBytes(path));
    const head = await connection.head();
    if (head.status === 200) return [connection, head];
    connection.close();
    return undefined;
  });
}

/** A connection that has been answered once. */
async function keptConnection(scene: Scene, server: Server): Promise<HttpConnection> {
  const [connection, head] = await placeFor(scene, server, '/length');
  assert.equal(await connection.body(head, 'GET', () => {}), 'complete');
  return connection;
}

function* endless(piece: string): Generator<string> {
  for (;;) yield piece;
}

function hashed(body: string | Buffer): string {
  const bytes = Buffer.from(body);
  return `${bytes.length} ${createHash('sha256').update(bytes).digest('hex')}`;
}
