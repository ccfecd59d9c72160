// kill -9 and SIGSTOP of every kind of process while workers run many requests each: the affected clients, and the remains.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import type { HttpConnection } from '../../harness/clients/http-connection.ts';
import { request, requestBytes } from '../../harness/clients/http-request.ts';
import { echoes, KeptEventStreams, KeptWebSockets, openWebSockets } from '../../harness/clients/kept-streams.ts';
import { Load } from '../../harness/clients/load.ts';
import { eventually } from '../../harness/deadline.ts';
import { generationServing, workerKilled } from '../../harness/log-lines.ts';
import { isAlive } from '../../harness/machine/process-table.ts';
import type { Server } from '../../harness/server.ts';
import {
  assertNothingRanTwice,
  type ClassUnderTest,
  forEachClass,
  hold,
  runsOf,
} from '../../harness/subjects/worker-classes.ts';

const loops = ({ hasLoop }: ClassUnderTest): boolean => hasLoop;

forEachClass(
  'a killed worker costs its own clients one 502 or truncated response each, and affects no other client',
  { workers: 2, each: 16 },
  async (running) => {
    const { kind, scene, server, rendezvous } = running;
    // More than one worker is running.
    const held = await hold(running, 14);
    const late = await hold(running, 6, '/hold-late', 'late');
    const pidOf = new Map(runsOf(running).map(({ id, pid }) => [id, pid]));
    const victim = pidOf.get('held-0') ?? 0;
    assert.ok(
      [...pidOf.values()].some((pid) => pid !== victim),
      'both workers are busy',
    );
    const webSockets = kind.dialect === 'asgi' ? await openWebSockets(running, 6) : [];
    const idle = await scene.connect(server);
    await idle.send(requestBytes('/'));
    assert.equal((await idle.response()).status, 200);

    process.kill(victim, 'SIGKILL');
    await server.waitForLog(workerKilled(victim));
    for (const { pid, webSocket } of webSockets) if (pid === victim) assert.equal(await webSocket.closeCode(), 1011);
    for (const { pid, webSocket } of webSockets) if (pid !== victim) await echoes(webSocket);
    const answers = [...held, ...late].map(async ({ id, connection }) => ({
      id,
      response: await connection.response(),
    }));
    await eventually(
      'the replacement',
      () => server.workerPids().length === 2 && !server.workerPids().includes(victim),
    );
    rendezvous.open('held');
    for (const { id, response } of await Promise.all(answers)) {
      const isLate = id.startsWith('late');
      const unlucky = isLate ? [200, 'cut'] : [502, 'complete'];
      const expected = pidOf.get(id) === victim ? unlucky : [200, 'complete'];
      assert.deepEqual([id, response.status, response.end], [id, ...expected]);
    }
    await idle.send(requestBytes('/'));
    assert.equal((await idle.response()).status, 200);
    assertNothingRanTwice(running);
  },
);

forEachClass(
  'the death of a worker does not affect requests that wait in the queue',
  { workers: 2, each: 2 },
  async (running) => {
    const { scene, server, rendezvous } = running;
    const held = await hold(running, 4);
    const waiting: HttpConnection[] = [];
    for (let number = 0; number < 20; number += 1) {
      const connection = await scene.connect(server);
      await connection.send(requestBytes('/', { headers: { 'X-Id': `waiting-${number}` } }));
      waiting.push(connection);
    }
    const victim = runsOf(running).find(({ id }) => id === 'held-0')?.pid ?? 0;
    process.kill(victim, 'SIGKILL');
    await server.waitForLog(workerKilled(victim));
    for (const connection of waiting) assert.equal((await connection.response()).status, 200);
    rendezvous.open('held');
    const statuses = await Promise.all(held.map(async ({ connection }) => (await connection.response()).status));
    assert.deepEqual(statuses.sort(), [200, 200, 502, 502]);
    assertNothingRanTwice(running);
  },
);

forEachClass(
  'a stopped worker delays only its own clients',
  { workers: 2, each: 4, args: ['--timeout', '3600'] },
  async (running) => {
    const { server, rendezvous } = running;
    const held = await hold(running, 2);
    const stopped = runsOf(running)[0]?.pid ?? 0;
    await stop(stopped);
    for (let count = 0; count < 100; count += 1) assert.equal((await request(server.target, '/')).status, 200);
    process.kill(stopped, 'SIGCONT');
    rendezvous.open('held');
    for (const { connection } of held) assert.equal((await connection.response()).status, 200);
    await server.workers(2);
  },
);

forEachClass(
  'a worker that is stopped for longer than timeout is killed, and its clients get 504',
  { workers: 2, each: 4, args: ['--timeout', '1'] },
  async (running) => {
    const { server } = running;
    const held = await hold(running, 2);
    for (const pid of new Set(runsOf(running).map(({ pid }) => pid))) await stop(pid);
    for (const { connection } of held) assert.equal((await connection.response()).status, 504);
    assert.equal((await request(server.target, '/')).status, 200);
    const stopped = runsOf(running).map(({ pid }) => pid);
    await eventually('the stopped workers to be killed', () => stopped.every((pid) => !isAlive(pid)));
    await server.workers(2);
  },
);

forEachClass(
  'a handler that blocks the loop delays no other worker; its stack is logged, and its worker killed at timeout',
  { workers: 2, each: 4, args: ['--timeout', '4'] },
  async ({ scene, server, rendezvous }) => {
    const blocking = await scene.connect(server);
    await blocking.send(requestBytes('/block'));
    await rendezvous.noted('blocked');
    let isOver = false;
    const answered = blocking.response().finally(() => {
      isOver = true;
    });
    for (let count = 0; !isOver || count < 20; count += 1) {
      assert.equal((await request(server.target, '/')).status, 200);
    }
    assert.ok([502, 504].includes((await answered).status));
    await server.waitForLog(/has had a blocked event loop for/);
    await server.waitForLog(/line \d+,? in block/);
    await server.waitForLog(/is gone/);
    await server.workers(2);
  },
  { only: loops },
);

forEachClass(
  'a thread that holds the GIL delays no request that another worker can take',
  { workers: 2, each: 4, args: ['--timeout', '3600'] },
  async ({ scene, server, rendezvous }) => {
    const blocking = await scene.connect(server);
    await blocking.send(requestBytes('/block'));
    await rendezvous.noted('blocked');
    for (let count = 0; count < 10; count += 1) assert.equal((await request(server.target, '/')).status, 200);
  },
  { only: ({ hasLoop }) => !hasLoop },
);

forEachClass(
  'a killed forkserver is replaced with its workers: no request is lost, and WebSockets are closed with 1012',
  { workers: 2, each: 16, args: ['--graceful-timeout', '4'] },
  async (running) => {
    const { kind, server, rendezvous } = running;
    const webSockets = new KeptWebSockets(server.target, kind.dialect === 'asgi' ? 10 : 0);
    const streams = new KeptEventStreams(server.target, 4);
    const held = await hold(running, 4);
    const old = server.workerPids();
    const load = quietLoad(server);
    await load.answeredMore(20);
    for (const pid of server.family().forkservers) process.kill(pid, 'SIGKILL');
    await server.waitForLog(generationServing(2));
    await load.answeredMore(20);
    rendezvous.open('held');
    for (const { connection } of held) assert.equal((await connection.response()).status, 200);
    await eventually('the old workers to end', () => old.every((pid) => !isAlive(pid)));
    const [result] = await Promise.all([load.stop(), webSockets.stop(), streams.stop()]);
    assert.deepEqual([result.failed, result.wrong], [0, 0], result.complaints.join('\n'));
    assert.deepEqual([...webSockets.complaints, ...streams.complaints], []);
    assert.ok(
      webSockets.ends.every((end) => end === 1012 || end === 'kept to the end'),
      webSockets.ends.join(),
    );
    assert.ok(streams.ends.every(({ end, livedMs }) => end === 'kept to the end' || livedMs > 3400));
    assert.equal((await server.stop()).code, 0);
    await server.nothingLeft();
  },
);

forEachClass(
  'after the death of a gateway every slot of every worker is free again',
  { workers: 2, each: 6 },
  async (running) => {
    const { kind, server, rendezvous } = running;
    const workers = server.workerPids();
    await hold(running, 8);
    const streams = new KeptEventStreams(server.target, 2);
    if (kind.dialect === 'asgi') await openWebSockets(running, 2);
    await eventually('the streams', () => streams.events > 2);
    const [gateway = 0] = server.family().gateways;
    process.kill(gateway, 'SIGKILL');
    await eventually('another gateway', () => server.family().gateways.some((pid) => pid !== gateway));
    await streams.stop();
    rendezvous.release('held');
    const held = await hold(running, 12, '/hold', 'again');
    rendezvous.open('held');
    for (const { connection } of held) assert.equal((await connection.response()).status, 200);
    assert.deepEqual([...server.workerPids()].sort(), [...workers].sort(), 'the workers stay');
  },
);

forEachClass(
  'when the arbiter is killed, running requests are answered, and nothing stays behind',
  { workers: 2, each: 8, args: ['--graceful-timeout', '3'] },
  async (running) => {
    const { kind, server, rendezvous } = running;
    const held = await hold(running, 6);
    const forgotten = await hold(running, 1, '/hold-late', 'late');
    const streams = new KeptEventStreams(server.target, 2);
    await eventually('the streams', () => streams.events > 2);
    const webSockets = kind.dialect === 'asgi' ? await openWebSockets(running, 2) : [];
    process.kill(server.pid, 'SIGKILL');
    const codes = webSockets.map(async ({ webSocket }) => await webSocket.closeCode());
    // Those that wait at "held" so far, except the one that waits forever.
    rendezvous.release('held');
    for (const { connection } of held) assert.equal((await connection.response()).status, 200);
    for (const code of await Promise.all(codes)) assert.equal(code, 1012);
    assert.ok(forgotten.length === 1);
    void streams.stop();
    await server.nothingLeft();
  },
);

for (const what of ['busy', 'streaming'] as const) {
  forEachClass(
    `when the arbiter of a ${what} server is killed, nothing stays behind, even with endless requests`,
    { workers: 2, each: 8, args: ['--graceful-timeout', '1', '--timeout', '3600'] },
    async (running) => {
      await hold(running, 6, what === 'busy' ? '/hold' : '/hold-late');
      if (running.kind.dialect === 'asgi') await openWebSockets(running, 2);
      process.kill(running.server.pid, 'SIGKILL');
      await running.server.nothingLeft();
    },
  );
}

/** Each thread runs until it has received the signal; one of them might take a ticket meanwhile. */
async function stop(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await eventually(`all threads of ${pid} to stop`, () =>
    readdirSync(`/proc/${pid}/task`).every((thread) =>
      /^State:\s+T/m.test(readFileSync(`/proc/${pid}/task/${thread}/status`, 'latin1')),
    ),
  );
}

function quietLoad(server: Server): Load {
  return new Load(server.target, {
    keepAliveClients: 2,
    freshClients: 1,
    request: () => ({ path: '/' }),
    check: () => undefined,
  });
}
