// The npm package, as `npm install -g` installs it from the tarball.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { getText } from '../../harness/clients/http-request.ts';
import { root } from '../../harness/project.ts';
import { freePort, onlyTunicorn, scenario } from '../../harness/scenario.ts';

const run = promisify(execFile);

scenario(
  'npm install -g of the tarball gives the command, without building, without other packages, and from no network',
  async (scene) => {
    // Without the scripts: what is packed has been built before, and other tests run it meanwhile.
    await run('npm', ['pack', '--ignore-scripts', '--pack-destination', scene.dir], { cwd: root });
    const tarball = readdirSync(scene.dir).find((name) => name.endsWith('.tgz')) ?? '';
    const prefix = scene.path('prefix');
    await run('npm', ['install', '--global', '--offline', '--prefix', prefix, scene.path(tarball)], {
      env: { ...process.env, npm_config_cache: scene.path('cache') },
    });
    const folder = join(prefix, 'lib', 'node_modules', 'tunicorn');
    assert.ok(!existsSync(join(folder, 'node_modules')));
    assert.deepEqual(readdirSync(folder).sort(), [
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'bin',
      'dist',
      'package.json',
      'python',
    ]);
    const port = await freePort();
    const server = await scene.program({
      python: join(prefix, 'bin', 'tunicorn'),
      args: ['hello', '--chdir', join(root, 'examples'), '--bind', `127.0.0.1:${port}`],
      env: { PYTHONPATH: undefined, TUNICORN_NODE: process.execPath },
      target: { host: '127.0.0.1', port },
    });
    await server.ready();
    assert.equal(await getText(server.target), 'Hello, world!\n');
    assert.match(server.log.text(), /Using Node\.js \S+ at \S+ \(from TUNICORN_NODE\)/);
  },
  onlyTunicorn,
);

scenario(
  'the command without a Node.js says what to do',
  async (scene) => {
    const command = join(root, 'bin', 'tunicorn');
    for (const [env, named] of [
      [{ PATH: '/nowhere' }, 'node'],
      [{ TUNICORN_NODE: '/nowhere/node' }, '/nowhere/node'],
    ] as const) {
      const server = await scene.program({ python: '/bin/sh', args: [command, 'hello'], env });
      const { code, text } = await server.ended();
      const wanted = `Error: There is no Node.js '${named}'. Put 'node' on PATH, or its path into TUNICORN_NODE`;
      assert.deepEqual([code, text.trim()], [1, wanted]);
    }
  },
  onlyTunicorn,
);
