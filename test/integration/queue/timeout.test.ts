// Workers that take too long: for a request, to boot, or that die again and again.

import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { getText, request, requestBytes } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { backingOff, bootingWorker, workerTimeout } from '../../harness/log-lines.ts';
import { isAlive } from '../../harness/machine/process-table.ts';
import { onlyTunicorn, scenario } from '../../harness/scenario.ts';

scenario(
  'a request that runs longer than the timeout is answered 504, and its worker replaced',
  async (scene) => {
    const { rendezvous, server } = await scene.meeting(['--timeout', '1']);
    const [pid = 0] = await server.workers(1);
    const connection = await scene.connect(server);
    await connection.send(requestBytes('/sleep?secret=1', { method: 'POST', body: 'body' }));
    await rendezvous.noted('asleep');
    const response = await connection.response();
    assert.deepEqual([response.status, response.end], [504, 'complete']);
    await server.waitForLog(workerTimeout(pid));
    await eventually('the worker to end', () => !isAlive(pid));
    const [next] = await server.workers(1);
    assert.notEqual(next, pid);
    assert.equal(await getText(server.target), String(next));
  },
  onlyTunicorn,
);

scenario(
  'the log has the stack of a worker at its deadline',
  async (scene) => {
    const { server } = await scene.meeting(['--timeout', '1']);
    const [pid = 0] = await server.workers(1);
    await request(server.target, '/sleep?query=1', { method: 'DELETE' });
    await server.waitForLog(workerTimeout(pid));
    const since = server.log.positions(workerTimeout(pid))[0] ?? 0;
    await server.waitForLog(/DELETE \/sleep/, since);
    await server.waitForLog(/\b[12](\.\d+)? ?s/, since);
    await server.waitForLog(/sleeper\.py", line \d+.* in? ?fall_asleep|in fall_asleep/, since);
    await server.waitForLog(/sleeper\.py", line \d+,? in application/, since);
    assert.equal(server.log.count(/in fall_asleep/), 1, server.log.text());
    assert.equal(server.log.count(/WorkerEnded/), 0);
  },
  onlyTunicorn,
);

scenario(
  'a timeout after the head cuts the response off',
  async (scene) => {
    const { server } = await scene.meeting(['--timeout', '1']);
    const response = await request(server.target, '/sleep-after-head');
    assert.deepEqual([response.status, response.body.toString(), response.end], [200, 'awake, ', 'cut']);
  },
  onlyTunicorn,
);

scenario(
  'a worker that ignores SIGABRT is killed',
  async (scene) => {
    const app =
      'import signal, time\n\ndef application(environ, start_response):\n    signal.signal(signal.SIGABRT, signal.SIG_IGN)\n' +
      '    if environ["PATH_INFO"] == "/sleep":\n        time.sleep(3600)\n    start_response("200 OK", [])\n    return [b"awake"]\n';
    const server = await scene.tunicorn({ app: 'deaf', args: ['--timeout', '1'], files: { 'deaf.py': app } });
    const [pid = 0] = await server.workers(1);
    assert.equal((await request(server.target, '/sleep')).status, 504);
    await eventually('the worker to end', () => !isAlive(pid));
    assert.equal(await getText(server.target), 'awake');
  },
  onlyTunicorn,
);

scenario(
  'a busy loop in C code that never returns to Python times out as well',
  async (scene) => {
    const app =
      'def application(environ, start_response):\n    if environ["PATH_INFO"] == "/loop":\n        sum(iter(int, 1))\n' +
      '    start_response("200 OK", [])\n    return [b"awake"]\n';
    const server = await scene.tunicorn({ app: 'loop', args: ['--timeout', '1'], files: { 'loop.py': app } });
    assert.equal((await request(server.target, '/loop')).status, 504);
    assert.equal(await getText(server.target), 'awake');
  },
  onlyTunicorn,
);

scenario(
  'a timeout of one request does not touch the others',
  async (scene) => {
    const { rendezvous, server } = await scene.meeting(['--timeout', '2', '--workers', '2']);
    const before = await server.workers(2);
    const asleep = request(server.target, '/sleep');
    await rendezvous.noted('asleep');
    const other = await scene.connect(server);
    const served = new Set<string>();
    let timedOut = false;
    void asleep.then(() => {
      timedOut = true;
    });
    while (!timedOut) {
      await other.send(requestBytes('/'));
      const response = await other.response();
      assert.equal(response.status, 200);
      served.add(response.body.toString());
    }
    assert.equal((await asleep).status, 504);
    // The client is answered first, then the worker is killed.
    await server.waitForLog(/is gone/);
    const after = await server.workers(2);
    assert.equal(before.filter((pid) => after.includes(pid)).length, 1, 'one worker was replaced, one was not');
    assert.ok(before.some((pid) => served.has(String(pid)) && after.includes(pid)));
  },
  onlyTunicorn,
);

scenario(
  'the wait for a worker does not count: timeout starts with the claim',
  async (scene) => {
    const { rendezvous, server } = await scene.meeting(['--timeout', '3', '--workers', '1']);
    const first = await scene.connect(server);
    const second = await scene.connect(server);
    await first.send(requestBytes('/sleep'));
    await rendezvous.noted('asleep');
    await second.send(requestBytes('/'));
    assert.equal((await first.response()).status, 504);
    assert.equal((await second.response()).status, 200);
  },
  onlyTunicorn,
);

scenario(
  'an idle worker has no timeout',
  async (scene) => {
    const { server } = await scene.meeting(['--timeout', '1', '--workers', '3']);
    // Three requests, one after the other, time out; meanwhile two workers have nothing to do for as long.
    for (let count = 0; count < 3; count += 1) assert.equal((await request(server.target, '/sleep')).status, 504);
    await eventually('three timeouts', () => server.log.count(/WORKER TIMEOUT/) === 3);
    await eventually('three replacements', () => server.log.count(bootingWorker) === 6);
    await server.workers(3);
    assert.equal(server.log.count(/WORKER TIMEOUT/), 3);
  },
  onlyTunicorn,
);

scenario('--timeout 0 never kills', async (scene) => {
  const { rendezvous, server } = await scene.meeting(['--timeout', '0', '--workers', '2']);
  const connection = await scene.connect(server);
  await connection.send(requestBytes('/hold'));
  await rendezvous.arrived('held');
  // By the time this many other requests are done, late workers have been looked for several times.
  for (let count = 0; count < 500; count += 1) await getText(server.target);
  rendezvous.open('held');
  assert.equal((await connection.response()).status, 200);
  assert.equal(server.log.count(/WORKER TIMEOUT/), 0);
});

scenario(
  'a worker whose boot exceeds timeout is replaced',
  async (scene) => {
    const once =
      'import os, time\ntry:\n    os.close(os.open(os.environ["ONCE"], os.O_CREAT | os.O_EXCL))\n    time.sleep(3600)\nexcept FileExistsError:\n    pass\n' +
      'def application(environ, start_response):\n    start_response("200 OK", [])\n    return [b"booted"]\n';
    const env = { ONCE: scene.path('once') };
    const server = await scene.launch({ app: 'slow', args: ['--timeout', '2'], env, files: { 'slow.py': once } });
    const first = Number((await server.waitForLog(bootingWorker))[1]);
    await server.ready();
    assert.equal(await getText(server.target), 'booted');
    await eventually('the first worker to end', () => !isAlive(first));
    assert.match(server.log.text(), new RegExp(String.raw`pid:? ?${first}\b`));
  },
  onlyTunicorn,
);

scenario(
  'after a timeout the successor gets enough time to boot on a busy machine',
  async (scene) => {
    // The first boot is quick; the later ones take longer than timeout, again and again.
    const app =
      'import os, time\nif os.path.exists(os.environ["SLOW"]):\n    time.sleep(3)\n' +
      'def application(environ, start_response):\n    while environ["PATH_INFO"] == "/spin":\n        pass\n' +
      '    start_response("200 OK", [])\n    return [b"back"]\n';
    const env = { SLOW: scene.path('slow') };
    const server = await scene.tunicorn({ app: 'spin', args: ['--timeout', '1'], env, files: { 'spin.py': app } });
    scene.write('slow', '');
    assert.equal((await request(server.target, '/spin')).status, 504);
    assert.equal(await getText(server.target), 'back');
    assert.equal(server.log.count(bootingWorker), 2, server.log.text());
  },
  onlyTunicorn,
);

scenario(
  'a crash loop backs off, is logged, and ends when its cause is gone',
  async (scene) => {
    const crash =
      'import os\nif not os.path.exists(os.environ["HEALTHY"]):\n    os._exit(9)\n' +
      'def application(environ, start_response):\n    start_response("200 OK", [])\n    return [b"healthy"]\n';
    const healthy = scene.write('healthy', '');
    const server = await scene.tunicorn({ app: 'crash', env: { HEALTHY: healthy }, files: { 'crash.py': crash } });
    const [pid = 0] = await server.workers(1);
    rmSync(healthy);
    process.kill(pid, 'SIGKILL');
    await server.waitForLog(backingOff);
    const waiting = await scene.connect(server);
    await waiting.send(requestBytes('/'));
    scene.write('healthy', '');
    assert.equal((await waiting.response()).body.toString(), 'healthy');
    assert.equal(await getText(server.target), 'healthy');
    assert.ok(server.log.count(bootingWorker) < 30, 'not one attempt after the other');
  },
  onlyTunicorn,
);
