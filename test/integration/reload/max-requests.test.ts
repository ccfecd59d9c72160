// Workers that are replaced after a number of requests, while requests go on.

import assert from 'node:assert/strict';
import { field } from '../../harness/clients/http-connection.ts';
import { getText, requestBytes } from '../../harness/clients/http-request.ts';
import { Load } from '../../harness/clients/load.ts';
import { eventually } from '../../harness/deadline.ts';
import { isAlive } from '../../harness/machine/process-table.ts';
import { onlyTunicorn, scenario } from '../../harness/scenario.ts';

scenario(
  'a worker is replaced after max_requests, on one client connection',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'hello', args: ['--max-requests', '10'] });
    const connection = await scene.connect(server);
    const pids = new Set<string>();
    for (let count = 0; pids.size < 5; count += 1) {
      assert.ok(count < 5000, `only ${pids.size} workers after ${count} requests`);
      await connection.send(requestBytes('/'));
      const response = await connection.response();
      assert.equal(response.status, 200);
      pids.add(field(response, 'X-Pid') ?? '');
    }
    await server.workers(1);
  },
  onlyTunicorn,
);

scenario('no worker leaves before it has served max_requests', async (scene) => {
  const server = await scene.tunicorn({ app: 'hello', args: ['--max-requests', '20', '--workers', '2'] });
  const served = new Map<string, number>();
  for (let count = 0; count < 300; count += 1) {
    const connection = await scene.connect(server);
    await connection.send(requestBytes('/', { headers: { Connection: 'close' } }));
    const response = await connection.response();
    assert.equal(response.status, 200, response.body.toString());
    const pid = field(response, 'X-Pid') ?? '';
    served.set(pid, (served.get(pid) ?? 0) + 1);
    connection.close();
  }
  for (const [pid, count] of served) {
    const left = !isAlive(Number(pid));
    assert.ok(!left || count >= 20, `worker ${pid} left after ${count} requests`);
  }
  assert.ok(served.size > 2, 'some worker was replaced');
});

scenario(
  'a worker takes no more than max_requests: later requests wait until its replacement is ready',
  async (scene) => {
    const rendezvous = await scene.rendezvous();
    const app =
      'import os\nimport rendezvous\nrendezvous.wait("importing")\ndef application(environ, start_response):\n' +
      '    body = str(os.getpid()).encode()\n    start_response("200 OK", [("Content-Length", str(len(body)))])\n    return [body]\n';
    const env = { RENDEZVOUS: rendezvous.address };
    const server = await scene.launch({ app: 'app', args: ['--max-requests', '5'], env, files: { 'app.py': app } });
    await rendezvous.arrived('importing');
    rendezvous.release('importing');
    await server.ready();
    const first = await getText(server.target);
    for (let count = 1; count < 5; count += 1) assert.equal(await getText(server.target), first);
    await rendezvous.arrived('importing');
    await eventually('the old worker to end', () => !isAlive(Number(first)));
    // The replacement is stuck in its import, and the old worker takes no more than its five.
    const waiting = getText(server.target);
    rendezvous.open('importing');
    const next = await waiting;
    assert.notEqual(next, first);
  },
  onlyTunicorn,
);

for (const [workerClass, app] of [
  ['sync', 'hello'],
  ['gthread', 'hello'],
  ['gevent', 'hello'],
  ['eventlet', 'hello'],
  ['asgi', 'asgi_app:app'],
  ['tornado', 'hello'],
] as const) {
  scenario(
    `${workerClass}: no worker serves more than max_requests, under load, and no request is lost`,
    async (scene) => {
      const args = ['-k', workerClass, '--workers', '2', '--threads', '4', '--max-requests', '10'];
      const server = await scene.tunicorn({ app, args });
      const served = new Map<string, number>();
      const load = new Load(server.target, {
        keepAliveClients: 4,
        freshClients: 2,
        request: () => ({ path: '/' }),
        check: (response) => {
          const pid = workerClass === 'asgi' ? response.body.toString() : (field(response, 'X-Pid') ?? '');
          served.set(pid, (served.get(pid) ?? 0) + 1);
          return response.status === 200 ? undefined : response.body.toString();
        },
      });
      await eventually('six workers to have answered', () => served.size >= 6);
      const result = await load.stop();
      assert.deepEqual([result.failed, result.wrong], [0, 0], result.complaints.join('\n'));
      assert.ok(Math.max(...served.values()) <= 10, JSON.stringify([...served]));
      await server.workers(2);
    },
    onlyTunicorn,
  );
}

scenario(
  'no request is lost with jitter and many clients',
  async (scene) => {
    const args = ['--workers', '3', '--max-requests', '20', '--max-requests-jitter', '20'];
    const server = await scene.tunicorn({ app: 'hello', args });
    const pids = new Set<string>();
    const load = new Load(server.target, {
      keepAliveClients: 6,
      freshClients: 3,
      request: () => ({ path: '/' }),
      check: (response) => {
        pids.add(field(response, 'X-Pid') ?? '');
        return response.body.toString() === 'hello\n' ? undefined : response.body.toString();
      },
    });
    await eventually('twenty workers to have answered', () => pids.size >= 20);
    const result = await load.stop();
    assert.deepEqual([result.failed, result.wrong], [0, 0], result.complaints.join('\n'));
    await server.workers(3);
  },
  onlyTunicorn,
);
