// /livez and /readyz, through everything that makes a server ready or not.

import assert from 'node:assert/strict';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { request, requestBytes } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { gaveUp, generationServing } from '../../harness/log-lines.ts';
import { freePort, onlyTunicorn, scenario } from '../../harness/scenario.ts';
import { adminAddress, metricsText, probe, probed, scrape } from '../../harness/subjects/admin-address.ts';
import { startDaemon } from '../../harness/subjects/daemon.ts';

const STARTING = '503 not ready: the first generation is starting';

/** Is imported only while a file is there. */
const gated = (gate: string, answer: string): string => `import os, time
while not os.path.exists(${JSON.stringify(gate)}):
    time.sleep(0.02)
def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "${answer.length}")])
    return [b"${answer}"]
`;

const ALWAYS = gated('/', 'hello');

scenario(
  'a server is ready from its first worker on, through reloads that succeed or fail, until TERM',
  async (scene) => {
    const { target, flags } = await adminAddress();
    const gate = scene.path('gate');
    const args = [...flags, '--shutdown-delay', '60'];
    const server = await scene.launch({ app: 'app', args, files: { 'app.py': gated(gate, 'first') } });
    await probed(target, '/readyz', STARTING);
    assert.equal(await probe(target, '/livez'), '200 ok');
    writeFileSync(gate, '');
    await server.ready();
    assert.equal(await probe(target, '/readyz'), '200 ok');

    rmSync(gate);
    const booting = server.log.mark();
    server.signal('SIGHUP');
    await server.waitForLog(/Booting worker/, booting);
    assert.equal(await probe(target, '/readyz'), '200 ok');
    writeFileSync(gate, '');
    await server.waitForLog(generationServing(2));
    assert.equal(await probe(target, '/readyz'), '200 ok');

    scene.write('app.py', 'raise RuntimeError("a broken deploy")\n');
    server.signal('SIGHUP');
    await server.waitForLog(gaveUp);
    assert.equal(await probe(target, '/readyz'), '200 ok');

    server.signal('SIGTERM');
    await server.waitForLog(/Serving for 60 s more/);
    assert.equal(await probe(target, '/readyz'), '503 not ready: the server will stop after shutdown_delay');
    assert.equal(await probe(target, '/livez'), '200 ok');
    assert.equal((await server.stop()).code, 0);
  },
  onlyTunicorn,
);

scenario(
  'a stopping server is not ready, and alive to the end of its last request',
  async (scene) => {
    const { target, flags } = await adminAddress();
    const { server, rendezvous } = await scene.meeting(flags);
    const connection = await scene.connect(server);
    await connection.send(requestBytes('/hold'));
    await rendezvous.arrived('held');
    server.signal('SIGTERM');
    await probed(target, '/readyz', '503 not ready: the server is stopping');
    assert.equal(await probe(target, '/livez'), '200 ok');
    rendezvous.release('held');
    assert.equal((await connection.response()).status, 200);
    assert.equal((await server.ended()).code, 0);
  },
  onlyTunicorn,
);

scenario(
  'a daemon that WINCH has paused is not ready until TTIN',
  async (scene) => {
    const { target, flags } = await adminAddress();
    const { server, pid, signal } = await startDaemon(scene, { app: 'hello', args: flags });
    await probed(target, '/readyz', '200 ok');
    signal('SIGWINCH');
    await probed(target, '/readyz', '503 not ready: the server is paused (WINCH); TTIN or HUP resumes it');
    assert.equal(await probe(target, '/livez'), '200 ok');
    signal('SIGTTIN');
    await probed(target, '/readyz', '200 ok');
    // The request of startDaemon(): the gateway that has left took no count with it.
    assert.equal((await scrape(target)).get('tunicorn_requests_total{code="2xx"}'), 1);
    process.kill(pid, 'SIGTERM');
    await server.nothingLeft();
  },
  onlyTunicorn,
);

scenario(
  'with ready_queue_limit a server is not ready while more requests wait',
  async (scene) => {
    const { target, flags } = await adminAddress();
    const { server, rendezvous } = await scene.meeting([...flags, '--ready-queue-limit', '2']);
    const connections = await Promise.all(Array.from({ length: 12 }, () => scene.connect(server)));
    for (const connection of connections) await connection.send(requestBytes('/hold'));
    await eventually('too long a queue', async () =>
      /^503 .*more than ready_queue_limit \(2\)$/.test(await probe(target, '/readyz')),
    );
    rendezvous.open('held');
    for (const connection of connections) assert.equal((await connection.response()).status, 200);
    await probed(target, '/readyz', '200 ok');
  },
  onlyTunicorn,
);

scenario(
  'a Unix socket has the mode of umask, the token protects metrics but not probes, and the socket is removed at the end',
  async (scene) => {
    const path = scene.path('admin.sock');
    const port = await freePort('0.0.0.0');
    const binds = ['--admin-bind', `unix:${path}`, '--admin-bind', `:${port}`];
    const config = 'admin_token = "sesame"\n';
    const files = { 'gunicorn.conf.py': config, 'app.py': ALWAYS };
    const server = await scene.tunicorn({
      app: 'app',
      args: [...binds, '--umask', '0o027'],
      files,
    });
    assert.equal(statSync(path).mode & 0o777, 0o750);
    await probed({ path }, '/readyz', '200 ok');
    assert.equal(await probe({ host: '127.0.0.1', port }, '/livez'), '200 ok');
    for (const [authorization, wanted] of [
      ['', 401],
      ['Bearer sesam', 401],
      ['Bearer sesame', 200],
    ] as const) {
      const headers = { Authorization: authorization };
      assert.equal((await request({ path }, '/metrics', { headers })).status, wanted, authorization);
      assert.equal((await request({ path }, '/status', { headers })).status, wanted, authorization);
    }
    const { body } = await request({ path }, '/status', { headers: { Authorization: 'Bearer sesame' } });
    assert.doesNotMatch(body.toString(), /sesame/);
    assert.doesNotMatch(server.log.text(), /admin_token is not set/);
    // Without the token, and with another address.
    scene.write('gunicorn.conf.py', '');
    server.signal('SIGHUP');
    await server.waitForLog(/Everyone who can reach http:\/\/0\.0\.0\.0:\d+ can read the metrics/);
    await metricsText({ path }, '');
    await server.stop();
    assert.throws(() => statSync(path), /ENOENT/);
  },
  onlyTunicorn,
);

scenario(
  'a reload changes the admin address; one with an address in use fails, and the old address stays',
  async (scene) => {
    const first = await freePort();
    const second = await freePort();
    const taken = createServer();
    const takenPort = await freePort();
    await new Promise<void>((resolve) => taken.listen(takenPort, '127.0.0.1', resolve));
    scene.defer(() => void taken.close());
    const config = (port: number): string => `admin_bind = "127.0.0.1:${port}"\n`;
    const server = await scene.tunicorn({
      app: 'app',
      files: { 'gunicorn.conf.py': config(first), 'app.py': ALWAYS },
    });
    await probed({ host: '127.0.0.1', port: first }, '/readyz', '200 ok');
    scene.write('gunicorn.conf.py', config(second));
    server.signal('SIGHUP');
    await server.waitForLog(generationServing(2));
    await probed({ host: '127.0.0.1', port: second }, '/readyz', '200 ok');
    await assert.rejects(probe({ host: '127.0.0.1', port: first }, '/readyz'));
    scene.write('gunicorn.conf.py', config(takenPort));
    server.signal('SIGHUP');
    await server.waitForLog(/Generation 3 gave up.*admin_bind: .*it is held by/);
    assert.equal(await probe({ host: '127.0.0.1', port: second }, '/readyz'), '200 ok');
  },
  onlyTunicorn,
);
