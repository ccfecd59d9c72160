// Scenarios for every worker class that runs several WSGI requests concurrently, with the arguments that select the class. The application is
// test/apps/worker-classes/many_at_once.py.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { field, type HttpConnection } from '../clients/http-connection.ts';
import { getText, request, requestBytes } from '../clients/http-request.ts';
import { Load } from '../clients/load.ts';
import { eventually } from '../deadline.ts';
import { generationServing } from '../log-lines.ts';
import { isAlive } from '../machine/process-table.ts';
import type { Rendezvous } from '../rendezvous.ts';
import { onlyTunicorn, type Scene, scenario } from '../scenario.ts';
import type { Server } from '../server.ts';

export interface ClassUnderTest {
  readonly name: string;
  /** The arguments for the class with this many concurrent requests. */
  readonly args: (atOnce: number) => readonly string[];
  /** The consequence for the worker if a request takes too long. */
  readonly onDeadline: 'goes on' | 'is replaced';
}

export async function manyAtOnce(
  scene: Scene,
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<{ rendezvous: Rendezvous; server: Server }> {
  const rendezvous = await scene.rendezvous();
  const env = { RENDEZVOUS: rendezvous.address, ...more };
  return { rendezvous, server: await scene.tunicorn({ app: 'many_at_once', env, args }) };
}

export async function sent(scene: Scene, server: Server, path: string): Promise<HttpConnection> {
  const connection = await scene.connect(server);
  await connection.send(requestBytes(path));
  return connection;
}

export function scenariosOf({ name, args, onDeadline }: ClassUnderTest): void {
  const title = (promise: string): string => `${name}: ${promise}`;

  scenario(
    title('a request is answered while others of the same worker wait'),
    async (scene) => {
      const { rendezvous, server } = await manyAtOnce(scene, args(5));
      const held = await Promise.all([1, 2, 3, 4].map(async () => await sent(scene, server, '/hold')));
      await rendezvous.arrived('held', 4);
      for (let count = 0; count < 50; count += 1) await getText(server.target);
      rendezvous.open('held');
      for (const connection of held) assert.equal((await connection.response()).status, 200);
    },
    onlyTunicorn,
  );

  scenario(
    title('no more requests run concurrently than allowed'),
    async (scene) => {
      const { rendezvous, server } = await manyAtOnce(scene, args(3));
      const held = await Promise.all([1, 2, 3, 4, 5].map(async () => await sent(scene, server, '/hold')));
      await rendezvous.arrived('held', 3);
      assert.equal(rendezvous.release('held'), 3);
      await rendezvous.arrived('held', 2);
      rendezvous.open('held');
      for (const connection of held) assert.equal((await connection.response()).status, 200);
    },
    onlyTunicorn,
  );

  scenario(
    title('no request waits for a busy worker while another worker is idle'),
    async (scene) => {
      const { rendezvous, server } = await manyAtOnce(scene, [...args(1), '--workers', '2']);
      await server.workers(2);
      const held = await sent(scene, server, '/hold');
      await rendezvous.arrived('held');
      for (let count = 0; count < 50; count += 1) await getText(server.target);
      rendezvous.open('held');
      assert.equal((await held.response()).status, 200);
    },
    onlyTunicorn,
  );

  scenario(
    title('a request over the timeout is answered 504 with its own stack in the log, and the others finish'),
    async (scene) => {
      const { rendezvous, server } = await manyAtOnce(scene, [...args(4), '--timeout', '2']);
      const [pid = 0] = await server.workers(1);
      const stream = await sent(scene, server, '/stream');
      await rendezvous.arrived('held');
      const dozing = await sent(scene, server, '/doze');
      await rendezvous.noted('dozing');
      assert.equal((await dozing.response()).status, 504);
      const line = await server.waitForLog(/\[CRITICAL\] REQUEST TIMEOUT \(pid:(\d+)\) GET \/doze after \d\.\d s/);
      assert.equal(Number(line[1]), pid);
      await server.waitForLog(/many_at_once\.py", line \d+,? in doze/);
      rendezvous.open('held');
      const whole = await stream.response();
      assert.deepEqual([whole.body.toString(), whole.end], ['first, last', 'complete']);
      assert.equal(server.log.count(/in stream$/), 0);
      if (onDeadline === 'goes on') assert.equal(field(await request(server.target, '/'), 'X-Pid'), String(pid));
      else await eventually('the worker to be replaced', () => !isAlive(pid));
      await getText(server.target);
    },
    onlyTunicorn,
  );

  scenario(
    title('max_requests replaces workers, and no request fails'),
    async (scene) => {
      const { server } = await manyAtOnce(scene, [...args(4), '--workers', '2', '--max-requests', '50']);
      const load = new Load(server.target, {
        keepAliveClients: 6,
        freshClients: 2,
        request: () => ({ path: '/' }),
        check: () => undefined,
      });
      await load.answeredMore(400);
      const result = await load.stop();
      assert.deepEqual([result.failed, result.refused, result.complaints], [0, 0, []]);
      assert.ok(server.log.count(/Autorestarting worker after current request\./) >= 2);
      await server.workers(2);
    },
    onlyTunicorn,
  );

  scenario(
    title('a reload under load fails no request, and the old worker finishes its requests'),
    async (scene) => {
      const { rendezvous, server } = await manyAtOnce(scene, [...args(4), '--workers', '2']);
      const [first = 0, second = 0] = await server.workers(2);
      const held = await sent(scene, server, '/hold');
      await rendezvous.arrived('held');
      const load = new Load(server.target, {
        keepAliveClients: 4,
        freshClients: 2,
        request: () => ({ path: '/' }),
        check: () => undefined,
      });
      await load.answeredMore(100);
      for (const number of [2, 3]) {
        server.signal('SIGHUP');
        await server.waitForLog(generationServing(number));
        await load.answeredMore(100);
      }
      const result = await load.stop();
      assert.deepEqual([result.failed, result.refused, result.complaints], [0, 0, []]);
      rendezvous.open('held');
      const response = await held.response();
      assert.equal(response.status, 200);
      assert.ok([first, second].includes(Number(field(response, 'X-Pid'))));
      await eventually('the first workers to end', () => !isAlive(first) && !isAlive(second));
    },
    onlyTunicorn,
  );

  scenario(
    title('TERM lets running requests finish'),
    async (scene) => {
      const { rendezvous, server } = await manyAtOnce(scene, args(3));
      const held = await Promise.all([1, 2, 3].map(async () => await sent(scene, server, '/hold')));
      await rendezvous.arrived('held', 3);
      server.signal('SIGTERM');
      await server.waitForLog(/Handling signal: term/);
      rendezvous.open('held');
      for (const connection of held) assert.equal((await connection.response()).status, 200);
      assert.equal((await server.ended()).code, 0);
    },
    onlyTunicorn,
  );

  scenario(
    title('INT ends a worker immediately, with its hooks'),
    async (scene) => {
      const rendezvous = await scene.rendezvous();
      const config =
        'def worker_int(worker):\n    worker.log.info("hook worker_int %s", worker.pid)\n' +
        'def worker_exit(server, worker):\n    worker.log.info("hook worker_exit %s", worker.pid)\n' +
        'def pre_request(worker, req):\n    worker.log.info("hook pre_request %s", req.path)\n' +
        'def post_request(worker, req, environ, resp):\n    worker.log.info("hook post_request %s %s", req.path, resp.status)\n';
      const server = await scene.tunicorn({
        app: 'many_at_once',
        env: { RENDEZVOUS: rendezvous.address },
        args: [...args(3), '--config', scene.write('conf.py', config)],
      });
      const [pid = 0] = await server.workers(1);
      await getText(server.target, '/environ');
      await server.waitForLog(/hook post_request \/environ 200 OK/);
      assert.equal(server.log.count(/hook pre_request \/environ/), 1);
      await sent(scene, server, '/hold');
      await rendezvous.arrived('held');
      process.kill(pid, 'SIGINT');
      await server.waitForLog(new RegExp(`hook worker_int ${pid}`));
      await server.waitForLog(new RegExp(`hook worker_exit ${pid}`));
      await eventually('the worker to end', () => !isAlive(pid));
      rendezvous.open('held');
      assert.notEqual(field(await request(server.target, '/'), 'X-Pid'), String(pid));
    },
    onlyTunicorn,
  );

  scenario(
    title('large bodies arrive whole in both directions, also with slow clients'),
    async (scene) => {
      const { server } = await manyAtOnce(scene, args(4));
      const body = randomBytes(3_000_000);
      const digest = createHash('sha256').update(body).digest('hex');
      const all = [1, 2, 3, 4].map(async () => {
        const response = await request(server.target, '/digest', { method: 'POST', body });
        assert.equal(response.body.toString(), digest);
        const big = await request(server.target, '/big?5000000');
        assert.deepEqual([big.body.length, big.end], [5_000_000, 'complete']);
      });
      await Promise.all(all);
    },
    onlyTunicorn,
  );

  scenario(
    title('sys.exit() of an application ends nothing but its request'),
    async (scene) => {
      const { rendezvous, server } = await manyAtOnce(scene, args(3));
      const held = await sent(scene, server, '/hold');
      await rendezvous.arrived('held');
      assert.equal((await request(server.target, '/exit')).status, 500);
      const pid = field(await request(server.target, '/'), 'X-Pid');
      rendezvous.open('held');
      assert.equal(field(await held.response(), 'X-Pid'), pid);
    },
    onlyTunicorn,
  );

  scenario(
    title('the environ says that requests run side by side'),
    async (scene) => {
      const { server } = await manyAtOnce(scene, args(3));
      const environ = JSON.parse(await getText(server.target, '/environ'));
      assert.equal(environ['wsgi.multithread'], true);
      assert.equal(environ['wsgi.multiprocess'], false);
    },
    onlyTunicorn,
  );
}
