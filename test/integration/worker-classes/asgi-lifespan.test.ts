// The lifespan of ASGI applications: at boot, at reload and at the end; and background tasks while a worker drains.

import assert from 'node:assert/strict';
import { getText, request, requestBytes } from '../../harness/clients/http-request.ts';
import { workerExiting } from '../../harness/log-lines.ts';
import { appFolder, otherServer } from '../../harness/project.ts';
import { type LaunchOptions, scenario } from '../../harness/scenario.ts';

const only = { skip: otherServer && 'only for Tunicorn' } as const;

function app(lifespan: string, ...args: readonly string[]): LaunchOptions {
  return { app: 'asgi_app:app', args: ['-k', 'asgi', ...args], env: { LIFESPAN: lifespan } };
}

scenario(
  'start-up comes before the first request, shutdown after the last',
  async (scene) => {
    const server = await scene.tunicorn(app(''));
    const [pid] = await server.workers(1);
    assert.equal(JSON.parse(await getText(server.target, '/scope')).state.started, pid);
    const since = server.log.mark();
    const waiting = request(server.target, '/wait?1');
    await server.waitForLog(/^waits/, since);
    server.signal('SIGTERM');
    assert.equal((await waiting).status, 200);
    const { code, text } = await server.ended();
    assert.equal(code, 0);
    assert.match(text, /shutdown begins\nshutdown is complete\n/);
    assert.doesNotMatch(text, /never retrieved|was destroyed|Traceback/);
  },
  only,
);

for (const [lifespan, mode, log] of [
  ['fails', 'auto', /failed to start up: the cache is away$/m],
  ['fails', 'on', /failed to start up: the cache is away$/m],
  ['raises', 'on', /RuntimeError: the database is away/],
  ['none', 'on', /NotImplementedError: no lifespan here/],
  ['exits', 'auto', /called sys\.exit\(5\) in its lifespan/],
] as const) {
  scenario(
    `a start-up that ${lifespan} with lifespan ${mode} is a failed boot, with its message`,
    async (scene) => {
      const { code, text } = await scene.run({ ...app(lifespan, '--asgi-lifespan', mode), listen: 'tcp' });
      assert.equal(code, 3);
      assert.match(text, log);
      assert.doesNotMatch(text, /LifespanFailed|tunicorn\/asgi/);
      assert.doesNotMatch(text, /never retrieved|was destroyed/);
    },
    only,
  );
}

for (const [lifespan, mode] of [
  ['none', 'auto'],
  ['raises', 'auto'],
  ['fails', 'off'],
  ['none', 'off'],
] as const) {
  scenario(
    `with lifespan ${mode} an application whose start-up ${lifespan} is served without a lifespan`,
    async (scene) => {
      const server = await scene.tunicorn(app(lifespan, '--asgi-lifespan', mode));
      assert.match(await getText(server.target), /^\d+$/);
      const { code } = await server.stop();
      assert.equal(code, 0);
      assert.equal(server.log.count(/shutdown/), 0);
    },
    only,
  );
}

scenario(
  'a start-up that fails at a reload leaves the old generation in service',
  async (scene) => {
    const files = {
      'gone.py': [
        'import asgi_app, os, pathlib',
        'asgi_app.lifespan = "fails" if pathlib.Path("broken").exists() else ""',
        'app = asgi_app.app',
      ].join('\n'),
    };
    const server = await scene.tunicorn({
      app: 'gone:app',
      files,
      args: ['-k', 'asgi', '--pythonpath', appFolder('asgi_app')],
    });
    const before = await getText(server.target);
    scene.write('broken', '');
    const since = server.log.mark();
    server.signal('SIGHUP');
    await server.waitForLog(/the cache is away/, since);
    await server.waitForLog(/generation 1 keeps serving/, since);
    assert.equal(await getText(server.target), before);
  },
  only,
);

scenario(
  'a start-up that hangs is ended by the timeout',
  async (scene) => {
    const server = await scene.launch(app('hangs', '--timeout', '2'));
    await server.waitForLog(/was not ready within timeout \(2 s\)/);
    await server.waitForLog(/^Start-up of the lifespan \(most recent call last\)/);
    await server.waitForLog(/asgi_app\.py", line \d+, in live$/);
    assert.doesNotMatch(server.log.text(), /python\/tunicorn\//);
  },
  only,
);

scenario(
  'a server that is stopped in the middle of a start-up ends',
  async (scene) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const server = await scene.launch(app('hangs', '--graceful-timeout', '1'));
      await server.waitForLog(/start-up hangs/);
      server.signal(signal);
      await server.ended();
      await server.nothingLeft();
    }
  },
  only,
);

scenario(
  'a shutdown that hangs is logged and cut short',
  async (scene) => {
    const server = await scene.tunicorn(app('hangs-at-end', '--graceful-timeout', '2'));
    const { text } = await server.stop().then(async () => await server.ended());
    assert.match(text, /shutdown begins/);
    assert.match(text, /lifespan did not shut down within 1\.\d s/);
    // It exits on its own; whether it does so before the arbiter's limit, a tenth of a second later, depends on the machine.
    assert.match(text, workerExiting);
    assert.doesNotMatch(text, /was destroyed/);
  },
  only,
);

scenario(
  'background tasks are waited for at a stop and at a reload',
  async (scene) => {
    const server = await scene.tunicorn(app(''));
    for (const signal of ['SIGHUP', 'SIGTERM'] as const) {
      const since = server.log.mark();
      const connection = await scene.connect(server);
      await connection.send(requestBytes('/background?1', { headers: { Connection: 'close' } }));
      assert.equal((await connection.response()).body.toString(), 'answered');
      await server.waitForLog(/background begins/, since);
      server.signal(signal);
      await server.waitForLog(/shutdown is complete/, since);
      const ends = server.log.positions(/background ends/, since)[0] ?? Number.POSITIVE_INFINITY;
      assert.ok(ends < (server.log.positions(/shutdown begins/, since)[0] ?? 0));
    }
    await server.ended();
  },
  only,
);

scenario(
  'tasks left at the deadline are cancelled, so that they can clean up',
  async (scene) => {
    const server = await scene.tunicorn(app('', '--graceful-timeout', '8'));
    const since = server.log.mark();
    const connection = await scene.connect(server);
    await connection.send(requestBytes('/hang-behind', { headers: { Connection: 'close' } }));
    assert.equal((await connection.response()).status, 200);
    server.signal('SIGTERM');
    await server.waitForLog(/hang: cleaned up/, since);
    await server.waitForLog(/shutdown is complete/, since);
    await server.ended();
    assert.doesNotMatch(server.log.text(since), /was destroyed|never retrieved/);
  },
  only,
);
