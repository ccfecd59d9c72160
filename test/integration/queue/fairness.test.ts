// No request waits behind another while a worker is free.

import assert from 'node:assert/strict';
import type { HttpConnection } from '../../harness/clients/http-connection.ts';
import { request, requestBytes } from '../../harness/clients/http-request.ts';
import { otherServer } from '../../harness/project.ts';
import { scenario } from '../../harness/scenario.ts';

const workers = 16;
const rounds = 20;

for (const kind of ['kept', 'new'] as const) {
  scenario(
    `${workers} requests on ${workers} workers all run concurrently, in ${rounds} rounds, on ${kind} connections`,
    async (scene) => {
      const rendezvous = await scene.rendezvous();
      const args = ['--workers', String(workers), '--timeout', '60', '--keep-alive', '60'];
      const server = await scene.tunicorn({ app: 'together', args, env: { RENDEZVOUS: rendezvous.address } });
      await server.workers(workers);
      const kept =
        kind === 'kept' ? await Promise.all(Array.from({ length: workers }, () => scene.connect(server))) : [];
      for (let round = 0; round < rounds; round += 1) {
        const answers =
          kind === 'kept'
            ? kept.map(async (connection) => await ask(connection))
            : Array.from({ length: workers }, async () => await request(server.target, '/'));
        await rendezvous.arrived('inside', workers);
        assert.equal(rendezvous.release('inside'), workers);
        const responses = await Promise.all(answers);
        assert.deepEqual(new Set(responses.map(({ status }) => status)), new Set([200]));
        assert.equal(new Set(responses.map(({ body }) => body.toString())).size, workers, 'each in a different worker');
      }
    },
    { skip: kind === 'kept' && otherServer && 'only for Tunicorn' },
  );
}

scenario(
  'pipelined requests of one connection do not run concurrently, and do not delay others',
  async (scene) => {
    const rendezvous = await scene.rendezvous();
    const server = await scene.tunicorn({
      app: 'together',
      args: ['--workers', '4'],
      env: { RENDEZVOUS: rendezvous.address },
    });
    const pipelined = await scene.connect(server);
    await pipelined.send(Buffer.concat(Array.from({ length: 10 }, () => requestBytes('/'))));
    await rendezvous.arrived('inside', 1);
    const others = [1, 2, 3].map(async () => await request(server.target, '/'));
    await rendezvous.arrived('inside', 4);
    rendezvous.open('inside');
    for (const { status } of await Promise.all(others)) assert.equal(status, 200);
    for (let count = 0; count < 10; count += 1) assert.equal((await pipelined.response()).status, 200);
  },
  { skip: otherServer && 'only for Tunicorn' },
);

async function ask(connection: HttpConnection): ReturnType<HttpConnection['response']> {
  await connection.send(requestBytes('/'));
  return await connection.response();
}
