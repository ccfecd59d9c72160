// A worker with many requests that dies at a chosen instant of taking, claiming and running one: each request runs at most once, those
// that were not begun are run by others, and every client gets a response.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { field, HttpConnection } from '../../harness/clients/http-connection.ts';
import { requestBytes } from '../../harness/clients/http-request.ts';
import { forEachClass, runsOf } from '../../harness/subjects/worker-classes.ts';

const clients = 12;
const requestsPerClient = 25;
const each = 4;

for (const point of ['after-take', 'after-claim', 'in-app'] as const) {
  for (const workers of [1, 3]) {
    forEachClass(
      `a worker killed ${point.replace('-', ' ')} (${workers} workers): no request runs twice, and only those that it ran fail`,
      { workers, each, env: { TUNICORN_FAULT: `${point}:kill:{dir}/fault` } },
      async (running) => {
        const outcomes = new Map<string, number>();
        await Promise.all(Array.from({ length: clients }, (_, client) => askMany(running.server, client, outcomes)));
        assert.ok(existsSync(running.scene.path('fault')), 'the fault happened');
        assert.equal(outcomes.size, clients * requestsPerClient);
        const runs = new Map<string, number>();
        for (const { id } of runsOf(running)) runs.set(id, (runs.get(id) ?? 0) + 1);
        for (const [id, status] of outcomes) {
          assert.ok(status === 200 || status === 502, `${id} was answered ${status}`);
          const count = runs.get(id) ?? 0;
          assert.ok(status === 200 ? count === 1 : count <= 1, `${id} (${status}) ran ${count} times`);
        }
        const failed = [...outcomes.values()].filter((status) => status === 502).length;
        // Requests that were taken but not run must not fail.
        const most = point === 'after-take' ? each - 1 : each;
        assert.ok(failed <= most && (point === 'after-take' || failed >= 1), `${failed} failed`);
        await running.server.workers(workers);
      },
    );
  }
}

async function askMany(
  { target }: { readonly target: Parameters<typeof HttpConnection.open>[0] },
  client: number,
  outcomes: Map<string, number>,
): Promise<void> {
  let connection: HttpConnection | undefined;
  for (let number = 0; number < requestsPerClient; number += 1) {
    const id = `${client}-${number}`;
    connection ??= await HttpConnection.open(target);
    await connection.send(requestBytes('/', { headers: { 'X-Id': id } }));
    const response = await connection.response();
    assert.equal(response.end, 'complete', id);
    outcomes.set(id, response.status);
    if (field(response, 'Connection') === 'keep-alive') continue;
    connection.close();
    connection = undefined;
  }
  connection?.close();
}
