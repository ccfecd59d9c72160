// Clients that stop in the middle of a request or of reading a response hold nothing that others need.

import assert from 'node:assert/strict';
import { openSocket } from '../harness/http-connection.ts';
import { getText, requestBytes } from '../harness/http-request.ts';
import { Load } from '../harness/load.ts';
import { otherServer } from '../harness/project.ts';
import { type Scene, scenario } from '../harness/scenario.ts';
import type { Server } from '../harness/server.ts';

const onlyTunicorn = { skip: otherServer && 'only for Tunicorn', limitMs: 180_000 } as const;
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
      // Several responses a client, so that the kernel's buffers cannot take them all.
      const requests = Buffer.concat(Array.from({ length: 4 }, () => requestBytes('/kib-200')));
      await stick(scene, server, 'never', requests);
    }
    await load.answeredMore(500);
    for (let count = 0; count < 50; count += 1) assert.equal(await getText(server.target, '/length'), 'four');
    const result = await load.stop();
    assert.deepEqual([result.failed, result.wrong], [0, 0], result.complaints.join('\n'));
    assert.equal(server.log.count(/WORKER TIMEOUT/), 0);
  },
  onlyTunicorn,
);

for (const [what, bytes] of halves) {
  scenario(
    `clients that send ${what} do not hold the only worker`,
    async (scene) => {
      const server = await scene.tunicorn({ app: 'responses', args: ['--workers', '1'] });
      for (let count = 0; count < 20; count += 1) await stick(scene, server, 'on demand', bytes);
      for (let count = 0; count < 20; count += 1) assert.equal(await getText(server.target, '/length'), 'four');
    },
    onlyTunicorn,
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
  onlyTunicorn,
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
  onlyTunicorn,
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
