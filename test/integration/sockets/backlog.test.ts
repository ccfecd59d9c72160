// Clients that connected before the signal to stop are served, even if the server has not accepted their connections yet: closing a
// listening socket resets the connections in its backlog.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { HttpConnection, type Target } from '../../harness/clients/http-connection.ts';
import { requestBytes } from '../../harness/clients/http-request.ts';
import { eventually, pause } from '../../harness/deadline.ts';
import { handlingSignal } from '../../harness/log-lines.ts';
import { readEntry } from '../../harness/machine/process-table.ts';
import { otherServer } from '../../harness/project.ts';
import { scenario } from '../../harness/scenario.ts';

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
      // A connection between the gateway's last accept() and its close() would be reset.
      await eventually('the kernel to complete no more connections', async () => !(await canConnect(server.target)));
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

/** Whether a connection is established soon, neither refused nor left unanswered. */
async function canConnect(target: Target): Promise<boolean> {
  const socket = 'path' in target ? connect(target.path) : connect(target.port, target.host);
  const connected = await Promise.race([
    once(socket, 'connect').then(
      () => true,
      () => false,
    ),
    pause(200).then(() => false),
  ]);
  socket.on('error', () => {});
  socket.destroy();
  return connected;
}
