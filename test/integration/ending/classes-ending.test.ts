// The end of servers and of single workers in the middle of many requests, event streams and WebSockets.

import assert from 'node:assert/strict';
import { field, type HttpResponse, openSocket } from '../../harness/clients/http-connection.ts';
import { request, requestBytes } from '../../harness/clients/http-request.ts';
import { echoes, KeptEventStreams, KeptWebSockets, openWebSockets } from '../../harness/clients/kept-streams.ts';
import { eventually } from '../../harness/deadline.ts';
import { handlingSignal } from '../../harness/log-lines.ts';
import { isAlive } from '../../harness/machine/process-table.ts';
import { type ClassUnderTest, forEachClass, hold } from '../../harness/subjects/worker-classes.ts';

const asgi = ({ dialect }: ClassUnderTest): boolean => dialect === 'asgi';

forEachClass(
  'SIGTERM lets requests finish, closes WebSockets with 1012, cuts off event streams at graceful_timeout, and resets no connection',
  { workers: 2, each: 16, args: ['--graceful-timeout', '3'] },
  async (running) => {
    const { kind, server, rendezvous } = running;
    const held = await hold(running, 8);
    const late = await hold(running, 4, '/hold-late', 'late');
    const streams = new KeptEventStreams(server.target, 3);
    const webSockets = kind.dialect === 'asgi' ? await openWebSockets(running, 6) : [];
    await eventually('the streams', () => streams.events > 3);
    const codes = webSockets.map(async ({ webSocket }) => await webSocket.closeCode());
    server.signal('SIGTERM');
    await server.waitForLog(handlingSignal('term'));
    void streams.stop();
    rendezvous.open('held');
    for (const { connection } of [...held, ...late]) {
      const response = await connection.response();
      assert.deepEqual([response.status, response.end], [200, 'complete']);
      assert.ok(await connection.closesSilently());
      assert.equal(connection.ending, 'ended', 'not reset');
    }
    for (const code of await Promise.all(codes)) assert.equal(code, 1012);
    assert.equal((await server.ended()).code, 0);
    await server.nothingLeft();
  },
);

forEachClass(
  'SIGTERM ends a server with endless requests within graceful_timeout, and each client gets an answer or a truncated response',
  { workers: 2, each: 16, args: ['--graceful-timeout', '1', '--timeout', '3600'] },
  async (running) => {
    const { server } = running;
    const held = await hold(running, 8);
    const late = await hold(running, 4, '/hold-late', 'late');
    const events = await Promise.all([1, 2, 3].map(() => running.scene.connect(server)));
    for (const connection of events) await connection.send(requestBytes('/events'));
    for (const connection of events) assert.equal((await connection.head()).status, 200);
    const answers = [...held, ...late].map(async ({ connection }) => await connection.response());
    assert.equal((await server.stop()).code, 0);
    const responses: readonly HttpResponse[] = await Promise.all(answers);
    for (const response of responses.slice(0, 8)) assert.ok([502, 503].includes(response.status), `${response.status}`);
    for (const response of responses.slice(8)) assert.deepEqual([response.status, response.end], [200, 'cut']);
    await server.nothingLeft();
  },
);

forEachClass(
  'SIGTERM with queued requests: each is answered, the last of its connection with Connection: close',
  { workers: 1, each: 2, args: ['--graceful-timeout', '20'] },
  async (running) => {
    const { scene, server, rendezvous } = running;
    const held = await hold(running, 2);
    const waiting = await Promise.all(Array.from({ length: 20 }, () => scene.connect(server)));
    for (const connection of waiting) await connection.send(requestBytes('/'));
    server.signal('SIGTERM');
    await eventually('the listener to close', async () => {
      const socket = await openSocket(server.target).catch(() => null);
      socket?.destroy();
      return socket === null;
    });
    rendezvous.open('held');
    for (const connection of [...held.map((each) => each.connection), ...waiting]) {
      const response = await connection.response();
      assert.deepEqual([response.status, field(response, 'Connection')], [200, 'close']);
    }
    assert.equal((await server.ended()).code, 0);
  },
);

forEachClass(
  'SIGQUIT ends the server immediately, whatever is running',
  { workers: 2, each: 8, args: ['--graceful-timeout', '3600', '--timeout', '3600'] },
  async (running) => {
    const { kind, server } = running;
    const held = await hold(running, 4);
    const webSockets = kind.dialect === 'asgi' ? await openWebSockets(running, 2) : [];
    const codes = webSockets.map(async ({ webSocket }) => await webSocket.closeCode());
    const statuses = held.map(async ({ connection }) => (await connection.response()).status);
    server.signal('SIGQUIT');
    for (const status of await Promise.all(statuses)) assert.ok([502, 503].includes(status), `${status}`);
    for (const code of await Promise.all(codes)) assert.equal(code, 1012);
    await server.ended();
    await server.nothingLeft();
  },
);

for (const [what, args] of [
  ['is one too many', []],
  ['has run its max_requests', ['--max-requests', '30']],
] as const) {
  forEachClass(
    `a worker that ${what} closes its WebSockets with 1012; those of other workers stay open`,
    { workers: 2, each: 32, args: ['--graceful-timeout', '4', ...args] },
    async (running) => {
      const { server } = running;
      const webSockets = await openWebSockets(running, 12);
      if (what === 'is one too many') server.signal('SIGTTOU');
      else for (let count = 0; count < 70; count += 1) await request(server.target, '/');
      const first = await eventually('a worker to end', () => webSockets.find(({ pid }) => !isAlive(pid)));
      assert.equal(server.log.count(/was sent SIGKILL|graceful_timeout/), 0, server.log.text());
      for (const { webSocket, pid } of webSockets) {
        if (pid === first.pid) assert.equal(await webSocket.closeCode(), 1012);
        else if (isAlive(pid) && what === 'is one too many') await echoes(webSocket);
      }
    },
    { only: asgi },
  );
}

forEachClass(
  'workers that are recycled after a few requests close every WebSocket properly',
  { workers: 2, each: 32, args: ['--graceful-timeout', '4', '--max-requests', '20'] },
  async ({ server }) => {
    const webSockets = new KeptWebSockets(server.target, 10);
    const pids = new Set<string>();
    await eventually('ten workers', async () => {
      pids.add(field(await request(server.target, '/'), 'X-Pid') ?? '');
      return pids.size >= 10;
    });
    await webSockets.stop();
    assert.deepEqual(webSockets.complaints, []);
    assert.deepEqual(
      [...new Set(webSockets.ends)].filter((end) => end !== 1012 && end !== 'kept to the end'),
      [],
    );
    assert.ok(webSockets.ends.includes(1012));
  },
  { only: asgi },
);

forEachClass(
  'a worker that is leaving takes no more requests, and finishes those that it has',
  { workers: 2, each: 16, args: ['--graceful-timeout', '3600', '--timeout', '3600'] },
  async (running) => {
    const { server, rendezvous } = running;
    const held = await hold(running, 10);
    // TTOU retires the oldest worker.
    const leaving = Math.min(...(await server.workers(2)));
    server.signal('SIGTTOU');
    await eventually('the other worker to take whatever comes', async () => {
      for (let count = 0; count < 30; count += 1) {
        if (Number(field(await request(server.target, '/'), 'X-Pid')) === leaving) return false;
      }
      return true;
    });
    rendezvous.open('held');
    for (const { connection } of held) assert.equal((await connection.response()).status, 200);
    await eventually('it to end', () => !isAlive(leaving));
    await server.workers(1);
  },
);

forEachClass(
  'a worker that a signal from outside stops has its successor before its requests end, and graceful_timeout to finish them',
  { workers: 1, each: 16, args: ['--graceful-timeout', '2', '--timeout', '3600'] },
  async (running) => {
    const { kind, server, rendezvous } = running;
    const held = await hold(running, 3);
    const endless = await running.scene.connect(server);
    await endless.send(requestBytes('/events'));
    const webSockets = kind.dialect === 'asgi' ? await openWebSockets(running, 3) : [];
    const [pid = 0] = server.workerPids();
    process.kill(pid, 'SIGTERM');
    await eventually('its successor to answer', async () => {
      const response = await request(server.target, '/');
      assert.equal(response.status, 200);
      return field(response, 'X-Pid') !== String(pid);
    });
    assert.ok(isAlive(pid), 'it has still to do');
    rendezvous.release('held');
    for (const { connection } of held) assert.equal((await connection.response()).status, 200);
    for (const { webSocket } of webSockets) assert.equal(await webSocket.closeCode(), 1012);
    await eventually('it to end', () => !isAlive(pid));
    await server.workers(1);
  },
);

forEachClass(
  'a request that runs longer than timeout gets 504 and its own stack into the log; the others of its worker finish',
  { workers: 1, each: 8, args: ['--timeout', '1'] },
  async (running) => {
    const { scene, server, rendezvous } = running;
    const late = await hold(running, 3, '/hold-late', 'late');
    const asleep = await scene.connect(server);
    await asleep.send(requestBytes('/sleep'));
    const response = await asleep.response();
    assert.deepEqual([response.status, response.end], [504, 'complete']);
    const [line] = await server.waitForLog(/REQUEST TIMEOUT \(pid:\d+\).*/);
    assert.match(line, /GET \/sleep/);
    await server.waitForLog(/line \d+,? in fall_asleep/);
    assert.doesNotMatch(server.log.text(), /in hold_late/);
    assert.equal((await request(server.target, '/')).status, 200);
    rendezvous.open('held');
    for (const { connection } of late) {
      const whole = await connection.response();
      assert.deepEqual([whole.status, whole.body.toString(), whole.end], [200, 'begundone', 'complete']);
    }
    assert.equal((await server.stop()).code, 0);
  },
);

forEachClass(
  'requests that run longer than timeout in several workers are logged with the process ids of their workers',
  {
    workers: 3,
    each: 2,
    args: ['--timeout', '1', '--access-logfile', '-', '--access-logformat', 'ran %(r)s in %(p)s'],
  },
  async (running) => {
    const { scene, server } = running;
    const connections = await Promise.all(Array.from({ length: 6 }, () => scene.connect(server)));
    await Promise.all(connections.map((connection, number) => connection.send(requestBytes(`/sleep?${number}`))));
    const logged: (string | undefined)[] = [];
    const ran: (string | undefined)[] = [];
    for (const [number, connection] of connections.entries()) {
      assert.equal((await connection.response()).status, 504);
      logged.push((await server.waitForLog(new RegExp(`REQUEST TIMEOUT \\(pid:(\\d+)\\) GET /sleep\\?${number} `)))[1]);
      ran.push((await server.stdout.waitFor(new RegExp(`ran GET /sleep\\?${number} .* in <(\\d+)>`)))[1]);
    }
    assert.deepEqual(logged, ran);
  },
);
