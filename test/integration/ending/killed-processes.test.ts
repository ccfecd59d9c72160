// kill -9 of every kind of process: the affected clients, and the remains.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { field } from '../../harness/clients/http-connection.ts';
import { getText, request, requestBytes } from '../../harness/clients/http-request.ts';
import { Load } from '../../harness/clients/load.ts';
import { eventually } from '../../harness/deadline.ts';
import { generationServing, handlingSignal, workerExiting, workerKilled } from '../../harness/log-lines.ts';
import { isAlive } from '../../harness/machine/process-table.ts';
import { onlyTunicorn, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

scenario(
  'a killed worker costs its own client a 502, and affects no other client',
  async (scene) => {
    const { rendezvous, server } = await scene.meeting(['--workers', '3']);
    await server.workers(3);
    const connections = [await scene.connect(server), await scene.connect(server)];
    for (const connection of connections) await connection.send(requestBytes('/hold'));
    await rendezvous.arrived('held', 2);
    const load = quietLoad(server);
    await load.answeredMore(20);
    const busy = await busyWorkers(server, load);
    assert.equal(busy.length, 2);
    process.kill(busy[0] ?? 0, 'SIGKILL');
    const first = await Promise.race(
      connections.map(async (connection) => ({ connection, response: await connection.response() })),
    );
    assert.deepEqual([first.response.status, first.response.end], [502, 'complete']);
    await server.waitForLog(workerKilled(busy[0] ?? 0));
    await server.waitForLog(
      new RegExp(`GET /hold failed after \\d+\\.\\d s: its worker \\(pid:${busy[0]}\\) died; the client gets 502`),
    );
    const pids = await server.workers(3);
    assert.ok(!pids.includes(busy[0] ?? 0) && pids.includes(busy[1] ?? 0));
    if (field(first.response, 'Connection') === 'keep-alive') {
      await first.connection.send(requestBytes('/'));
      assert.equal((await first.connection.response()).status, 200);
    }
    const result = await load.stop();
    assert.deepEqual([result.failed, result.wrong], [0, 0], result.complaints.join('\n'));
  },
  onlyTunicorn,
);

scenario('a killed idle worker is replaced', async (scene) => {
  const server = await scene.tunicorn({ app: 'hello', args: ['--workers', '2'] });
  const [pid = 0, other = 0] = await server.workers(2);
  process.kill(pid, 'SIGKILL');
  await server.waitForLog(workerKilled(pid));
  const pids = await eventually('two workers without the killed one', () => {
    const now = server.workerPids();
    return now.length === 2 && !now.includes(pid) && now;
  });
  assert.ok(pids.includes(other));
  for (let count = 0; count < 20; count += 1) assert.equal(await getText(server.target), 'hello\n');
});

for (const [signal, line] of [
  ['SIGSEGV', /Worker \(pid:\d+\) was sent SIGSEGV!/],
  ['SIGTERM', /Worker exiting \(pid: \d+\)|was sent SIGTERM!/],
] as const) {
  scenario(`${signal} to an idle worker replaces it and logs that`, async (scene) => {
    const server = await scene.tunicorn({ app: 'hello' });
    const [pid = 0] = await server.workers(1);
    process.kill(pid, signal);
    await server.waitForLog(line);
    await eventually('another worker', () => !server.workerPids().includes(pid) && server.workerPids().length === 1);
    assert.equal(await getText(server.target), 'hello\n');
  });
}

scenario('all workers killed together are replaced, and waiting requests are answered', async (scene) => {
  const server = await scene.tunicorn({ app: 'hello', args: ['--workers', '3'] });
  const pids = await server.workers(3);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  for (let count = 0; count < 10; count += 1) assert.equal(await getText(server.target), 'hello\n');
  const next = await server.workers(3);
  assert.ok(next.every((pid) => !pids.includes(pid)));
});

scenario(
  'a killed gateway is replaced, on the same address',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'hello', args: ['--workers', '2'] });
    const workers = await server.workers(2);
    const [gateway = 0] = server.family().gateways;
    assert.ok(gateway > 0, 'there is a gateway');
    const open = await scene.connect(server);
    await open.send(requestBytes('/'));
    assert.equal((await open.response()).status, 200);
    process.kill(gateway, 'SIGKILL');
    assert.ok(await open.closesSilently());
    await eventually('another gateway', () => server.family().gateways.some((pid) => pid !== gateway));
    for (let count = 0; count < 20; count += 1) assert.equal(await getText(server.target), 'hello\n');
    await server.workers(2);
    assert.ok(
      workers.every((pid) => server.workerPids().includes(pid)),
      'the workers stay',
    );
  },
  onlyTunicorn,
);

scenario(
  'a killed gateway leaves neither bodies nor its socket on disk',
  async (scene) => {
    mkdirSync(scene.path('spool'));
    mkdirSync(scene.path('runtime'));
    const server = await scene.tunicorn({
      app: 'hello',
      args: ['--request-buffer-size', '1000', '--worker-tmp-dir', scene.path('runtime')],
      env: { TMPDIR: scene.path('spool') },
    });
    const filesNamed = (directory: string, pattern: RegExp): string[] =>
      readdirSync(scene.path(directory), { recursive: true, encoding: 'utf8' }).filter((name) => pattern.test(name));
    const upload = await scene.connect(server);
    await upload.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n');
    await upload.send(Buffer.alloc(50_000));
    await eventually('the body to be spooled', () => filesNamed('spool', /body-/).length === 1);
    const sockets = filesNamed('runtime', /gateway-\d+\.sock$/);
    for (const pid of server.family().gateways) process.kill(pid, 'SIGKILL');
    await eventually('the body to be removed', () => filesNamed('spool', /body-/).length === 0);
    await eventually('another socket alone', () => {
      const now = filesNamed('runtime', /gateway-\d+\.sock$/);
      return now.length === 1 && now[0] !== sockets[0];
    });
    assert.equal(await getText(server.target), 'hello\n');
  },
  onlyTunicorn,
);

scenario(
  'a client that connects while no gateway lives is answered by the next',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'hello' });
    for (let count = 0; count < 5; count += 1) {
      const before = server.family().gateways;
      for (const pid of before) process.kill(pid, 'SIGKILL');
      // The arbiter holds the listening socket, so the connection waits in the kernel. One that the dying gateway had accepted may be reset.
      const texts = await Promise.all(
        Array.from({ length: 10 }, async () => {
          await eventually('the gateway to be dead', () => before.every((pid) => !isAlive(pid)));
          return await getText(server.target);
        }),
      );
      assert.deepEqual(texts, Array(10).fill('hello\n'));
    }
  },
  onlyTunicorn,
);

scenario(
  'a worker that was busy for a killed gateway keeps serving',
  async (scene) => {
    const { rendezvous, server } = await scene.meeting(['--workers', '1']);
    const [worker] = await server.workers(1);
    const connection = await scene.connect(server);
    await connection.send(requestBytes('/hold'));
    await rendezvous.arrived('held');
    const [gateway = 0] = server.family().gateways;
    process.kill(gateway, 'SIGKILL');
    assert.ok(await connection.closesSilently());
    await eventually('another gateway', () => server.family().gateways.some((pid) => pid !== gateway));
    rendezvous.open('held');
    const text = await getText(server.target);
    assert.equal(text, String((await server.workers(1))[0]));
    assert.ok(worker !== undefined);
  },
  onlyTunicorn,
);

scenario(
  'a killed forkserver is replaced with its workers, and no request is lost',
  async (scene) => {
    const { rendezvous, server } = await scene.meeting(['--workers', '3', '--graceful-timeout', '3600']);
    const workers = await server.workers(3);
    const [forkserver = 0] = server.family().forkservers;
    const held = await scene.connect(server);
    await held.send(requestBytes('/hold'));
    await rendezvous.arrived('held');
    const load = quietLoad(server);
    await load.answeredMore(50);
    process.kill(forkserver, 'SIGKILL');
    await eventually('another forkserver', () => {
      const [next, ...more] = server.family().forkservers;
      return next !== undefined && next !== forkserver && more.length === 0;
    });
    await server.workers(3);
    await load.answeredMore(50);
    rendezvous.open('held');
    const response = await held.response();
    assert.equal(response.status, 200);
    assert.ok(workers.includes(Number(response.body.toString())), 'an old worker has finished it');
    await eventually('the old workers to end', () => workers.every((pid) => !isAlive(pid)));
    const result = await load.stop();
    assert.deepEqual([result.failed, result.wrong], [0, 0], result.complaints.join('\n'));
    assert.equal((await server.stop()).code, 0);
    await server.nothingLeft();
  },
  onlyTunicorn,
);

scenario(
  'a forkserver that is killed again and again does not end the server',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'hello', args: ['--workers', '2'] });
    for (let count = 0; count < 3; count += 1) {
      const before = server.family().forkservers;
      for (const pid of before) process.kill(pid, 'SIGKILL');
      await eventually('another forkserver', () => server.family().forkservers.some((pid) => !before.includes(pid)));
      await server.workers(2);
      assert.equal(await getText(server.target), 'hello\n');
    }
  },
  onlyTunicorn,
);

scenario(
  'a forkserver that is killed before it has forked a worker delays neither its successor nor the stop',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'hello', args: ['--graceful-timeout', '5'] });
    const [forkserver = 0] = server.family().forkservers;
    process.kill(forkserver, 'SIGSTOP');
    server.signal('SIGTTIN');
    await server.waitForLog(handlingSignal('ttin'));
    const mark = server.log.mark();
    process.kill(forkserver, 'SIGKILL');
    await server.waitForLog(generationServing(2), mark);
    assert.equal((await server.stop()).code, 0);
    await server.nothingLeft();
  },
  onlyTunicorn,
);

scenario(
  'workers whose forkserver is killed end without a traceback',
  async (scene) => {
    const { rendezvous, server } = await scene.meeting(['--workers', '3', '--graceful-timeout', '3600']);
    const workers = await server.workers(3);
    // One request in each: now all of them are ready. A worker that still boots would be killed.
    const answers = workers.map(() => request(server.target, '/hold'));
    await rendezvous.arrived('held', 3);
    rendezvous.release('held');
    await Promise.all(answers);
    const held = await scene.connect(server);
    await held.send(requestBytes('/hold'));
    await rendezvous.arrived('held');
    for (const pid of server.family().forkservers) process.kill(pid, 'SIGKILL');
    await server.waitForLog(generationServing(2));
    rendezvous.open('held');
    assert.equal((await held.response()).status, 200);
    await eventually('the old workers to end', () => workers.every((pid) => !isAlive(pid)));
    assert.equal((await server.stop()).code, 0);
    assert.equal(server.log.count(workerExiting), 6, 'each of both generations says that it ends');
    assert.doesNotMatch(server.log.text(), /Traceback|BrokenPipe|Exception/);
  },
  onlyTunicorn,
);

for (const what of ['idle', 'busy'] as const) {
  scenario(`when the arbiter of an ${what} server is killed, nothing stays behind`, async (scene) => {
    const { rendezvous, server } = await scene.meeting([
      '--workers',
      '3',
      '--graceful-timeout',
      '2',
      '--timeout',
      '3600',
    ]);
    await server.workers(3);
    if (what === 'busy') {
      const connection = await scene.connect(server);
      await connection.send(requestBytes('/hold'));
      await rendezvous.arrived('held');
    }
    process.kill(server.pid, 'SIGKILL');
    await server.nothingLeft();
  });
}

scenario('when the arbiter is killed, a running request is still answered', async (scene) => {
  const { rendezvous, server } = await scene.meeting(['--graceful-timeout', '20']);
  const connection = await scene.connect(server);
  await connection.send(requestBytes('/hold'));
  await rendezvous.arrived('held');
  process.kill(server.pid, 'SIGKILL');
  rendezvous.open('held');
  assert.equal((await connection.response()).status, 200);
  await server.nothingLeft();
});

scenario('when the arbiter is killed, the client of a worker that dies later gets 502 soon', async (scene) => {
  const { rendezvous, server } = await scene.meeting(['--graceful-timeout', '3600', '--timeout', '3600']);
  const [worker = 0] = await server.workers(1);
  const connection = await scene.connect(server);
  await connection.send(requestBytes('/hold'));
  await rendezvous.arrived('held');
  process.kill(server.pid, 'SIGKILL');
  process.kill(worker, 'SIGKILL');
  assert.equal((await connection.response()).status, 502);
  await server.nothingLeft();
});

scenario('when the arbiter is killed, a new server can start with the same addresses and files', async (scene) => {
  const args = ['--pid', scene.path('tunicorn.pid'), '--graceful-timeout', '1'];
  const first = await scene.tunicorn({ app: 'hello', listen: 'unix', args });
  process.kill(first.pid, 'SIGKILL');
  await first.nothingLeft();
  assert.ok(existsSync(scene.path('tunicorn.pid')), 'the pid file is stale');
  const second = await scene.tunicorn({ app: 'hello', listen: 'unix', args });
  assert.equal(await getText(second.target), 'hello\n');
});

scenario('when the arbiter is killed during a reload, nothing stays behind', async (scene) => {
  const rendezvous = await scene.rendezvous();
  const good = 'def application(environ, start_response):\n    start_response("200 OK", [])\n    return [b"good"]\n';
  const args = ['--workers', '2', '--graceful-timeout', '2'];
  const env = { RENDEZVOUS: rendezvous.address };
  const server = await scene.tunicorn({ app: 'app', args, env, files: { 'app.py': good } });
  scene.write('app.py', `import rendezvous\nrendezvous.wait("importing")\n${good}`);
  server.signal('SIGHUP');
  await rendezvous.arrived('importing');
  process.kill(server.pid, 'SIGKILL');
  await server.nothingLeft();
});

function quietLoad(server: Server): Load {
  return new Load(server.target, {
    keepAliveClients: 2,
    freshClients: 1,
    request: () => ({ path: '/' }),
    check: ({ body }) => (/^\d+$/.test(body.toString()) ? undefined : body.toString()),
  });
}

/** The workers that answer no request while others do. */
async function busyWorkers(server: Server, load: Load): Promise<readonly number[]> {
  const answering = new Set<number>();
  for (let count = 0; count < 50; count += 1) answering.add(Number(await getText(server.target)));
  await load.answeredMore(10);
  return server.workerPids().filter((pid) => !answering.has(pid));
}
