// Files like the examples that Gunicorn's documentation links to: see test/configs/README.md.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'node:test';
import { getText, request } from '../../harness/clients/http-request.ts';
import { clientFrame, handshake, TEXT_FRAME } from '../../harness/clients/raw-web-socket.ts';
import { eventually } from '../../harness/deadline.ts';
import { otherServer } from '../../harness/project.ts';
import { freePort, scenario } from '../../harness/scenario.ts';
import { configFolder, configsDir, type FolderTest, look } from '../../harness/subjects/config-folder.ts';

describe('the documented examples', { concurrency: 3 }, () => {
  configFolder('documented-example', 'every group of settings, and hooks that log their calls', {
    trouble: /Setting 'ssl_context' .* has no effect/,
    observe: async (server) => {
      const [worker = 0] = await server.workers(1);
      const { variables } = await look(server);
      assert.deepEqual([variables.DJANGO_SECRET_KEY, variables.SPAM], ['something', 'eggs']);
      await server.waitForLog(/^127\.0\.0\.1 - - \[.*\] "GET \/ HTTP\/1\.1" 200 \d+ "-" "-"$/);
      process.kill(worker, 'SIGINT');
      await server.waitForLog(/worker received INT or QUIT signal/);
      await server.waitForLog(/# Thread: MainThread\(\d+\)$/);
      await server.waitForLog(/^File: ".*gunicorn\.conf\.py", line \d+, in worker_int$/);
      await server.workers(1);
      const [spawned, ready] = [/Worker spawned \(pid: \d+\)/, /Server is ready\. Spawning workers/];
      await eventually('a successor', () => server.log.count(spawned) === 2);
      assert.ok((server.log.positions(ready)[0] ?? 0) < (server.log.positions(spawned)[0] ?? 0));
    },
  });

  configFolder('documented-memory-watch', 'a thread beside the workers replaces one that uses too much memory', {
    application: 'greedy',
    launch: { env: { MAX_WORKER_MIB: '400' } },
    observe: async (server) => {
      await server.workers(2);
      const { pid } = await look(server, '/eat');
      await server.waitForLog(new RegExp(`Pid ${pid} killed \\(memory usage > 409600\\)`));
      await eventually('its end', () => !server.workerPids().includes(pid));
      await server.workers(2);
    },
  });

  configFolder('documented-log-ini', 'an ini file distributes the lines among files and output', {
    application: null,
    trouble: /log_app: Hello at level warning/,
    observe: async (server, scene) => {
      assert.equal(await getText(server.target, '/page'), 'logged');
      await server.waitForLog(/\[DEBUG\] log_app: Hello at level debug$/);
      await server.waitForLog(/\[INFO\] gunicorn\.error: Booting worker with pid: \d+$/);
      await eventually('the access line', () =>
        /^127\.0\.0\.1 .*"GET \/page HTTP\/1\.1" 200/m.test(text('access.log')),
      );
      assert.match(text('error.log'), /\[\d+\] \[INFO\] gunicorn\.error: Listening at: /);

      function text(name: string): string {
        return existsSync(scene.path(name)) ? readFileSync(scene.path(name), 'utf8') : '';
      }
    },
  });

  for (const debug of ['yes', 'no']) {
    configFolder('documented-django-settings', `DEBUG = ${debug} in the project decides on reload and log level`, {
      launch: { env: { DEBUG: debug } },
      trouble: /Reloader is on/,
      readyBy: 'connection',
      observe: async (server, scene) => {
        const { pid } = await look(server);
        if (debug === 'no') return assert.equal(server.log.text(), '');
        await server.waitForLog(/\[DEBUG\]/);
        scene.write('shop.py', `${readFileSync(scene.path('shop.py'), 'utf8')}\n# changed\n`);
        await server.waitForLog(/Worker reloading: .*shop\.py modified/);
        await eventually('a new worker', async () => (await look(server)).pid !== pid);
      },
    });
  }

  configFolder('documented-container', 'everything goes to the output, and threads make the class gthread', {
    observe: async (server) => {
      await server.waitForLog(/Using worker: gthread/);
      await look(server, '/print');
      await server.waitForLog(/^printed by the application$/);
      await server.waitForLog(/"GET \/print HTTP\/1\.1" 200/);
      await server.workers(2);
    },
  });

  if (!otherServer) {
    configFolder(
      'documented-dirty-tasks',
      'settings of dirty workers are accepted, with a warning that they have no effect',
      {
        application: null,
        trouble: /Setting '(?:on_)?dirty_\w+' in gunicorn\.conf\.py has no effect/,
        observe: async (server) => {
          await look(server);
          for (const name of [
            'dirty_apps',
            'dirty_workers',
            'dirty_timeout',
            'on_dirty_starting',
            'dirty_worker_init',
          ]) {
            assert.equal(
              server.log.count(new RegExp(`Setting '${name}' .* has no effect yet: Tunicorn has no dirty`)),
              1,
            );
          }
        },
      },
    );
  }

  const applications: readonly (readonly [string, string, FolderTest['observe']])[] = [
    [
      'echo:app',
      'a body is sent back',
      async (server) => {
        const { body } = await request(server.target, '/', { method: 'POST', body: 'x'.repeat(100_000) });
        assert.equal(body.length, 100_000);
        assert.equal(await getText(server.target), 'Hello, World!\n');
      },
    ],
    [
      'alternative',
      'an object in neither style',
      async (server) => assert.equal(await getText(server.target, '/x'), 'path /x'),
    ],
    ['longpoll:app', 'pieces', async (server) => assert.equal(await getText(server.target), 'line 1\nline 2\n')],
    [
      'slowclient:app',
      'an answer that takes a while',
      async (server) => assert.match(await getText(server.target), /Hello/),
    ],
    [
      'sendfile:app',
      'a file',
      async (server, scene) =>
        assert.equal(await getText(server.target), readFileSync(scene.path('sendfile.py'), 'utf8')),
    ],
    [
      'multidomain',
      'one application for each host',
      async (server) => {
        const asked = async (Host: string): Promise<string> =>
          (await request(server.target, '/', { headers: { Host } })).body.toString();
        assert.equal(await asked('shop.example'), 'the shop');
        assert.equal(await asked('blog.example:80'), 'the blog');
        assert.equal(await asked('else.example'), 'no such host');
      },
    ],
  ];
  for (const [application, what, observe] of applications) {
    configFolder('documented-applications', `${application}: ${what}`, { application, observe });
  }

  configFolder('documented-applications', 'websocket:app: messages come back, and pages are served beside them', {
    application: 'websocket:app',
    launch: { args: ['-k', 'asgi'] },
    observe: async (server, scene) => {
      assert.equal(await getText(server.target), 'page');
      const connection = await scene.connect(server);
      await connection.send(handshake('/'));
      assert.equal((await connection.head()).status, 101);
      await connection.send(clientFrame(TEXT_FRAME, 'hello'));
      assert.equal((await connection.exactly(7)).subarray(2).toString(), 'HELLO');
      connection.close();
    },
  });

  scenario('documented-applications: boot_fail:app: the server logs the reason and ends with 3', async (scene) => {
    const folder = join(configsDir, 'documented-applications');
    const { code, text } = await scene.run({ app: 'boot_fail:app', chdir: folder });
    assert.equal(code, 3);
    assert.match(text, /RuntimeError: Bad app!/);
  });

  if (!otherServer) {
    configFolder('documented-standalone', 'a program with its own settings', {
      launch: async () => {
        const port = await freePort();
        const env = { BIND: `127.0.0.1:${port}`, MAX_WORKERS: '2' };
        return { program: ['standalone.py'], env, target: { host: '127.0.0.1', port } };
      },
      observe: async (server) => {
        await server.workers(2);
        assert.equal((await look(server)).facts.region, 'standalone');
      },
    });
  }
});
