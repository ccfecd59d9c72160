// The notifications that systemd gets from the service, and their senders: it trusts only the main process (NotifyAccess=main).

import assert from 'node:assert/strict';
import { getText } from '../../harness/clients/http-request.ts';
import { eventually, pause } from '../../harness/deadline.ts';
import { NotifySocket } from '../../harness/doubles/notify-socket.ts';
import { type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';
import { upgrade } from '../../harness/subjects/upgrade.ts';

const WATCHDOG_MS = 1000;

for (const kind of ['a path', 'an abstract name'] as const) {
  scenario(`READY comes from the arbiter when it serves, STOPPING when it stops, to ${kind}`, async (scene) => {
    const address = kind === 'a path' ? scene.path('notify.sock') : `@tunicorn-test-${process.pid}-${Date.now()}`;
    const socket = await NotifySocket.open(scene, address);
    const server = await scene.tunicorn({ app: 'hello', args: ['--workers', '2'], env: { NOTIFY_SOCKET: address } });
    const ready = await socket.waitFor(/READY=1/);
    assert.equal(ready.pid, server.pid);
    assert.equal(ready.fields.get('MAINPID'), String(server.pid));
    // The first worker that is ready serves; the other one may follow.
    assert.match(ready.fields.get('STATUS') ?? '', /^Generation 1 serves with (1 of )?2 workers$/);
    await socket.waitFor(/STATUS=Generation 1 serves with 2 workers/);
    assert.equal(await getText(server.target), 'hello\n');
    server.signal('SIGTTIN');
    await socket.waitFor(/STATUS=Generation 1 serves with 3 workers/);
    await server.stop();
    const stopping = await socket.waitFor(/STOPPING=1/);
    assert.equal(stopping.pid, server.pid);
    assert.ok(socket.notices().every(({ pid }) => pid === server.pid));
    await server.nothingLeft();
  });
}

scenario('READY does not come before the application is loaded', async (scene) => {
  const { server, socket } = await start(scene, { app: 'crash_at_import', isLaunchedOnly: true });
  assert.equal((await server.ended()).code, 3);
  await socket.waitFor(/STOPPING=1/);
  assert.equal(
    socket.notices().some(({ fields }) => fields.has('READY')),
    false,
  );
});

scenario(
  'a reload sends RELOADING with the time, then READY; one that fails sends the reason, and the server continues',
  async (scene) => {
    const { server, socket } = await start(scene, { files: { 'program.py': program } });
    await socket.waitFor(/READY=1/);
    let since = socket.mark();
    const before = process.hrtime.bigint() / 1000n;
    server.signal('SIGHUP');
    const reloading = await socket.waitFor(/RELOADING=1/, since);
    const usec = BigInt(reloading.fields.get('MONOTONIC_USEC') ?? '0');
    assert.ok(usec >= before && usec <= process.hrtime.bigint() / 1000n, `${usec}`);
    const ready = await socket.waitFor(/READY=1/, since);
    assert.equal(ready.fields.get('STATUS'), 'Generation 2 serves with 1 worker');
    scene.write('program.py', 'raise ImportError("not today")\n');
    since = socket.mark();
    server.signal('SIGHUP');
    await socket.waitFor(/RELOADING=1/, since);
    const back = await socket.waitFor(/READY=1/, since);
    assert.match(
      back.fields.get('STATUS') ?? '',
      /^Generation 2 serves with 1 worker; the last reload failed: .*not today/,
    );
    scene.write('program.py', program);
    since = socket.mark();
    server.signal('SIGHUP');
    const good = await socket.waitFor(/READY=1/, since);
    assert.equal(good.fields.get('STATUS'), 'Generation 4 serves with 1 worker');
  },
);

scenario('WATCHDOG is sent as long as a gateway answers, and not when none does', async (scene) => {
  const { server, socket } = await start(scene, { env: { WATCHDOG_USEC: `${WATCHDOG_MS * 1000}` } });
  await socket.waitFor(/READY=1/);
  const first = await socket.waitFor(/WATCHDOG=1/);
  assert.equal(first.pid, server.pid);
  await socket.waitFor(/WATCHDOG=1/, socket.mark());
  const { gateways } = server.family();
  for (const pid of gateways) process.kill(pid, 'SIGSTOP');
  // Notices arrive in the order in which they were sent: after this one there are no earlier ones.
  const mark = socket.mark();
  server.signal('SIGTTIN');
  await socket.waitFor(/serves with 2 workers/, mark);
  // One response may have come before; after that there is silence, however often the watchdog is due meanwhile.
  const since = socket.mark();
  await pause(3 * WATCHDOG_MS);
  server.signal('SIGTTIN');
  await socket.waitFor(/serves with 3 workers/, since);
  const watchdogs = socket.notices(since).filter(({ fields }) => fields.has('WATCHDOG'));
  assert.ok(watchdogs.length <= 1, `${watchdogs.length} watchdog notices`);
  for (const pid of gateways) process.kill(pid, 'SIGCONT');
  await socket.waitFor(/WATCHDOG=1/, socket.mark());
});

scenario('a watchdog that is meant for another process is not notified', async (scene) => {
  const { server, socket } = await start(scene, { env: { WATCHDOG_USEC: '100000', WATCHDOG_PID: '1' } });
  await socket.waitFor(/READY=1/);
  server.signal('SIGHUP');
  await socket.waitFor(/STATUS=Generation 2 serves/);
  assert.equal(
    socket.notices().some(({ fields }) => fields.has('WATCHDOG')),
    false,
  );
});

scenario('an upgraded server names its successor, which notifies the service manager from then on', async (scene) => {
  const { server, socket } = await start(scene, {});
  await socket.waitFor(/READY=1/);
  const fresh = await upgrade(server);
  assert.ok(socket.notices().every(({ pid }) => pid === server.pid));
  const since = socket.mark();
  server.signal('SIGTERM');
  const handover = await socket.waitFor(/MAINPID/, since);
  assert.equal(handover.pid, server.pid);
  assert.equal(handover.fields.get('MAINPID'), String(fresh));
  const ready = await socket.waitFor(/READY=1/, since);
  assert.equal(ready.pid, fresh);
  assert.equal(
    socket.notices().some(({ fields }) => fields.has('STOPPING')),
    false,
  );
  process.kill(fresh, 'SIGTERM');
  assert.equal((await socket.waitFor(/STOPPING=1/, since)).pid, fresh);
  await server.nothingLeft();
});

for (const [what, address] of [
  ['does not exist', '/nowhere/notify.sock'],
  ['is of another kind', 'vsock:2:1234'],
] as const) {
  scenario(`a notify socket that ${what} only causes a warning`, async (scene) => {
    const server = await scene.tunicorn({ app: 'hello', env: { NOTIFY_SOCKET: address } });
    await server.waitForLog(
      new RegExp(`\\[WARNING\\] Cannot notify the service manager at NOTIFY_SOCKET=${address}: `),
    );
    assert.equal(await getText(server.target), 'hello\n');
    assert.equal((await server.stop()).code, 0);
  });
}

scenario('when the service manager goes away, the notices end, not the server', async (scene) => {
  const { server, socket } = await start(scene, {});
  await socket.waitFor(/READY=1/);
  await socket.close();
  server.signal('SIGTTIN');
  await server.waitForLog(/Cannot notify the service manager/);
  await eventually('two workers', () => server.workerPids().length === 2);
  assert.equal(await getText(server.target), 'hello\n');
});

interface StartOptions {
  readonly app?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly isLaunchedOnly?: true;
}

async function start(scene: Scene, options: StartOptions): Promise<{ server: Server; socket: NotifySocket }> {
  const socket = await NotifySocket.open(scene);
  const { files, app = files === undefined ? 'hello' : 'program', isLaunchedOnly } = options;
  const env = { NOTIFY_SOCKET: socket.address, ...options.env };
  const launch = { app, env, ...(files === undefined ? {} : { files }) };
  const server = isLaunchedOnly ? await scene.launch(launch) : await scene.tunicorn(launch);
  return { server, socket };
}

const program = `def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "0")])
    return [b""]
`;
