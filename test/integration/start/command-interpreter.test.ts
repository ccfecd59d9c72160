// The choice of the Python that runs the application: --python, $VIRTUAL_ENV, ./.venv, ./venv, PATH; and unusable ones.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { getText } from '../../harness/clients/http-request.ts';
import { usingPython } from '../../harness/log-lines.ts';
import { findPyenvPython, pyenvVersionsDir, root } from '../../harness/project.ts';
import { onlyTunicorn, type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

const versions = existsSync(pyenvVersionsDir) ? readdirSync(pyenvVersionsDir) : [];
const none = { VIRTUAL_ENV: undefined };

for (const version of ['3.9', '3.10', '3.11', '3.12', '3.13', '3.14']) {
  const python = findPyenvPython(version, versions);
  if (python === undefined) continue; // Machines differ in what they have beside the one on PATH.
  scenario(
    `Python ${version} serves the hello example`,
    async (scene) => {
      const args = ['--python', python, '--workers', '2'];
      const server = await scene.tunicorn({ app: 'hello', chdir: join(root, 'examples'), args, env: none });
      assert.equal(await getText(server.target), 'Hello, world!\n');
      const [, major, minor] = await server.waitForLog(usingPython);
      assert.equal(`${major}.${minor}`, version);
      assert.equal((await server.stop()).code, 0);
    },
    onlyTunicorn,
  );
}

scenario(
  '--python takes precedence over $VIRTUAL_ENV',
  async (scene) => {
    makeVenv(scene, 'asked');
    makeVenv(scene, 'active');
    const server = await start(scene, { VIRTUAL_ENV: scene.path('active') }, [
      '--python',
      scene.path('asked/bin/python'),
    ]);
    assert.equal(await prefix(server), scene.path('asked'));
    const [, , , , path] = await server.waitForLog(usingPython);
    assert.equal(path, scene.path('asked/bin/python'));
  },
  onlyTunicorn,
);

scenario(
  '$VIRTUAL_ENV takes precedence over ./.venv',
  async (scene) => {
    makeVenv(scene, '.venv');
    makeVenv(scene, 'active');
    const server = await start(scene, { VIRTUAL_ENV: scene.path('active') });
    assert.equal(await prefix(server), scene.path('active'));
    assert.match((await server.waitForLog(usingPython))[5] ?? '', /VIRTUAL_ENV/);
  },
  onlyTunicorn,
);

scenario(
  './.venv takes precedence over ./venv',
  async (scene) => {
    makeVenv(scene, '.venv');
    makeVenv(scene, 'venv');
    const server = await start(scene, none);
    assert.equal(await prefix(server), scene.path('.venv'));
    assert.match((await server.waitForLog(usingPython))[5] ?? '', /\.venv/);
  },
  onlyTunicorn,
);

scenario(
  './venv takes precedence over PATH',
  async (scene) => {
    makeVenv(scene, 'venv');
    const server = await start(scene, none);
    assert.equal(await prefix(server), scene.path('venv'));
  },
  onlyTunicorn,
);

scenario(
  'python3 on PATH is the last choice',
  async (scene) => {
    makeVenv(scene, 'elsewhere');
    const server = await start(scene, { ...none, PATH: `${scene.path('elsewhere/bin')}:${process.env.PATH ?? ''}` });
    assert.equal(await prefix(server), scene.path('elsewhere'));
    assert.match((await server.waitForLog(usingPython))[5] ?? '', /PATH/);
  },
  onlyTunicorn,
);

scenario(
  'an interpreter that does not exist is one clear line and exit 1',
  async (scene) => {
    const { code, text } = await scene.run({ app: 'hello', args: ['--python', '/nowhere/python3'], env: none });
    assert.equal(code, 1);
    assert.match(text, /\/nowhere\/python3/);
    assertOneLine(text);
  },
  onlyTunicorn,
);

scenario(
  'something that is not Python is one clear line and exit 1',
  async (scene) => {
    const program = scene.write('python', '#!/bin/sh\necho "I am no snake"\nexit 0\n');
    chmodSync(program, 0o755);
    const { code, text } = await scene.run({ app: 'hello', args: ['--python', program], env: none });
    assert.equal(code, 1);
    assert.ok(text.includes(program));
    assertOneLine(text);
  },
  onlyTunicorn,
);

for (const version of ['2.7', '3.6', '3.8']) {
  const old = findPyenvPython(version, versions);
  if (old === undefined) continue;
  scenario(
    `Python ${version} is too old: one clear line and exit 1`,
    async (scene) => {
      const { code, text } = await scene.run({ app: 'hello', args: ['--python', old], env: none });
      assert.equal(code, 1);
      assert.ok(text.includes(version), 'the version found');
      assert.match(text, /3\.9/, 'the version wanted');
      assertOneLine(text);
    },
    onlyTunicorn,
  );
}

/** The log's start-up line may be there, too, but no stack trace. */
function assertOneLine(text: string): void {
  assert.doesNotMatch(text, /Traceback|^\s+at /m);
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.includes('[INFO]'));
  assert.equal(lines.length, 1, text);
}

async function start(
  scene: Scene,
  env: Record<string, string | undefined>,
  args: readonly string[] = [],
): Promise<Server> {
  return await scene.tunicorn({ app: 'who', env, args });
}

async function prefix(server: Server): Promise<string> {
  return JSON.parse(await getText(server.target)).prefix;
}

function makeVenv(scene: Scene, name: string): void {
  const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
  execFileSync(python, ['-m', 'venv', '--without-pip', scene.path(name)], { cwd: dirname(python) });
}
