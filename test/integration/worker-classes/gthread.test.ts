// worker_class gthread: threads.

import assert from 'node:assert/strict';
import type { HttpConnection } from '../../harness/clients/http-connection.ts';
import { getText, requestBytes } from '../../harness/clients/http-request.ts';
import { onlyTunicorn, scenario } from '../../harness/scenario.ts';
import { manyAtOnce, scenariosOf, sent } from '../../harness/subjects/many-at-once.ts';

scenariosOf({
  name: 'gthread',
  args: (atOnce) => ['--worker-class', 'gthread', '--threads', String(atOnce)],
  onDeadline: 'is replaced',
});

scenario(
  'sync with threads is gthread',
  async (scene) => {
    const { server } = await manyAtOnce(scene, ['--threads', '2']);
    assert.equal(server.log.count(/Using worker: gthread/), 1);
    await getText(server.target);
  },
  onlyTunicorn,
);

scenario(
  'gthread: after many short requests, one that waits keeps no other waiting',
  async (scene) => {
    const { rendezvous, server } = await manyAtOnce(scene, ['--worker-class', 'gthread', '--threads', '3']);
    const clients = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(async () => await scene.connect(server)));
    for (let round = 0; round < 3; round += 1) {
      // Threads keep their turn then, rather than wake the next one for each ticket.
      await Promise.all(clients.map(async (client) => await ask(client, 100)));
      const held = [await sent(scene, server, '/hold'), await sent(scene, server, '/hold')];
      await rendezvous.arrived('held', 2);
      await Promise.all(clients.map(async (client) => await ask(client, 20)));
      assert.equal(rendezvous.release('held'), 2);
      for (const connection of held) assert.equal((await connection.response()).status, 200);
    }
  },
  onlyTunicorn,
);

async function ask(client: HttpConnection, times: number): Promise<void> {
  for (let count = 0; count < times; count += 1) {
    await client.send(requestBytes('/'));
    assert.equal((await client.response()).status, 200);
  }
}
