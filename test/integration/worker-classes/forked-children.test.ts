// Children that an application forks: they inherit the worker's descriptors, and must not act as a second worker.

import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { getText, request } from '../../harness/clients/http-request.ts';
import { eventually, within } from '../../harness/deadline.ts';
import { generationServing, workerExiting } from '../../harness/log-lines.ts';
import { isAlive } from '../../harness/machine/process-table.ts';
import { onlyTunicorn, type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

const classes = [
  ['sync', 'forking:wsgi'],
  ['gthread', 'forking:wsgi'],
  ['gevent', 'forking:wsgi'],
  ['eventlet', 'forking:wsgi'],
  ['tornado', 'forking:wsgi'],
  ['asgi', 'forking:asgi'],
] as const;

for (const [name, app] of classes) {
  scenario(
    `${name}: the client of a killed worker gets 502 immediately, even if its child lives on`,
    async (scene) => {
      const server = await start(scene, name, app);
      // By the C library's fork, which Python does not notice.
      const died = await within('the answer', request(server.target, '/fork-in-c-and-die'), 10_000);
      assert.equal(died.status, 502);
      assert.match(await getText(server.target, '/pid'), /^\d+$/);
    },
    onlyTunicorn,
  );

  scenario(
    `${name}: a process forked by a request takes no tickets, answers no request, ends like Python's children, and keeps nothing of the worker's`,
    async (scene) => {
      const server = await start(scene, name, app);
      const worker = Number(await getText(server.target, '/pid'));
      assert.equal(await getText(server.target, '/return-twice'), 'the child ended: 0');
      assert.equal(await getText(server.target, '/terminate'), 'exit code -15');
      const child = Number(await getText(server.target, '/fork'));
      // asyncio and uvloop have sockets and pipes of their own, which Python gives to the child.
      const ours = name === 'asgi' || name === 'tornado' ? /tunicorn-run-/ : /./;
      await eventually(`child ${child} to let go`, () => !sharedWith(worker, child).some((file) => ours.test(file)));
      await getText(server.target, '/process');
      // If the child waited for tickets, it would take one of these.
      for (let count = 0; count < 20; count += 1) assert.equal(await getText(server.target, '/pid'), String(worker));
      assert.equal(server.log.count(workerExiting), 0, server.log.text());
      assert.equal((await request(server.target, '/fork-and-die')).status, 502);
    },
    onlyTunicorn,
  );
}

scenario(
  'gevent: a child that ends before os.fork() has returned in its parent is still waited for',
  async (scene) => {
    const server = await start(scene, 'gevent', 'forking:wsgi');
    assert.equal(await getText(server.target, '/return-twice-slowly'), 'the child ended: 0');
  },
  onlyTunicorn,
);

scenario(
  'children that live on keep neither an old generation nor a server from ending',
  async (scene) => {
    const server = await start(scene, 'sync', 'forking:wsgi');
    const [old = 0] = await server.workers(1);
    const first = Number(await getText(server.target, '/fork'));
    const since = server.log.mark();
    server.signal('SIGHUP');
    await server.waitForLog(generationServing(2), since);
    await eventually('the old worker to end', () => !isAlive(old));
    const second = Number(await getText(server.target, '/fork'));
    server.signal('SIGTERM');
    await within('the server to end', server.exit);
    assert.ok(isAlive(first) && isAlive(second), 'they are the application, which has not ended them');
  },
  onlyTunicorn,
);

scenario(
  'a preloaded application may fork: the end of its forkserver is still noticed',
  async (scene) => {
    const app =
      'import os, time\n\nif os.fork() == 0:\n    while True:\n        time.sleep(1)\n\n\n' +
      'def app(environ, start_response):\n    start_response("200 OK", [])\n    return [b"preloaded"]\n';
    const server = await scene.tunicorn({ app: 'preloaded:app', args: ['--preload'], files: { 'preloaded.py': app } });
    const [forkserver = 0] = server.family().forkservers;
    const since = server.log.mark();
    process.kill(forkserver, 'SIGKILL');
    await server.waitForLog(generationServing(2), since);
    assert.equal(await getText(server.target), 'preloaded');
  },
  onlyTunicorn,
);

/** The pipes and sockets that both have open, by their numbers in the worker. */
function sharedWith(worker: number, child: number): string[] {
  const ofWorker = openFiles(worker);
  const ofChild = new Set(openFiles(child).values());
  // Standard streams, and descriptors that the whole test run has inherited.
  const others = new Set([...[0, 1, 2].map((fd) => ofWorker.get(fd)), ...openFiles(process.pid).values()]);
  // A private copy of the board, from its mapping; the child's writes are not shared.
  const isOurs = (file: string): boolean => /^(pipe|socket):/.test(file) || /tunicorn-run-.*\/(?!board)/.test(file);
  return [...ofWorker.values()].filter((file) => isOurs(file) && ofChild.has(file) && !others.has(file));
}

function openFiles(pid: number): Map<number, string> {
  const dir = `/proc/${pid}/fd`;
  return new Map(
    readdirSync(dir).flatMap((fd) => {
      try {
        return [[Number(fd), readlinkSync(`${dir}/${fd}`)]];
      } catch {
        return []; // Closed between the two looks.
      }
    }),
  );
}

async function start(scene: Scene, name: string, app: string): Promise<Server> {
  const server = await scene.tunicorn({
    app,
    args: ['--worker-class', name, '--graceful-timeout', '20', '--timeout', '60'],
  });
  return server;
}
