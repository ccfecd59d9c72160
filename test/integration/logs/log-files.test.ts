// The files of the logs: refused at the start when they cannot be written, found from --chdir by every process, and given
// to the user that writes them.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { getText, request } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { appFile } from '../../harness/project.ts';
import { type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

scenario('an access log that cannot be written ends the start with 1 and one line that says why', async (scene) => {
  const path = scene.path('nowhere/access.log');
  const { code, text } = await scene.run({ app: 'hello', args: ['--access-logfile', path] });
  assert.equal(code, 1);
  assert.equal(text.trim(), `Error: '${path}' isn't writable [No such file or directory]`);
});

scenario('an access log format with a mistake ends the start with 1 and one line that shows it', async (scene) => {
  const { code, text } = await scene.run({ app: 'hello', args: ['--access-logformat', '%(h)s %s'] });
  assert.equal(code, 1);
  assert.match(
    text.trim(),
    /^Error: Invalid value for access_log_format on the command line: '%\(h\)s %s' \(wanted: .*\)$/,
  );
});

scenario('--check-config creates no log files', async (scene) => {
  const files = ['access.log', 'error.log'].map((name) => scene.path(name)) as [string, string];
  const args = ['--access-logfile', files[0], '--error-logfile', files[1], '--check-config'];
  const { code, text } = await scene.run({ app: 'hello', args });
  assert.equal(code, 0, text);
  assert.deepEqual(files.map(existsSync), [false, false]);
});

const mistakes: readonly (readonly [line: string, reason: RegExp])[] = [
  ['accesslog = "nowhere/access.log"', /nowhere\/access\.log' isn't writable \[No such file or directory\]/],
  ['errorlog = "nowhere/error.log"', /nowhere\/error\.log' isn't writable \[No such file or directory\]/],
  ['access_log_format = "%(h)s %s"', /Invalid value for access_log_format in gunicorn\.conf\.py: '%\(h\)s %s'/],
];

for (const [line, reason] of mistakes) {
  scenario(`a reload with ${line} is given up, and the old generation keeps serving`, async (scene) => {
    const hello = readFileSync(appFile('hello'), 'utf8');
    const files = { 'hello.py': hello, 'gunicorn.conf.py': 'accesslog = "access.log"\n' };
    const server = await scene.tunicorn({ app: 'hello', files });
    scene.write('gunicorn.conf.py', `${line}\n`);
    server.signal('SIGHUP');
    const [said] = await server.waitForLog(/Generation 2 gave up: .*/);
    assert.match(said, reason);
    assert.match(said, /generation 1 keeps serving$/);
    await getText(server.target, '/afterwards');
    await eventually('the line in the old access log', () => has(scene.path('access.log'), /GET \/afterwards/));
  });
}

scenario('relative log and pid files are found from --chdir, by every process, at a reload too', async (scene) => {
  mkdirSync(scene.path('site'));
  mkdirSync(scene.path('elsewhere'));
  cpSync(appFile('raising'), scene.path('site/raising.py'));
  const names = ['access.log', 'error.log', 'server.pid'];
  const [access = '', errors = '', pidFile = ''] = names.map((name) => scene.path(`site/${name}`));
  const args = ['--access-logfile', 'access.log', '--error-logfile', 'error.log', '--pid', 'server.pid'];
  const server = await scene.launch({
    app: 'raising',
    args,
    chdir: '../site',
    cwd: scene.path('elsewhere'),
  });
  await eventually('the start', () => has(errors, /Generation 1 is serving/));
  assert.equal(readFileSync(pidFile, 'utf8'), `${server.pid}\n`);

  assert.equal((await request(server.target, '/before?first')).status, 500);
  await eventually('all that the processes say about it', () => {
    return has(access, /GET \/before\?first/) && has(errors, /RuntimeError: before start_response/);
  });
  assert.match(readFileSync(errors, 'utf8'), /Booting worker with pid/);

  await rotate(server, [access, errors]);
  assert.equal((await request(server.target, '/before?second')).status, 500);
  await eventually('the same in the new files', () => {
    return has(access, /GET \/before\?second/) && has(errors, /RuntimeError: before start_response/);
  });

  server.signal('SIGHUP');
  await eventually('the next generation', () => has(errors, /Generation 2 is serving/));
  await eventually('its worker', () => has(errors, /Booting worker with pid/));
  assert.equal((await server.stop()).code, 0);
  assert.equal(existsSync(pidFile), false);
  assert.deepEqual(
    names.map((name) => existsSync(scene.path(`elsewhere/${name}`))),
    [false, false, false],
  );
  assert.equal(server.log.text(), '');
});

/** A Python that the user nobody may execute: not one below a private home directory. */
const systemPython = '/usr/bin/python3';
const isRoot = process.getuid?.() === 0;
const skip = !isRoot ? 'only root can change the user' : !existsSync(systemPython) && `no ${systemPython}`;

scenario(
  'with --user, the logs belong to that user, and are rotated in a directory of root',
  async (scene) => {
    const nobody = Number(execFileSync('id', ['-u', 'nobody'], { encoding: 'utf8' }));
    const [access, errors] = asNobody(scene);
    const server = await scene.launch({
      app: 'raising',
      args: ['--python', systemPython, '--user', 'nobody', '--access-logfile', access, '--error-logfile', errors],
      env: { VIRTUAL_ENV: undefined, PYTHONPATH: undefined },
      chdir: null,
      listen: 'unix',
    });
    await eventually('the start', () => has(errors, /Generation 1 is serving/));
    for (const round of ['first', 'second']) {
      assert.equal((await request(server.target, `/before?${round}`)).status, 500);
      await eventually(`the lines of the ${round} round`, () => {
        return has(access, new RegExp(`GET /before\\?${round}`)) && has(errors, /RuntimeError: before start_response/);
      });
      for (const file of [access, errors]) {
        const { uid, mode } = statSync(file);
        assert.deepEqual([uid, mode & 0o022], [nobody, 0], file);
      }
      if (round === 'first') await rotate(server, [access, errors]);
    }
    assert.equal((await server.stop()).code, 0);
  },
  { skip },
);

function asNobody(scene: Scene): readonly [access: string, errors: string] {
  chmodSync(scene.dir, 0o755);
  cpSync(appFile('raising'), scene.path('raising.py'));
  return [scene.path('access.log'), scene.path('error.log')];
}

async function rotate(server: Server, files: readonly string[]): Promise<void> {
  for (const file of files) renameSync(file, `${file}.1`);
  server.signal('SIGUSR1');
  await eventually('new files', () => files.every(existsSync));
}

function has(file: string, pattern: RegExp): boolean {
  return existsSync(file) && pattern.test(readFileSync(file, 'utf8'));
}

scenario('a reload that moves the error log moves it for every process', async (scene) => {
  const hello = readFileSync(appFile('hello'), 'utf8');
  const files = { 'hello.py': hello, 'gunicorn.conf.py': 'errorlog = "one.log"\nworkers = 1\n' };
  const server = await scene.launch({ app: 'hello', files });
  await eventually('the first log', () => has(scene.path('one.log'), /Generation 1 is serving/));
  scene.write('gunicorn.conf.py', 'errorlog = "two.log"\nworkers = 1\n');
  server.signal('SIGHUP');
  // The arbiter, a worker, and the gateway, which logs a refused request.
  await eventually('the arbiter in the second log', () => has(scene.path('two.log'), /Generation 2 is serving/));
  await eventually('the worker in the second log', () => has(scene.path('two.log'), /Booting worker with pid/));
  const connection = await scene.connect(server);
  await connection.send('nonsense\r\n\r\n');
  await eventually('the gateway in the second log', () => has(scene.path('two.log'), /Invalid request from/));
});
