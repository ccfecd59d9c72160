// What has connected before the server is told to stop is served, also where the server has not taken it from the kernel yet: closing a
// listening socket resets what is in its backlog.

import assert from 'node:assert/strict';
import { eventually } from '../harness/deadline.ts';
import { HttpConnection } from '../harness/http-connection.ts';
import { requestBytes } from '../harness/http-request.ts';
import { handlingSignal } from '../harness/log-lines.ts';
import { readEntry } from '../harness/process-table.ts';
import { otherServer } from '../harness/project.ts';
import { scenario } from '../harness/scenario.ts';

const waiting = 40;

for (const listen of ['tcp', 'unix'] as const) {
  scenario(
    `SIGTERM answers ${waiting} requests that wait in the backlog of a ${listen} socket`,
    async (scene) => {
      const server = await scene.tunicorn({ app: 'hello', listen, args: ['--workers', '2'] });
      const [gateway = 0] = server.family().gateways;
      process.kill(gateway, 'SIGSTOP');
      await eventually('the gateway to stand still', () => readEntry(gateway)?.state === 'T');
      const connections: HttpConnection[] = [];
      for (let count = 0; count < waiting; count += 1) {
        const connection = await HttpConnection.open(server.target);
        scene.defer(() => connection.close());
        await connection.send(requestBytes('/'));
        connections.push(connection);
      }
      server.signal('SIGTERM');
      await server.waitForLog(handlingSignal('term'));
      process.kill(gateway, 'SIGCONT');
      const outcomes = await Promise.all(
        connections.map((connection) =>
          connection.response().then(
            ({ status, end }) => `${status} ${end}`,
            (error: Error) => error.message,
          ),
        ),
      );
      assert.deepEqual(outcomes, Array(waiting).fill('200 complete'));
      assert.equal((await server.ended()).code, 0);
    },
    { skip: otherServer && 'only for Tunicorn' },
  );
}
