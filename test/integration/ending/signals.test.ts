// The arbiter's reaction to each signal.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { NoResponseError } from '../../harness/clients/http-connection.ts';
import { getText, request, requestBytes } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { handlingSignal, shuttingDown } from '../../harness/log-lines.ts';
import { readEntry } from '../../harness/machine/process-table.ts';
import { appFolder, otherServer } from '../../harness/project.ts';
import { onlyTunicorn, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';
import { findBoard } from '../../harness/subjects/idle-worker.ts';

/** Longer than any test may last: something that ends has not waited for it. */
const forEver = ['--graceful-timeout', '3600', '--timeout', '3600'];

for (const [signal, name] of [
  ['SIGTERM', 'term'],
  ['SIGINT', 'int'],
  ['SIGQUIT', 'quit'],
] as const) {
  scenario(
    `${signal} ends an idle server with 0 and leaves nothing behind`,
    async (scene) => {
      const pidFile = scene.path('tunicorn.pid');
      const args = [...forEver, '--workers', '3', '--pid', pidFile];
      const server = await scene.tunicorn({ app: 'hello', listen: 'unix', args });
      await server.workers(3);
      const runtimeDir = dirname(findBoard(server.workerPids()[0] ?? 0) ?? '/nowhere/board');
      assert.ok(existsSync(runtimeDir), 'the runtime directory');
      const idle = await scene.connect(server);
      await idle.send(requestBytes('/'));
      assert.equal((await idle.response()).status, 200);
      const end = await server.stop(signal);
      assert.deepEqual([end.code, end.signal], [0, null]);
      await server.nothingLeft();
      assert.match(server.log.text(), new RegExp(handlingSignal(name).source, 'm'));
      assert.match(server.log.text(), shuttingDown);
      assert.equal(existsSync(pidFile), false, 'the pid file');
      assert.equal(existsSync(scene.path('app.sock')), false, 'the Unix socket');
      assert.equal(existsSync(runtimeDir), false, 'the runtime directory');
      assert.doesNotMatch(server.log.text(), /SIGKILL|out of memory|Traceback/);
    },
    onlyTunicorn,
  );
}

scenario('SIGTERM lets running and waiting requests finish, and accepts no new ones', async (scene) => {
  const { rendezvous, server } = await scene.meeting(['--workers', '2', ...forEver]);
  const running = await Promise.all([1, 2].map(() => scene.connect(server)));
  for (const connection of running) await connection.send(requestBytes('/hold'));
  await rendezvous.arrived('held', 2);
  server.signal('SIGTERM');
  await server.waitForLog(handlingSignal('term'));
  await eventually('the listener to close', async () => await refuses(server));
  rendezvous.open('held');
  for (const connection of running) {
    const response = await connection.response();
    assert.deepEqual([response.status, response.end], [200, 'complete']);
    assert.ok(await connection.closesSilently());
  }
  assert.equal((await server.ended()).code, 0);
  await server.nothingLeft();
});

scenario(
  'SIGTERM answers requests that wait for a worker',
  async (scene) => {
    const { rendezvous, server } = await scene.meeting(['--workers', '1', ...forEver]);
    const connections = await Promise.all([1, 2, 3, 4, 5].map(() => scene.connect(server)));
    for (const connection of connections) await connection.send(requestBytes('/hold'));
    await rendezvous.arrived('held');
    // A refusal needs no worker, and its connection came last: when it arrives, the gateway has read the others.
    assert.equal((await request(server.target, '/', { headers: { 'Bad name': 'x' } })).status, 400);
    server.signal('SIGTERM');
    await server.waitForLog(handlingSignal('term'));
    rendezvous.open('held');
    const statuses = await Promise.all(connections.map(async (connection) => (await connection.response()).status));
    assert.deepEqual(statuses, [200, 200, 200, 200, 200]);
    assert.equal((await server.ended()).code, 0);
  },
  onlyTunicorn,
);

scenario(
  'SIGTERM kills requests that run longer than the graceful timeout, and their clients get an error',
  async (scene) => {
    const { rendezvous, server } = await scene.meeting(['--graceful-timeout', '1', '--timeout', '3600']);
    const connection = await scene.connect(server);
    await connection.send(requestBytes('/hold'));
    await rendezvous.arrived('held');
    assert.equal((await server.stop('SIGTERM')).code, 0);
    assert.match(await outcome(connection), otherServer ? /^(50[234]|closed)$/ : /^50[23]$/);
    await server.nothingLeft();
  },
);

scenario(
  'SIGTERM answers every client that still waits for a worker when graceful_timeout is over',
  async (scene) => {
    const args = ['--workers', '2', '--graceful-timeout', '1', '--timeout', '3600'];
    const { rendezvous, server } = await scene.meeting(args);
    const connections = await Promise.all(Array.from({ length: 40 }, () => scene.connect(server)));
    for (const connection of connections) await connection.send(requestBytes('/hold'));
    await rendezvous.arrived('held', 2);
    // A refusal needs no worker, and its connection came last: when it arrives, the gateway has read the others.
    assert.equal((await request(server.target, '/', { headers: { 'Bad name': 'x' } })).status, 400);
    assert.equal((await server.stop('SIGTERM')).code, 0);
    for (const connection of connections) assert.match(await outcome(connection), /^50[23]$/);
    await server.nothingLeft();
  },
  onlyTunicorn,
);

for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
  scenario(`${signal} does not wait for running requests, and their clients get an error`, async (scene) => {
    const { rendezvous, server } = await scene.meeting(['--workers', '2', ...forEver]);
    const connection = await scene.connect(server);
    await connection.send(requestBytes('/hold'));
    await rendezvous.arrived('held');
    assert.equal((await server.stop(signal)).code, 0);
    assert.match(await outcome(connection), /^(50[0234]|closed)$/);
    await server.nothingLeft();
  });
}

scenario('SIGINT after SIGTERM ends the wait', async (scene) => {
  const { rendezvous, server } = await scene.meeting(forEver);
  const connection = await scene.connect(server);
  await connection.send(requestBytes('/hold'));
  await rendezvous.arrived('held');
  server.signal('SIGTERM');
  await server.waitForLog(handlingSignal('term'));
  assert.equal((await server.stop('SIGINT')).code, 0);
  await server.nothingLeft();
});

scenario('SIGTERM while the first workers boot ends the server with 0', async (scene) => {
  const rendezvous = await scene.rendezvous();
  const files = { 'waits.py': 'import rendezvous\nrendezvous.wait("importing")\n' };
  const env = { RENDEZVOUS: rendezvous.address };
  const server = await scene.launch({ app: 'waits', files, env, args: ['--graceful-timeout', '1'] });
  await rendezvous.arrived('importing');
  assert.equal((await server.stop('SIGTERM')).code, 0);
  await server.nothingLeft();
});

for (const [moment, at] of [
  ['as soon as it looks for its interpreter', 'first child'],
  ['while it reads its settings file', 'settings file'],
] as const) {
  for (const signal of ['SIGTTIN', 'SIGTTOU', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const) {
    scenario(
      `${signal} to a server ${moment} neither stops nor ends it`,
      async (scene) => {
        const rendezvous = await scene.rendezvous();
        const files = { 'gunicorn.conf.py': 'import rendezvous\nrendezvous.wait("settings")\n' };
        const env = { RENDEZVOUS: rendezvous.address };
        const server = await scene.launch({ app: 'hello', files, chdir: appFolder('hello'), env });
        if (at === 'first child') await eventually('a child', () => server.family().all.length > 1);
        else await rendezvous.arrived('settings');
        assert.equal(server.log.lines.length, 0, server.log.text());
        server.signal(signal);
        rendezvous.open('settings');
        await server.ready();
        assert.equal(await getText(server.target), 'hello\n');
        assert.notEqual(readEntry(server.pid)?.state, 'T');
        // Node's own answer to SIGUSR1 is a debugger at a port.
        assert.doesNotMatch(server.log.text(), /Debugger/);
        const end = await server.stop('SIGTERM');
        assert.deepEqual([end.code, end.signal], [0, null]);
        await server.nothingLeft();
      },
      onlyTunicorn,
    );
  }
}

scenario('SIGTTIN adds a worker, SIGTTOU removes one, down to one', async (scene) => {
  const server = await scene.tunicorn({ app: 'hello', args: ['--workers', '2'] });
  const first = await server.workers(2);
  server.signal('SIGTTIN');
  await server.waitForLog(handlingSignal('ttin'));
  const three = await server.workers(3);
  assert.ok(
    first.every((pid) => three.includes(pid)),
    'the old ones stay',
  );
  for (const count of [2, 1]) {
    const since = server.log.mark();
    server.signal('SIGTTOU');
    await server.waitForLog(handlingSignal('ttou'), since);
    await server.workers(count);
  }
  const [last] = server.workerPids();
  const since = server.log.mark();
  server.signal('SIGTTOU');
  await server.waitForLog(handlingSignal('ttou'), since);
  assert.equal(await getText(server.target), 'hello\n');
  assert.deepEqual(await server.workers(1), [last]);
  server.signal('SIGTTIN');
  await server.workers(2);
});

scenario('three SIGTTINs add three workers', async (scene) => {
  const server = await scene.tunicorn({ app: 'hello' });
  for (let count = 0; count < 3; count += 1) {
    const since = server.log.mark();
    server.signal('SIGTTIN');
    await server.waitForLog(handlingSignal('ttin'), since);
  }
  await server.workers(4);
});

scenario('SIGTTOU lets the worker that leaves finish its request', async (scene) => {
  const { rendezvous, server } = await scene.meeting(['--workers', '2', ...forEver]);
  const connections = [await scene.connect(server), await scene.connect(server)];
  for (const connection of connections) await connection.send(requestBytes('/hold'));
  await rendezvous.arrived('held', 2);
  server.signal('SIGTTOU');
  await server.waitForLog(handlingSignal('ttou'));
  rendezvous.open('held');
  for (const connection of connections) assert.equal((await connection.response()).status, 200);
  await server.workers(1);
});

scenario('SIGUSR1 opens the log files again', async (scene) => {
  const [access, errors] = [scene.path('access.log'), scene.path('error.log')];
  const server = await scene.launch({
    app: 'hello',
    args: ['--access-logfile', access, '--error-logfile', errors, '--workers', '2'],
  });
  const serves = async (): Promise<boolean> =>
    await request(server.target, '/first').then(
      () => true,
      () => false,
    );
  await eventually('the server to answer', serves);
  await eventually('the first line', () => existsSync(access) && readFileSync(access, 'utf8').includes('GET /first'));
  const before = server.workerPids();
  renameSync(access, `${access}.1`);
  renameSync(errors, `${errors}.1`);
  server.signal('SIGUSR1');
  await eventually('new files', () => existsSync(access) && existsSync(errors));
  await request(server.target, '/second');
  await eventually('the second line in the new file', () => readFileSync(access, 'utf8').includes('GET /second'));
  assert.doesNotMatch(readFileSync(`${access}.1`, 'utf8'), /second/);
  assert.match(readFileSync(`${errors}.1`, 'utf8') + readFileSync(errors, 'utf8'), /Handling signal: usr1/);
  server.signal('SIGTTIN');
  await eventually('the error log to go on in the new file', () =>
    readFileSync(errors, 'utf8').includes('Handling signal: ttin'),
  );
  assert.ok(before.every((pid) => server.workerPids().includes(pid)));
});

scenario('SIGWINCH is ignored by a server that is not a daemon', async (scene) => {
  const server = await scene.tunicorn({ app: 'hello', args: ['--workers', '2', '--log-level', 'debug'] });
  const before = await server.workers(2);
  server.signal('SIGWINCH');
  await server.waitForLog(/SIGWINCH ignored/);
  assert.equal(await getText(server.target), 'hello\n');
  assert.deepEqual(server.workerPids(), before);
});

scenario('SIGTERM to a worker replaces it without losing a request', async (scene) => {
  const { rendezvous, server } = await scene.meeting(forEver);
  const [pid = 0] = await server.workers(1);
  const connection = await scene.connect(server);
  await connection.send(requestBytes('/hold'));
  await rendezvous.arrived('held');
  process.kill(pid, 'SIGTERM');
  rendezvous.open('held');
  const response = await connection.response();
  assert.deepEqual([response.status, response.body.toString()], [200, String(pid)]);
  const [next] = await eventually('another worker', () => {
    const pids = server.workerPids();
    return pids.length === 1 && pids[0] !== pid && pids;
  });
  assert.equal(await getText(server.target), String(next));
});

async function refuses(server: Server): Promise<boolean> {
  const socket = connect({ ...server.target });
  try {
    await once(socket, 'connect');
    return false;
  } catch {
    return true;
  } finally {
    socket.destroy();
  }
}

/** The final status that a client got, or the end of its connection; silence is a failed wait. */
async function outcome(connection: { response(): Promise<{ status: number }> }): Promise<string> {
  try {
    return String((await connection.response()).status);
  } catch (error) {
    if (error instanceof NoResponseError) return 'closed';
    throw error;
  }
}
