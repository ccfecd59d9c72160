// A broken deploy goes unnoticed by clients, for every class that runs several requests concurrently.

import assert from 'node:assert/strict';
import { field } from '../../harness/clients/http-connection.ts';
import { KeptEventStreams, KeptWebSockets } from '../../harness/clients/kept-streams.ts';
import { Load } from '../../harness/clients/load.ts';
import { eventually } from '../../harness/deadline.ts';
import { gaveUp } from '../../harness/log-lines.ts';
import { type ClassUnderTest, forEachClass } from '../../harness/subjects/worker-classes.ts';

const any = (): boolean => true;
const asgi = ({ dialect }: ClassUnderTest): boolean => dialect === 'asgi';

for (const [what, file, only, logged] of [
  ['does not import', 'broken', any, /RuntimeError: a broken deploy/],
  ['fails in its lifespan', 'broken-lifespan', asgi, /a broken deploy/],
] as const) {
  forEachClass(
    `a deploy that ${what} loses no request, no event stream and no WebSocket`,
    { workers: 2, each: 16 },
    async ({ kind, scene, server }) => {
      const webSockets = new KeptWebSockets(server.target, kind.dialect === 'asgi' ? 5 : 0);
      const streams = new KeptEventStreams(server.target, 5);
      const answering = new Set<string>();
      const load = new Load(server.target, {
        keepAliveClients: 3,
        freshClients: 2,
        request: () => ({ path: '/' }),
        check: (response) => {
          answering.add(field(response, 'X-Pid') ?? '');
          return undefined;
        },
      });
      await load.answeredMore(20);
      // The server serves with its first worker; the second one must not be booting when the code breaks.
      await eventually('both workers to answer', () => answering.size === 2);
      const before = await server.workers(2);
      scene.write(file, '');
      server.signal('SIGHUP');
      await server.waitForLog(gaveUp);
      await server.waitForLog(logged);
      await load.answeredMore(50);
      const [result] = await Promise.all([load.stop(), webSockets.stop(), streams.stop()]);
      assert.deepEqual([result.failed, result.wrong], [0, 0], result.complaints.join('\n'));
      assert.deepEqual([...webSockets.complaints, ...streams.complaints], []);
      assert.ok(webSockets.ends.every((end) => end === 'kept to the end'));
      assert.ok(streams.ends.every(({ end }) => end === 'kept to the end'));
      assert.deepEqual([...(await server.workers(2))].sort(), [...before].sort(), 'the old workers go on');
    },
    { only },
  );
}
