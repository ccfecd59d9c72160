// More requests than the workers run concurrently: which wait, which are turned away, which are not run, and how tickets are shared.

import assert from 'node:assert/strict';
import { halfCloseMeansGone } from '../../harness/clients/half-close.ts';
import { field, type HttpConnection, openSocket } from '../../harness/clients/http-connection.ts';
import { request, requestBytes } from '../../harness/clients/http-request.ts';
import { type ClassServer, forEachClass, hold, runsOf } from '../../harness/subjects/worker-classes.ts';

forEachClass(
  "at four times the workers' capacity, queue_limit turns away the excess with 503 and Retry-After, and accepted requests are answered",
  { workers: 2, each: 3, args: ['--queue-limit', '6', '--timeout', '3600'] },
  async (running) => {
    const { server, rendezvous } = running;
    const held = await hold(running, 6);
    const more = await come(running, 18);
    // One ticket lies in the pipe, six wait.
    for (const { connection } of more.slice(7)) {
      const response = await connection.response();
      assert.deepEqual([response.status, field(response, 'Connection')], [503, 'close']);
      assert.match(field(response, 'Retry-After') ?? '', /^[1-9]\d*$/);
    }
    rendezvous.open('held');
    for (const { connection } of [...held, ...more.slice(0, 7)])
      assert.equal((await connection.response()).status, 200);
    assert.equal(runsOf(running).length, 13, 'who was turned away was not run');
    assert.equal((await request(server.target, '/')).status, 200);
  },
);

forEachClass(
  'a request that waits longer than queue_timeout is answered 503 and not run',
  { workers: 1, each: 2, args: ['--queue-timeout', '1', '--timeout', '3600'] },
  async (running) => {
    const held = await hold(running, 2);
    // The first of them is in the pipe already, the others wait in the gateway.
    const late = await come(running, 5);
    for (const { connection } of late) assert.equal((await connection.response()).status, 503);
    running.rendezvous.open('held');
    for (const { connection } of held) assert.equal((await connection.response()).status, 200);
    assert.equal(runsOf(running).length, 2);
  },
);

forEachClass(
  'requests whose clients leave while they wait are not run',
  { workers: 2, each: 2, args: ['--timeout', '3600'] },
  async (running) => {
    const held = await hold(running, 4);
    const more = await come(running, 8);
    await halfCloseMeansGone();
    for (const { connection } of more.slice(0, 4)) connection.close();
    await gatewayHasRead(running);
    running.rendezvous.open('held');
    for (const { connection } of [...held, ...more.slice(4)]) assert.equal((await connection.response()).status, 200);
    const ran = runsOf(running).map(({ id }) => id);
    assert.deepEqual(ran.sort(), [...held, ...more.slice(4)].map(({ id }) => id).sort());
  },
);

forEachClass(
  'clients that do not read their responses delay no other client, nor the end of the server',
  { workers: 1, each: 4, args: ['--response-spool-size', '0', '--graceful-timeout', '2'] },
  async ({ scene, server }) => {
    for (let count = 0; count < 3; count += 1) {
      const socket = await openSocket(server.target, 'never');
      scene.defer(() => void socket.destroy());
      socket.write(requestBytes('/big'));
    }
    for (let count = 0; count < 50; count += 1) assert.equal((await request(server.target, '/')).status, 200);
    assert.equal((await server.stop()).code, 0);
    await server.nothingLeft();
  },
);

forEachClass('requests go round among the workers that wait', { workers: 4, each: 8 }, async (running) => {
  const { kind, scene, server } = running;
  const count = new Map<string, number>();
  const ask = async (): Promise<void> => {
    const connection = await scene.connect(server);
    for (let number = 0; number < 250; number += 1) {
      await connection.send(requestBytes('/'));
      const pid = field(await connection.response(), 'X-Pid') ?? '';
      count.set(pid, (count.get(pid) ?? 0) + 1);
    }
  };
  await Promise.all([ask(), ask(), ask(), ask()]);
  const shares = [...count.values()].sort((left, right) => left - right);
  assert.equal(shares.length, 4, shares.join(' '));
  // All gevent hubs are woken, the one that has waited longest first; how quickly each then runs is up to the kernel. A gthread thread that
  // keeps its turn may take a ticket before the worker runs that it has woken.
  const most = { gevent: 10, gthread: 5 }[kind.name] ?? 2;
  assert.ok((shares.at(-1) ?? 0) <= most * (shares[0] ?? 0), shares.join(' '));
});

interface Coming {
  readonly id: string;
  readonly connection: HttpConnection;
}

/** Sends them one after the other; the gateway has read them before this returns. */
async function come(running: ClassServer, count: number): Promise<Coming[]> {
  const all: Coming[] = [];
  for (let number = 0; number < count; number += 1) {
    const id = `more-${number}`;
    const connection = await running.scene.connect(running.server);
    await connection.send(requestBytes('/', { headers: { 'X-Id': id } }));
    all.push({ id, connection });
    await gatewayHasRead(running);
  }
  return all;
}

/** A refusal needs no worker, and its connection comes last: when it arrives, the gateway has read everything sent before. */
async function gatewayHasRead({ server }: ClassServer): Promise<void> {
  assert.equal((await request(server.target, '/', { headers: { 'Bad name': 'x' } })).status, 400);
}
