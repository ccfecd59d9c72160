// Clients that leave before their response is complete.

import type { Target } from '../../../test/harness/clients/http-connection.ts';
import { requestBytes } from '../../../test/harness/clients/http-request.ts';
import { pause } from '../../../test/harness/deadline.ts';
import type { ClientKind, Visitor } from './traffic.ts';
import { bigBody, bodyOf, expectOk, fresh, KIB, onConnection } from './visits.ts';

/** Resets the connection if it has unread bytes, and closes it in order otherwise. */
async function leave(target: Target, bytes: string | Buffer, afterMs: number): Promise<'left'> {
  await onConnection(target, async (connection) => {
    if (bytes.length > 0) await connection.send(bytes);
    await pause(afterMs);
  });
  return 'left';
}

const leavesInItsUpload: Visitor = async (target, { number }) => {
  const request = requestBytes('/', { method: 'POST', body: bodyOf(number, 400 * KIB) });
  return await leave(target, request.subarray(0, 250 * KIB), 50);
};

const leavesInTheResponse: Visitor = async (target) => {
  await onConnection(target, async (connection) => {
    await connection.send(requestBytes(bigBody.path));
    expectOk((await connection.head()).status);
    await connection.exactly(100 * KIB);
  });
  return 'left';
};

export const leavingClients: readonly ClientKind[] = [
  fresh('leaves unheard', 1, 400, async (target) => await leave(target, '', 20)),
  fresh('leaves in its head', 1, 400, async (target) => await leave(target, 'GET / HTTP/1.1\r\nHo', 30)),
  fresh('leaves while it waits', 2, 200, async (target) => await leave(target, requestBytes('/slow'), 100)),
  fresh('leaves in its upload', 1, 300, leavesInItsUpload),
  fresh('leaves in the response', 1, 400, leavesInTheResponse),
];
