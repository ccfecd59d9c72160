// Shutdowns that lose no response: requests during a drain are answered, idle connections are closed, and none is reset.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { field, type HttpConnection, type HttpResponse } from '../../harness/clients/http-connection.ts';
import { request, requestBytes } from '../../harness/clients/http-request.ts';
import { eventually, pause } from '../../harness/deadline.ts';
import { handlingSignal } from '../../harness/log-lines.ts';
import { readEntry } from '../../harness/machine/process-table.ts';
import type { Rendezvous } from '../../harness/rendezvous.ts';
import { onlyTunicorn, type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

/** Longer than any test may last. */
const forEver = ['--graceful-timeout', '3600', '--timeout', '3600'];
const MEBIBYTE = 1024 * 1024;

scenario(
  'requests on keep-alive connections during a drain are answered with Connection: close',
  async (scene) => {
    const { rendezvous, server } = await meeting(scene);
    const kept = [await keptConnection(scene, server), await keptConnection(scene, server)];
    const running = await runningRequest(scene, server, rendezvous);
    await drain(server);
    for (const connection of kept) {
      await connection.send(requestBytes('/'));
      await expectLast(connection);
    }
    rendezvous.open('held');
    await expectLast(running);
    assert.equal((await server.ended()).code, 0);
  },
  onlyTunicorn,
);

scenario(
  'connections that are idle at the end of a server are kept for a moment, then closed, not reset',
  async (scene) => {
    const { server } = await meeting(scene);
    const [used, unused, fresh] = [
      await keptConnection(scene, server),
      await keptConnection(scene, server),
      await scene.connect(server),
    ];
    // When it continues, the gateway learns of the drain and of the request simultaneously: the grace period is longer than that.
    await standingStill(server, async () => {
      await terminate(server);
      await eventually('the arbiter to send the drain and seal its listener', () => isSealed(server));
      await used.send(requestBytes('/'));
    });
    await expectLast(used);
    for (const connection of [unused, fresh]) {
      assert.ok(await connection.closesSilently());
      assert.equal(connection.ending, 'ended');
    }
    assert.equal((await server.ended()).code, 0);
    await server.nothingLeft();
  },
  onlyTunicorn,
);

scenario(
  'a client that stalls in the middle of a request gets 503 when the server stops, and does not delay it',
  async (scene) => {
    const { server } = await meeting(scene);
    const halves = ['GET / HT', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf'];
    const stalled: HttpConnection[] = [];
    for (const half of halves) {
      const connection = await scene.connect(server);
      await connection.send(half);
      stalled.push(connection);
    }
    // When this is answered, the gateway has read everything before it.
    await keptConnection(scene, server);
    await terminate(server);
    for (const connection of stalled) {
      const response = await connection.response();
      assert.deepEqual([response.status, response.end], [503, 'complete']);
      assert.match(field(response, 'Retry-After') ?? '', /^[1-9]\d*$/);
      assert.equal((await connection.untilEnd()).length, 0);
      assert.equal(connection.ending, 'ended');
    }
    assert.equal((await server.ended()).code, 0);
  },
  onlyTunicorn,
);

scenario(
  'a response that its client reads slowly arrives whole even if the server ends meanwhile',
  async (scene) => {
    const env = { MEBIBYTES: '48', PROGRESS: scene.path('progress') };
    const server = await scene.tunicorn({ app: 'huge', env, args: forEver });
    const connection = await scene.connect(server);
    await connection.send(requestBytes('/'));
    const head = await connection.head();
    await terminate(server);
    let bytes = 0;
    const end = await connection.body(head, 'GET', async (piece) => {
      bytes += piece.length;
      if (bytes < 8 * MEBIBYTE) await pause(5);
    });
    assert.deepEqual([head.status, bytes, end], [200, 48 * MEBIBYTE, 'complete']);
    assert.equal((await connection.untilEnd()).length, 0);
    assert.equal(connection.ending, 'ended');
    assert.equal((await server.ended()).code, 0);
  },
  onlyTunicorn,
);

scenario(
  'requests that arrived in time are served even if the gateway did not run until all limits had passed',
  async (scene) => {
    const limits = ['--keep-alive', '1', '--head-timeout', '1', '--body-timeout', '1'];
    const { server } = await meeting(scene, limits);
    const kept = await keptConnection(scene, server);
    const beginnings = ['GET / HTTP/1.1\r\nHo', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nhalf'];
    const begun: HttpConnection[] = [];
    for (const beginning of beginnings) {
      const connection = await scene.connect(server);
      await connection.send(beginning);
      begun.push(connection);
    }
    await standingStill(server, async () => {
      await kept.send(requestBytes('/'));
      await begun[0]?.send('st: x\r\n\r\n');
      await begun[1]?.send('half');
      await pause(2500);
    });
    for (const connection of [kept, ...begun]) {
      const response = await connection.response();
      assert.deepEqual([response.status, response.end], [200, 'complete']);
    }
  },
  onlyTunicorn,
);

scenario(
  'a client that asks for the end of its connection gets its whole response and the end, and no reset',
  async (scene) => {
    const env = { MEBIBYTES: '24', PROGRESS: scene.path('progress') };
    const server = await scene.tunicorn({ app: 'huge', env, args: forEver });
    const last = requestBytes('/', { headers: { Connection: 'close' } });
    const old = requestBytes('/?length', { version: '1.0' });
    // Bytes behind the last request are not read; a reset because of them could cost the client its response.
    for (const sent of [last, old, Buffer.concat([last, requestBytes('/')])]) {
      const connection = await scene.connect(server);
      await connection.send(sent);
      const head = await connection.head();
      let bytes = 0;
      const end = await connection.body(head, 'GET', async (piece) => {
        bytes += piece.length;
        if (bytes < MEBIBYTE) await pause(5);
      });
      assert.deepEqual([head.status, bytes, end], [200, 24 * MEBIBYTE, 'complete']);
      assert.equal((await connection.untilEnd()).length, 0);
      assert.equal(connection.ending, 'ended');
    }
  },
  onlyTunicorn,
);

scenario(
  'a client that continues its body after a refusal is still read, and gets the answer',
  async (scene) => {
    const { server } = await meeting(scene, ['--limit-request-body', '1000']);
    const connection = await scene.connect(server);
    await connection.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
    // Longer than the server would wait for a silent client; writing to a reset connection would fail.
    for (let sent = 0; sent < 45; sent += 1) {
      await connection.send(`400\r\n${'x'.repeat(1024)}\r\n`);
      await pause(100);
    }
    const response = await connection.response();
    assert.deepEqual([response.status, response.end, field(response, 'Connection')], [413, 'complete', 'close']);
    assert.equal((await connection.untilEnd()).length, 0);
    assert.equal(connection.ending, 'ended');
  },
  onlyTunicorn,
);

scenario(
  'during shutdown_delay the server accepts connections and answers with Connection: close; then it ends',
  async (scene) => {
    const { server } = await meeting(scene, ['--shutdown-delay', '1.5']);
    const [kept, idle] = [await keptConnection(scene, server), await keptConnection(scene, server)];
    await terminate(server);
    await server.waitForLog(/Serving for 1\.5 s more before the drain \(shutdown_delay\)/);
    await eventually('the gateway to hear of it', async () => {
      const response = await answerOrRefusal(server);
      return response !== 'refused' && field(response, 'Connection') === 'close';
    });
    await kept.send(requestBytes('/'));
    await expectLast(kept);
    let answered = 0;
    // None of them is reset or left without a response: connections are refused or served.
    await eventually('connections to be refused', async () => {
      const response = await answerOrRefusal(server);
      if (response === 'refused') return true;
      assert.deepEqual([response.status, field(response, 'Connection')], [200, 'close']);
      answered += 1;
      return false;
    });
    assert.ok(answered > 0, 'the delay was none');
    assert.ok(await idle.closesSilently());
    assert.equal(idle.ending, 'ended');
    assert.equal((await server.ended()).code, 0);
    await server.nothingLeft();
  },
  onlyTunicorn,
);

scenario(
  'a second TERM during shutdown_delay stops the server immediately, and running requests get an error',
  async (scene) => {
    const { rendezvous, server } = await meeting(scene, ['--shutdown-delay', '3600']);
    const running = await runningRequest(scene, server, rendezvous);
    await terminate(server);
    await server.waitForLog(/Serving for 3600 s more/);
    server.signal('SIGTERM');
    const response = await running.response();
    assert.deepEqual([response.status, response.end], [503, 'complete']);
    assert.equal((await server.ended()).code, 0);
    await server.nothingLeft();
  },
  onlyTunicorn,
);

for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
  scenario(
    `${signal} does not wait for shutdown_delay`,
    async (scene) => {
      const { server } = await meeting(scene, ['--shutdown-delay', '3600']);
      const kept = await keptConnection(scene, server);
      server.signal(signal);
      assert.ok(await kept.closesSilently());
      assert.equal((await server.ended()).code, 0);
    },
    onlyTunicorn,
  );
}

async function meeting(
  scene: Scene,
  args: readonly string[] = [],
): Promise<{ readonly rendezvous: Rendezvous; readonly server: Server }> {
  return await scene.meeting(['--workers', '2', ...forEver, ...args]);
}

async function terminate(server: Server): Promise<void> {
  server.signal('SIGTERM');
  await server.waitForLog(handlingSignal('term'));
}

/** When this returns, the gateway has begun to drain: a response shows it, or handshakes are no longer answered. */
async function drain(server: Server): Promise<void> {
  await terminate(server);
  await eventually('the drain to begin', async () => {
    const response = await Promise.race([answerOrRefusal(server), pause(300)]);
    return typeof response !== 'object' || field(response, 'Connection') === 'close';
  });
}

/** Handshakes are no longer completed; until then the kernel completes them, also while the gateway is stopped. */
async function isSealed({ target }: Server): Promise<boolean> {
  const socket = connect(target);
  const connected = new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  });
  const outcome = await Promise.race([connected, pause(500)]);
  socket.destroy();
  return outcome !== true;
}

/** Stops the gateway while `body` runs. */
async function standingStill(server: Server, body: () => Promise<void>): Promise<void> {
  const [gateway = 0] = server.family().gateways;
  process.kill(gateway, 'SIGSTOP');
  await eventually('the gateway to stand still', () => readEntry(gateway)?.state === 'T');
  await body();
  process.kill(gateway, 'SIGCONT');
}

async function keptConnection(scene: Scene, server: Server): Promise<HttpConnection> {
  const connection = await scene.connect(server);
  await connection.send(requestBytes('/'));
  const response = await connection.response();
  assert.deepEqual([response.status, field(response, 'Connection')], [200, 'keep-alive']);
  return connection;
}

/** One worker is busy with it until the test opens `held`. */
async function runningRequest(scene: Scene, server: Server, rendezvous: Rendezvous): Promise<HttpConnection> {
  const connection = await scene.connect(server);
  await connection.send(requestBytes('/hold'));
  await rendezvous.arrived('held');
  return connection;
}

/** A response with Connection: close, then the regular end of the connection, not a reset. */
async function expectLast(connection: HttpConnection): Promise<void> {
  const response = await connection.response();
  assert.deepEqual([response.status, response.end, field(response, 'Connection')], [200, 'complete', 'close']);
  assert.equal((await connection.untilEnd()).length, 0);
  assert.equal(connection.ending, 'ended');
}

async function answerOrRefusal(server: Server): Promise<HttpResponse | 'refused'> {
  try {
    return await request(server.target, '/', { headers: { Connection: 'keep-alive' } });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED') return 'refused';
    throw error;
  }
}
