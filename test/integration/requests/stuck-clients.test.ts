// Clients that stall in the middle of a request or of reading a response tie up no resource that others need.

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { type HttpConnection, openSocket, type ResponseHead } from '../../harness/clients/http-connection.ts';
import { getText, requestBytes } from '../../harness/clients/http-request.ts';
import { Load } from '../../harness/clients/load.ts';
import { appFolder } from '../../harness/project.ts';
import { onlyTunicorn, type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

const slowOnlyTunicorn = { ...onlyTunicorn, limitMs: 180_000 };
const halves: readonly (readonly [what: string, bytes: string])[] = [
  ['nothing at all', ''],
  ['half a request line', 'GET /len'],
  ['half a head', 'GET /length HTTP/1.1\r\nHost: x\r\nX-Half: '],
  ['half a body', 'POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf'],
  ['half a chunk', 'POST /length HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhalf'],
];

scenario(
  '500 clients that send half a request and 500 that read nothing: the others are all answered',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'responses', args: ['--workers', '2', '--timeout', '60'] });
    const load = ordinaryLoad(server);
    await load.answeredMore(20);
    for (let count = 0; count < 500; count += 1) {
      await stick(scene, server, 'on demand', halves[count % halves.length]?.[1] ?? '');
    }
    await load.answeredMore(200);
    for (let count = 0; count < 500; count += 1) {
      // Several responses per client, so that the kernel's buffers cannot hold them all.
      const requests = Buffer.concat(Array.from({ length: 4 }, () => requestBytes('/kib-200')));
      await stick(scene, server, 'never', requests);
    }
    await load.answeredMore(500);
    for (let count = 0; count < 50; count += 1) assert.equal(await getText(server.target, '/length'), 'four');
    const result = await load.stop();
    assert.deepEqual([result.failed, result.wrong], [0, 0], result.complaints.join('\n'));
    assert.equal(server.log.count(/WORKER TIMEOUT/), 0);
  },
  slowOnlyTunicorn,
);

for (const [what, bytes] of halves) {
  scenario(
    `clients that send ${what} do not occupy the only worker`,
    async (scene) => {
      const server = await scene.tunicorn({ app: 'responses', args: ['--workers', '1'] });
      for (let count = 0; count < 20; count += 1) await stick(scene, server, 'on demand', bytes);
      for (let count = 0; count < 20; count += 1) assert.equal(await getText(server.target, '/length'), 'four');
    },
    slowOnlyTunicorn,
  );
}

scenario(
  'clients that leave in the middle of a request leave nothing behind',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'responses', args: ['--workers', '1'] });
    for (let count = 0; count < 100; count += 1) {
      const socket = await openSocket(server.target);
      socket.write(halves[count % halves.length]?.[1] ?? '');
      if (count % 2 === 0) socket.resetAndDestroy();
      else socket.destroy();
    }
    for (let count = 0; count < 20; count += 1) assert.equal(await getText(server.target, '/length'), 'four');
    assert.equal(server.log.count(/Traceback|\[ERROR\]|\[CRITICAL\]/), 0, server.log.text());
  },
  slowOnlyTunicorn,
);

scenario(
  'a stuck client does not keep the server from ending',
  async (scene) => {
    const args = ['--workers', '1', '--graceful-timeout', '2'];
    const server = await scene.tunicorn({ app: 'responses', args });
    for (const [, bytes] of halves) await stick(scene, server, 'on demand', bytes);
    await stick(scene, server, 'never', Buffer.concat(Array.from({ length: 20 }, () => requestBytes('/kib-200'))));
    assert.equal((await server.stop()).code, 0);
    await server.nothingLeft();
  },
  slowOnlyTunicorn,
);

async function stick(
  scene: Scene,
  server: Server,
  reads: 'on demand' | 'never',
  bytes: string | Buffer,
): Promise<void> {
  const socket = await openSocket(server.target, reads);
  socket.on('error', () => socket.destroy());
  scene.defer(() => void socket.destroy());
  socket.write(bytes);
}

function ordinaryLoad(server: Server): Load {
  return new Load(server.target, {
    keepAliveClients: 4,
    freshClients: 2,
    request: () => ({ path: '/length' }),
    check: ({ body }) => (body.toString() === 'four' ? undefined : body.toString()),
  });
}

scenario(
  'a long response that its client leaves unread blocks no worker, and arrives whole when the client reads on',
  async (scene) => {
    const env = { MEBIBYTES: '16', PROGRESS: scene.path('progress') };
    const server = await scene.tunicorn({ app: 'huge', args: ['--workers', '1'], env });
    const begun: (readonly [HttpConnection, ResponseHead])[] = [];
    // One worker: the second response could not begin if the first one held it.
    for (let count = 0; count < 10; count += 1) {
      const connection = await scene.connect(server);
      await connection.send(requestBytes('/'));
      begun.push([connection, await connection.head()]);
    }
    for (const [connection, head] of begun) await expectMebibytes(connection, head, 16);
  },
  slowOnlyTunicorn,
);

scenario(
  'a client that leaves in the middle of a spooled response leaves neither a file nor a blocked worker',
  async (scene) => {
    const env = { MEBIBYTES: '16', PROGRESS: scene.path('progress') };
    const spool = scene.path('spool');
    mkdirSync(spool);
    const args = ['--workers', '1', '--response-spool-size', String(4 * 1024 * 1024)];
    const config = { 'gunicorn.conf.py': `tmp_upload_dir = ${JSON.stringify(spool)}\n` };
    const server = await scene.tunicorn({ app: 'huge', args, env, files: config, chdir: appFolder('huge') });
    for (let count = 0; count < 5; count += 1) {
      const socket = await openSocket(server.target);
      socket.pause();
      socket.write(requestBytes('/'));
      // The worker is blocked by backpressure now, or soon will be; the next client gets a response only if it is released.
      socket.resetAndDestroy();
    }
    const connection = await scene.connect(server);
    await connection.send(requestBytes('/'));
    await expectMebibytes(connection, await connection.head(), 16);
    assert.equal((await server.stop()).code, 0);
    assert.deepEqual(readdirSync(spool), []);
  },
  slowOnlyTunicorn,
);

async function expectMebibytes(connection: HttpConnection, head: ResponseHead, mebibytes: number): Promise<void> {
  let bytes = 0;
  const end = await connection.body(head, 'GET', (piece) => {
    bytes += piece.length;
  });
  assert.deepEqual([head.status, bytes, end], [200, mebibytes * 1024 * 1024, 'complete']);
}
