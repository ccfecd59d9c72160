// TERM, INT and QUIT before the server serves: the start ends immediately at any step, and leaves nothing behind.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { eventually } from '../../harness/deadline.ts';
import { onlyTunicorn, type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

// Longer than any test may last: nothing here ends by its own time.
const HANG = 'import time\nopen("hangs", "w").close()\ntime.sleep(3600)\n';
const APP = 'def application(environ, start_response):\n    start_response("200 OK", [])\n    return []\n';
const ON_EXIT = 'def on_exit(server):\n    open("on_exit", "w").close()\n';

interface Phase {
  readonly what: string;
  readonly config: string;
  readonly app: string;
  readonly args: readonly string[];
}

const PHASES: readonly Phase[] = [
  { what: 'the configuration file', config: HANG, app: APP, args: [] },
  {
    what: 'on_starting',
    config: `def on_starting(server):\n    ${HANG.replaceAll('\n', ';').slice(0, -1)}\n`,
    app: APP,
    args: [],
  },
  { what: 'the import with --preload', config: '', app: HANG + APP, args: ['--preload'] },
  { what: 'the import with --preload, before on_exit', config: ON_EXIT, app: HANG + APP, args: ['--preload'] },
  { what: 'the import in workers', config: '', app: HANG + APP, args: ['--workers', '2', '--timeout', '0'] },
];

for (const { what, config, app, args } of PHASES) {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    scenario(
      `${signal} during ${what} ends the start, without graceful_timeout`,
      async (scene) => {
        const server = await hanging(scene, { what, config, app, args });
        server.signal(signal);
        const { code, signal: by } = await server.exit;
        assert.ok(by === signal || code === 0, `the command ended with ${by ?? code}`);
        await server.nothingLeft();
        assert.equal(existsSync(scene.path('on_exit')), config === ON_EXIT);
      },
      onlyTunicorn,
    );
  }
}

scenario('Ctrl-C ends every process of a start immediately', async (scene) => {
  const server = await hanging(scene, PHASES[0] as Phase);
  for (const pid of server.family().all) process.kill(pid, 'SIGINT');
  await server.exit;
  await server.nothingLeft();
});

const FAILURES: readonly { readonly what: string; readonly config: string; readonly args: readonly string[] }[] = [
  { what: 'an interpreter that does not exist', config: '', args: ['--python', '/no/such/python'] },
  { what: 'an error in the configuration file', config: '1 / 0\n', args: [] },
  { what: 'an invalid setting', config: 'workers = "many"\n', args: [] },
  { what: 'an error in on_starting', config: 'def on_starting(server):\n    1 / 0\n', args: [] },
  { what: 'an address of another machine', config: '', args: ['--bind', 'no.such.host.invalid:80'] },
];

for (const { what, config, args } of FAILURES) {
  scenario(
    `a start that fails by ${what} leaves no process behind, not even one that was started early`,
    async (scene) => {
      const files = { 'gunicorn.conf.py': config, 'app.py': APP };
      const server = await scene.launch({ app: 'app', args: [...args], files });
      const { code, signal } = await server.exit;
      assert.deepEqual([code, signal], [1, null]);
      await server.nothingLeft();
    },
    onlyTunicorn,
  );
}

async function hanging(scene: Scene, { config, app, args }: Phase): Promise<Server> {
  const files = { 'gunicorn.conf.py': config, 'app.py': app };
  // The last deadline is far away: a start that waits for it fails.
  const server = await scene.launch({ app: 'app', args: [...args, '--graceful-timeout', '3600'], files });
  await eventually('the start to hang', () => existsSync(scene.path('hangs')));
  return server;
}
