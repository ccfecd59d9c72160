// Scenarios for gevent and eventlet, in addition to those in many-at-once.ts.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { getText, request } from '../clients/http-request.ts';
import { eventually } from '../deadline.ts';
import { generationServing } from '../log-lines.ts';
import { isAlive } from '../machine/process-table.ts';
import { onlyTunicorn, scenario } from '../scenario.ts';
import { manyAtOnce, sent } from './many-at-once.ts';

export interface GreenClass {
  readonly name: string;
  /** Other values of worker_class for it. */
  readonly names: readonly string[];
  /** The module of the socket class once the library has patched it. */
  readonly patchedModule: string;
  /** Lines that are common in configuration files. */
  readonly patch: string;
}

export function greenScenarios({ name, names, patchedModule, patch }: GreenClass): void {
  const title = (promise: string): string => `${name}: ${promise}`;
  const app =
    'import socket\nseen = socket.socket.__module__\n' +
    'def application(environ, start_response):\n    start_response("200 OK", [])\n    return [seen.encode()]\n';

  scenario(
    title('the standard library is patched before the application is imported, preloaded or not, and after reloads'),
    async (scene) => {
      const env = {};
      for (const args of [[], ['--preload']]) {
        const all = ['--worker-class', name, ...args];
        const server = await scene.tunicorn({ app: 'app', args: all, env, files: { 'app.py': app } });
        assert.equal(await getText(server.target), patchedModule);
        server.signal('SIGHUP');
        await server.waitForLog(generationServing(2));
        assert.equal(await getText(server.target), patchedModule);
        assert.equal((await server.stop()).code, 0);
      }
    },
    onlyTunicorn,
  );

  scenario(
    title('a configuration file that patches the library does not disturb the server'),
    async (scene) => {
      const config = scene.write('conf.py', `${patch}\nworkers = 2\nworker_class = "${name}"\npreload_app = True\n`);
      const files = { 'app.py': app };
      const server = await scene.tunicorn({ app: 'app', args: ['--config', config], files });
      const [pid = 0] = await server.workers(2);
      process.kill(pid, 'SIGKILL');
      await eventually('the worker to end', () => !isAlive(pid));
      await server.workers(2);
      assert.equal(await getText(server.target), patchedModule);
      server.signal('SIGHUP');
      await server.waitForLog(generationServing(2));
      assert.equal(await getText(server.target), patchedModule);
      assert.equal((await server.stop()).code, 0);
    },
    onlyTunicorn,
  );

  scenario(
    title("the class goes by Gunicorn's other names"),
    async (scene) => {
      for (const each of names) {
        const server = await scene.tunicorn({ app: 'app', args: ['-k', each], files: { 'app.py': app } });
        assert.equal(server.log.count(new RegExp(`Using worker: ${name}$`)), 1);
        assert.equal(await getText(server.target), patchedModule);
        await server.stop();
      }
    },
    onlyTunicorn,
  );

  scenario(
    title('a handler that blocks everything is logged with its stack'),
    async (scene) => {
      const { rendezvous, server } = await manyAtOnce(scene, ['--worker-class', name]);
      const [pid = 0] = await server.workers(1);
      const blocking = await sent(scene, server, '/block');
      await rendezvous.noted('blocking');
      await server.waitForLog(
        new RegExp(`\\[WARNING\\] Worker \\(pid:${pid}\\) has had a blocked event loop for \\d\\.\\d s`),
      );
      await server.waitForLog(/many_at_once\.py", line \d+,? in block/);
      assert.equal((await blocking.response()).status, 200);
      assert.deepEqual(await server.workers(1), [pid]);
    },
    onlyTunicorn,
  );

  scenario(
    title('a handler that blocks everything for longer than the timeout ends its worker'),
    async (scene) => {
      const { rendezvous, server } = await manyAtOnce(scene, ['--worker-class', name, '--timeout', '1']);
      const [pid = 0] = await server.workers(1);
      const blocking = await sent(scene, server, '/block');
      await rendezvous.noted('blocking');
      const { status } = await blocking.response();
      assert.ok(status === 502 || status === 504, `the application has not failed: ${status}`);
      await eventually('the worker to end', () => !isAlive(pid));
      assert.equal((await request(server.target, '/')).status, 200);
    },
    onlyTunicorn,
  );

  scenario(
    title('handlers that block one after the other, each briefly, are not logged as a blocked hub'),
    async (scene) => {
      const compute = [
        'import time',
        'def app(environ, start_response):',
        '    end = time.monotonic() + 0.7',
        '    while time.monotonic() < end: pass',
        '    start_response("200 OK", [])',
        '    return [b"done"]',
      ].join('\n');
      const server = await scene.tunicorn({
        app: 'compute:app',
        files: { 'compute.py': compute },
        args: ['--worker-class', name],
      });
      const all = await Promise.all(Array.from({ length: 6 }, () => request(server.target, '/')));
      assert.deepEqual(new Set(all.map(({ status }) => status)), new Set([200]));
      assert.equal(server.log.count(/blocked event loop|TIMEOUT/), 0, server.log.text());
    },
    onlyTunicorn,
  );

  scenario(
    title('without the library the server does not start, and names the package to install'),
    async (scene) => {
      // Found first, but it is not the package: as if that were not installed.
      mkdirSync(scene.path('shadow'));
      const hide =
        'import sys\nfrom importlib.machinery import PathFinder\n' +
        `find = PathFinder.find_spec\nPathFinder.find_spec = classmethod(lambda cls, name, *a, **k: None if name.split(".")[0] == "${name}" else find(name, *a, **k))\n`;
      scene.write('shadow/sitecustomize.py', hide);
      const { code, text } = await scene.run({
        app: 'app',
        args: ['--worker-class', name],
        files: { 'app.py': app },
        env: { PYTHONPATH: scene.path('shadow') },
      });
      assert.equal(code, 1);
      assert.match(text, new RegExp(`Error: worker_class ${name} needs ${name}, .*: pip install ${name}`));
      assert.doesNotMatch(text, /Booting worker/);
    },
    onlyTunicorn,
  );
}
