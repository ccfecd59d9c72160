// Workers that die repeatedly: during the boot they are forked less and less often, during a request they are replaced immediately.

import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { NoResponseError } from '../../harness/clients/http-connection.ts';
import { getText, request } from '../../harness/clients/http-request.ts';
import { Load } from '../../harness/clients/load.ts';
import { within } from '../../harness/deadline.ts';
import { backingOff, bootingWorker } from '../../harness/log-lines.ts';
import { onlyTunicorn, scenario } from '../../harness/scenario.ts';

const anyBackoff = /the next one is forked in \d+ s/;

const bootsIfHealthy =
  'import os\nif not os.path.exists(os.environ["HEALTHY"]):\n    os._exit(6)\n' +
  'def application(environ, start_response):\n    start_response("200 OK", [])\n    return [b"healthy"]\n';

scenario(
  'workers that no longer boot are forked less and less often, while a healthy one keeps answering',
  async (scene) => {
    const healthy = scene.write('healthy', '');
    const args = ['--workers', '2'];
    const files = { 'app.py': bootsIfHealthy };
    const server = await scene.tunicorn({ app: 'app', args, env: { HEALTHY: healthy }, files });
    const [doomed = 0, survivor = 0] = await server.workers(2);
    const load = new Load(server.target, {
      keepAliveClients: 1,
      freshClients: 1,
      pauseMs: 5,
      request: () => ({ path: '/' }),
      check: ({ body }) => (body.toString() === 'healthy' ? undefined : body.toString()),
    });
    await load.answeredMore(10);
    rmSync(healthy);
    const since = server.log.mark();
    process.kill(doomed, 'SIGKILL');
    await server.waitForLog(/the next one is forked in ([4-9]|\d\d) s/, since);
    // One for each of the waits of 0, 1 and 2 s.
    assert.equal(server.log.count(bootingWorker, since), 3, server.log.text(since));
    assert.equal(server.log.count(/exited with code 6/, since), 3);
    const waits = server.log.lines.slice(since).flatMap((line) => backingOff.exec(line)?.[1] ?? []);
    assert.deepEqual(waits, ['1', '2', '4']);
    await load.answeredMore(10);
    assert.deepEqual(server.workerPids(), [survivor]);
    scene.write('healthy', '');
    await server.workers(2);
    const result = await load.stop();
    // The killed worker may have had a request.
    assert.ok(result.failed <= 1 && result.wrong === 0, result.complaints.join('\n'));
  },
  onlyTunicorn,
);

scenario('a boot error of any length, with any characters, ends the worker, not its forkserver', async (scene) => {
  const app =
    'import os\nif not os.path.exists(os.environ["HEALTHY"]):\n    raise RuntimeError("U0001f600" * 600)\n\n\n' +
    'def app(environ, start_response):\n    start_response("200 OK", [])\n    return [b"healthy"]\n';
  const healthy = scene.write('healthy', '');
  const server = await scene.tunicorn({ app: 'emoji:app', env: { HEALTHY: healthy }, files: { 'emoji.py': app } });
  rmSync(healthy);
  server.signal('SIGHUP');
  await server.waitForLog(
    /Generation 2 gave up: Worker failed to boot\. RuntimeError: \S{100,}; generation 1 keeps serving/u,
  );
  assert.equal(await getText(server.target), 'healthy');
  server.signal('SIGHUP');
  await server.waitForLog(/Generation 3 gave up: Worker failed to boot/);
});

const diesIn =
  'import os, signal\n' +
  'class Last:\n' +
  '    def __iter__(self):\n        yield b"last words"\n' +
  '    def close(self):\n        os._exit(6)\n' +
  'def application(environ, start_response):\n' +
  '    if environ["PATH_INFO"] == "/exit":\n        os._exit(6)\n' +
  '    if environ["PATH_INFO"] == "/crash":\n        os.kill(os.getpid(), signal.SIGSEGV)\n' +
  '    start_response("200 OK", [("Content-Length", "10")])\n' +
  '    return Last() if environ["PATH_INFO"] == "/last" else [b"first here"]\n';

for (const [what, path] of [
  ['exit in a request', '/exit'],
  ['crash in a request', '/crash'],
  ['exit after their response', '/last'],
] as const) {
  scenario(
    `workers that ${what} are replaced immediately, however often`,
    async (scene) => {
      const server = await scene.tunicorn({ app: 'app', files: { 'app.py': diesIn } });
      for (let count = 1; count <= 5; count += 1) {
        const since = server.log.mark();
        const outcome = await request(server.target, path).then(
          ({ status }) => status,
          (error: unknown) => {
            if (error instanceof NoResponseError) return 'nothing';
            throw error;
          },
        );
        assert.equal(outcome, path === '/last' ? 200 : 502);
        await server.waitForLog(/exited with code 6|was sent SIGSEGV/, since);
        assert.equal(await within('the next worker', getText(server.target)), 'first here');
      }
      assert.equal(server.log.count(bootingWorker), 6);
      assert.equal(server.log.count(anyBackoff), 0, server.log.text());
    },
    onlyTunicorn,
  );
}
