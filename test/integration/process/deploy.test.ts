// The files in deploy/, with the programs that they are for.

import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getText, request } from '../../harness/clients/http-request.ts';
import { eventually, within } from '../../harness/deadline.ts';
import { DebianProgram } from '../../harness/machine/front-proxy.ts';
import { commandOf, isAlive, markName, processesMarked } from '../../harness/machine/process-table.ts';
import { command, root, venvDir } from '../../harness/project.ts';
import { freePort, type Scene, scenario } from '../../harness/scenario.ts';

const analyze = new DebianProgram('systemd-analyze');
const supervisord = new DebianProgram('supervisord');
const supervisorctl = new DebianProgram('supervisorctl');

scenario(
  'systemd accepts the units',
  async (scene) => {
    // A unit's program must be there to be verified.
    for (const name of ['tunicorn.service', 'tunicorn.socket']) {
      scene.write(name, read(name).replaceAll('/srv/myapp/.venv/bin/tunicorn', '/bin/true'));
    }
    const units = [scene.path('tunicorn.service'), scene.path('tunicorn.socket')];
    const { status, stderr } = spawnSync(analyze.path, ['verify', '--man=no', ...units], { encoding: 'utf8' });
    assert.equal(
      stderr
        .split('\n')
        .filter((line) => line.includes('tunicorn'))
        .join('\n'),
      '',
    );
    assert.equal(status, 0, stderr);
  },
  { skip: analyze.skip },
);

scenario(
  'a mistake in a unit would be noticed',
  async (scene) => {
    const path = scene.write('tunicorn.service', read('tunicorn.service').replace(/^Type=notify$/m, 'Type=notifying'));
    const { stderr } = spawnSync(analyze.path, ['verify', '--man=no', path], { encoding: 'utf8' });
    assert.match(stderr, /notifying/);
  },
  { skip: analyze.skip },
);

scenario('the service sends TERM to the arbiter and waits longer than graceful_timeout', async () => {
  const unit = read('tunicorn.service');
  assert.match(unit, /^KillMode=mixed$/m);
  assert.ok(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]) > 30);
  assert.ok(Number(/^stopwaitsecs=(\d+)$/m.exec(read('supervisor.conf'))?.[1]) > 30);
});

scenario(
  'Supervisor starts, reloads, restarts after a crash, and stops the program',
  async (scene) => {
    const supervisor = await startSupervisor(scene);
    const { target, control, pids } = supervisor;
    await supervisor.answers('one');
    const first = await supervisor.pid();
    assert.equal(commandOf(first), 'tunicorn: arbiter [myapp.wsgi:application]');

    scene.write('myapp/wsgi.py', program('two'));
    assert.match(control('signal', 'HUP', 'tunicorn'), /tunicorn: signalled/);
    await supervisor.answers('two');
    assert.equal(await supervisor.pid(), first);

    process.kill(first, 'SIGKILL');
    await eventually('another arbiter', async () => (await supervisor.pid()) !== first);
    await supervisor.answers('two');
    await eventually('the processes of the first to end', () => !isAlive(first) && pids().length === 4);

    assert.match(control('stop', 'tunicorn'), /tunicorn: stopped/);
    assert.deepEqual(pids(), []);
    await assert.rejects(getText(target), /ECONNREFUSED/);
    assert.match(control('start', 'tunicorn'), /tunicorn: started/);
    await supervisor.answers('two');
    await supervisor.end();
    assert.deepEqual(pids(), []);
  },
  { skip: supervisord.skip || supervisorctl.skip },
);

scenario('the Procfile line serves on $PORT with $WEB_CONCURRENCY workers, and ends with TERM', async (scene) => {
  const line = /^web: (.+)$/m.exec(read('Procfile'))?.[1] ?? '';
  const port = await freePort();
  scene.write('myapp/wsgi.py', program('from a Procfile'));
  scene.write('bin/tunicorn', `#!/bin/sh\nexec ${command.join(' ')} "$@"\n`);
  execFileSync('chmod', ['+x', scene.path('bin/tunicorn')]);
  const mark = markOf(scene);
  // As Heroku and honcho do it: through a shell, with the signal to all of its processes.
  const child = spawn('sh', ['-c', line], {
    cwd: scene.dir,
    detached: true,
    stdio: 'ignore',
    env: {
      ...process.env,
      VIRTUAL_ENV: venvDir,
      PATH: `${scene.path('bin')}:${process.env.PATH}`,
      PORT: String(port),
      WEB_CONCURRENCY: '3',
      [markName]: mark,
    },
  });
  scene.defer(() => killMarked(mark));
  const target = { host: '127.0.0.1', port };
  await eventually('an answer', () => answer(target).then((text) => text === 'from a Procfile'));
  assert.equal(titles(mark).filter((title) => /: worker \[/.test(title)).length, 3);
  const exited = once(child, 'exit');
  process.kill(-(child.pid ?? 0), 'SIGTERM');
  await within('the program to end', exited);
  await eventually('every process to end', () => processesMarked(mark).length === 0);
});

interface Supervisor {
  readonly target: { readonly host: string; readonly port: number };
  /** The output of supervisorctl. */
  control(...args: readonly string[]): string;
  /** The state of the program. */
  pid(): Promise<number>;
  /** Every living process of the program. */
  pids(): readonly number[];
  answers(text: string): Promise<void>;
  end(): Promise<void>;
}

/** deploy/supervisor.conf, with this machine's paths, under a supervisord of its own. */
async function startSupervisor(scene: Scene): Promise<Supervisor> {
  const target = { host: '127.0.0.1', port: await freePort() };
  scene.write('myapp/wsgi.py', program('one'));
  scene.write('gunicorn.conf.py', `bind = "${target.host}:${target.port}"\n`);
  mkdirSync(scene.path('log'));
  const ours = read('supervisor.conf')
    .replaceAll('/srv/myapp/.venv/bin/tunicorn', command.join(' '))
    .replaceAll('/srv/myapp', scene.dir)
    .replaceAll('/var/log/supervisor', scene.path('log'))
    .replace(/^user=.*$/m, '');
  const mark = markOf(scene);
  const path = scene.write(
    'supervisord.conf',
    `[unix_http_server]
file=${scene.path('supervisor.sock')}
[supervisord]
nodaemon=true
logfile=${scene.path('log/supervisord.log')}
pidfile=${scene.path('supervisord.pid')}
environment=VIRTUAL_ENV="${venvDir}",${markName}="${mark}",PYTHONDONTWRITEBYTECODE="1"
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://${scene.path('supervisor.sock')}
${ours}`,
  );
  const child = spawn(supervisord.path, ['-c', path], { cwd: scene.dir, stdio: 'ignore' });
  const exited = once(child, 'exit');
  scene.defer(async () => {
    if (child.exitCode === null) child.kill('SIGTERM');
    await exited;
    killMarked(mark);
  });
  const control = (...args: readonly string[]): string =>
    spawnSync(supervisorctl.path, ['-c', path, ...args], { encoding: 'utf8' }).stdout;
  return {
    target,
    control,
    pid: () =>
      eventually('a running program', () => Number(/pid (\d+)/.exec(control('status', 'tunicorn'))?.[1]) || false),
    pids: () => processesMarked(mark).map(({ pid }) => pid),
    answers: async (text) => {
      await eventually(`the answer ${text}`, () => answer(target).then((found) => found === text));
    },
    end: async () => {
      child.kill('SIGTERM');
      await within('supervisord to end', exited);
    },
  };
}

/** Empty while there is no answer. */
function answer(target: Supervisor['target']): Promise<string> {
  return request(target, '/').then(
    ({ body }) => body.toString(),
    () => '',
  );
}

function titles(mark: string): readonly string[] {
  return processesMarked(mark).map(({ pid }) => commandOf(pid));
}

function markOf(scene: Scene): string {
  return scene.dir;
}

function killMarked(mark: string): void {
  for (const { pid } of processesMarked(mark)) process.kill(pid, 'SIGKILL');
}

function read(name: string): string {
  return readFileSync(join(root, 'deploy', name), 'utf8');
}

function program(text: string): string {
  return `def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "${text.length}")])
    return [b"${text}"]
`;
}
