// A client that leaves: the application can check for it, a stream stops, close() is called, and nothing is logged.

import assert from 'node:assert/strict';
import type { HttpConnection } from '../../harness/clients/http-connection.ts';
import { getText, requestBytes } from '../../harness/clients/http-request.ts';
import type { Rendezvous } from '../../harness/rendezvous.ts';
import { onlyTunicorn, type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

const departures: readonly (readonly [how: string, leave: (connection: HttpConnection) => void])[] = [
  ['closes its connection', (connection) => connection.close()],
  ['resets its connection', (connection) => connection.socket.resetAndDestroy()],
];

for (const [how, leave] of departures) {
  for (const path of ['/poll', '/thread']) {
    scenario(
      `an application that asks ${path === '/thread' ? 'from a thread ' : ''}learns that its client ${how}`,
      async (scene) => {
        const { rendezvous, server } = await start(scene);
        const connection = await scene.connect(server);
        await connection.send(requestBytes(path));
        await rendezvous.noted('polling');
        assert.equal(rendezvous.notes('saw it leave'), 0);
        leave(connection);
        await rendezvous.noted('saw it leave');
        await servesOn(server);
      },
      onlyTunicorn,
    );
  }

  scenario(
    `a generator is closed when its client ${how}`,
    async (scene) => {
      const { rendezvous, server } = await start(scene);
      const connection = await scene.connect(server);
      await connection.send(requestBytes('/stream'));
      assert.equal((await connection.head()).status, 200);
      assert.equal((await connection.chunk())?.toString(), 'piece');
      leave(connection);
      await rendezvous.noted('closed');
      await servesOn(server);
      assert.equal(rendezvous.notes('closed'), 1);
    },
    onlyTunicorn,
  );

  scenario(
    `a generator that has nothing to send learns that its client ${how}`,
    async (scene) => {
      const { rendezvous, server } = await start(scene);
      const connection = await scene.connect(server);
      await connection.send(requestBytes('/polled-stream'));
      await connection.head();
      assert.equal((await connection.chunk())?.toString(), 'piece');
      await rendezvous.noted('polling');
      leave(connection);
      await rendezvous.noted('closed');
      assert.equal(rendezvous.notes('saw it leave'), 1);
      await servesOn(server);
    },
    onlyTunicorn,
  );
}

async function start(scene: Scene): Promise<{ rendezvous: Rendezvous; server: Server }> {
  const rendezvous = await scene.rendezvous();
  const args = ['--workers', '1'];
  return {
    rendezvous,
    server: await scene.tunicorn({ app: 'client_gone', args, env: { RENDEZVOUS: rendezvous.address } }),
  };
}

/** The only worker is free for the next client, and the departure was not logged. */
async function servesOn(server: Server): Promise<void> {
  assert.equal(await getText(server.target, '/'), 'here');
  assert.equal((await server.stop()).code, 0);
  assert.equal(server.log.count(/Traceback|\[(WARNING|ERROR|CRITICAL)\]/), 0, server.log.text());
}
