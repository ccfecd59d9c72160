// The sources of settings, and their precedence.

import assert from 'node:assert/strict';
import { getText } from '../../harness/clients/http-request.ts';
import { appFolder, otherServer } from '../../harness/project.ts';
import { type LaunchOptions, type Scene, scenario } from '../../harness/scenario.ts';

scenario('--print-config prints every setting with its default', async (scene) => {
  const settings = await printConfig(scene, {});
  const expected = {
    bind: "['127.0.0.1:8000']",
    backlog: '2048',
    workers: '1',
    worker_class: 'sync',
    timeout: '30',
    graceful_timeout: '30',
    keepalive: '95',
    max_requests: '0',
    max_requests_jitter: '0',
    preload_app: 'False',
    pidfile: 'None',
    accesslog: 'None',
    errorlog: '-',
    loglevel: 'info',
    raw_env: '[]',
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(settings.get(name), value, name);
  assert.equal(settings.get('access_log_format'), '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"');
});

scenario('short flags and their long names are the same settings', async (scene) => {
  const short = '-b 127.0.0.1:1 -w 3 -k sync -t 9 -e A=1 -p x.pid -n shop -m 0022';
  const long =
    '--bind 127.0.0.1:1 --workers 3 --worker-class sync --timeout 9 --env A=1 --pid x.pid --name shop --umask 0022';
  const given = await printConfig(scene, { args: short.split(' ') });
  assert.deepEqual(given, await printConfig(scene, { args: long.split(' ') }));
  const names = ['bind', 'workers', 'worker_class', 'timeout', 'raw_env', 'pidfile', 'proc_name', 'umask'];
  assert.deepEqual(
    names.map((name) => given.get(name)),
    ["['127.0.0.1:1']", '3', 'sync', '9', "['A=1']", 'x.pid', 'shop', '18'],
  );
});

scenario('gunicorn.conf.py in the current directory is read', async (scene) => {
  const settings = await printConfig(scene, {
    files: { 'gunicorn.conf.py': 'workers = 2 + 3\nbind = ["127.0.0.1:1"]\n' },
  });
  assert.equal(settings.get('workers'), '5');
  assert.equal(settings.get('bind'), "['127.0.0.1:1']");
});

scenario('-c with an empty value, as from an empty variable in a start script, is ignored', async (scene) => {
  const files = { 'gunicorn.conf.py': 'workers = 5\n' };
  assert.equal((await printConfig(scene, { files, args: ['-c', ''] })).get('workers'), '5');
});

scenario('--check-config names the settings that have no effect, on standard error, and succeeds', async (scene) => {
  const files = { 'gunicorn.conf.py': 'dirty_workers = 3\n', 'shop.py': 'application = print\n' };
  const { code, stdout, text } = await scene.run({ app: 'shop', args: ['--check-config'], files });
  assert.deepEqual([code, stdout], [0, '']);
  assert.match(
    text,
    /^Warning: Setting 'dirty_workers' in gunicorn\.conf\.py has no effect yet: Tunicorn has no dirty workers$/m,
  );
});

scenario('-c FILE replaces gunicorn.conf.py', async (scene) => {
  const files = { 'gunicorn.conf.py': 'workers = 5\n', 'other.py': 'timeout = 7\n' };
  const settings = await printConfig(scene, { files, args: ['-c', 'other.py'] });
  assert.equal(settings.get('timeout'), '7');
  assert.equal(settings.get('workers'), '1');
});

scenario('-c python:MODULE reads an importable module', async (scene) => {
  const files = { 'deploy/__init__.py': '', 'deploy/conf.py': 'workers = 6\n' };
  const settings = await printConfig(scene, { files, args: ['-c', 'python:deploy.conf'] });
  assert.equal(settings.get('workers'), '6');
});

scenario('the settings file is Python: it may import and compute', async (scene) => {
  const file = 'import os\n\ndef _count():\n    return int(os.environ["CORES"]) * 2 + 1\n\nworkers = _count()\n';
  const settings = await printConfig(scene, { files: { 'gunicorn.conf.py': file }, env: { CORES: '4' } });
  assert.equal(settings.get('workers'), '9');
});

scenario(
  'flags override GUNICORN_CMD_ARGS, which overrides the file, which overrides WEB_CONCURRENCY',
  async (scene) => {
    const files = { 'gunicorn.conf.py': 'workers = 3\ntimeout = 13\nkeepalive = 23\n' };
    const env = { GUNICORN_CMD_ARGS: '--workers 4 --timeout 14', WEB_CONCURRENCY: '2' };
    const settings = await printConfig(scene, { files, env, args: ['--workers', '5'] });
    assert.deepEqual(
      ['workers', 'timeout', 'keepalive'].map((name) => settings.get(name)),
      ['5', '14', '23'],
    );
  },
);

scenario('WEB_CONCURRENCY and PORT are defaults', async (scene) => {
  const settings = await printConfig(scene, { env: { WEB_CONCURRENCY: '2', PORT: '4321' } });
  assert.equal(settings.get('workers'), '2');
  assert.equal(settings.get('bind'), "['0.0.0.0:4321']");
});

scenario('repeated flags add up within a source, and replace the list of a lower one', async (scene) => {
  const files = { 'gunicorn.conf.py': 'bind = ["127.0.0.1:1"]\nraw_env = ["A=1"]\n' };
  const settings = await printConfig(scene, { files, args: ['-b', '127.0.0.1:2', '-b', '127.0.0.1:3'] });
  assert.equal(settings.get('bind'), "['127.0.0.1:2', '127.0.0.1:3']");
  assert.equal(settings.get('raw_env'), "['A=1']");
});

scenario('GUNICORN_CMD_ARGS is split as a shell does, and may name the file', async (scene) => {
  const files = { 'my conf.py': 'workers = 8\n' };
  const settings = await printConfig(scene, { files, env: { GUNICORN_CMD_ARGS: '-c \'my conf.py\' --name "a b"' } });
  assert.equal(settings.get('workers'), '8');
  assert.equal(settings.get('proc_name'), 'a b');
});

scenario('unknown names in the file are ignored', async (scene) => {
  const file = 'wrokers = 9\nmy_own = object()\nWORKERS = 4\nworkers = 2\n';
  const settings = await printConfig(scene, { files: { 'gunicorn.conf.py': file } });
  assert.equal(settings.get('workers'), '2');
});

scenario('wsgi_app in the file names the application; the command line overrides it', async (scene) => {
  const file = 'wsgi_app = "forms:other"\n';
  const server = await scene.tunicorn({ files: { 'gunicorn.conf.py': file }, chdir: appFolder('forms') });
  assert.equal(await getText(server.target), 'other');
  const second = await scene.tunicorn({ app: 'forms', chdir: appFolder('forms') });
  assert.equal(await getText(second.target), 'application');
});

scenario('settings in the file take effect', async (scene) => {
  const file = 'workers = 3\nraw_env = ["STAGE=file"]\n';
  const server = await scene.tunicorn({ app: 'who', files: { 'gunicorn.conf.py': file }, chdir: appFolder('who') });
  await server.workers(3);
  const facts = JSON.parse(await getText(server.target));
  assert.equal(facts.stage, 'file');
  assert.equal(facts.multiprocess, true);
});

scenario(
  '--show-origins shows the source of each value',
  async (scene) => {
    const files = { 'gunicorn.conf.py': 'workers = 3\n\n\ndef post_fork(server, worker):\n    pass\n' };
    const env = { GUNICORN_CMD_ARGS: '--timeout 14', PORT: '4321' };
    const { code, stdout } = await scene.run({
      files,
      env,
      chdir: appFolder('hello'),
      args: ['--show', '--keep-alive', '7'],
      app: 'hello',
    });
    assert.equal(code, 0);
    for (const line of [
      'workers                            = 3  # in gunicorn.conf.py',
      'post_fork                          = <post_fork()>  # in gunicorn.conf.py',
      'timeout                            = 14  # in GUNICORN_CMD_ARGS',
      'keepalive                          = 7  # on the command line',
      "bind                               = ['0.0.0.0:4321']  # in PORT",
      'backlog                            = 2048  # by default',
    ]) {
      assert.ok(stdout.split('\n').includes(line), line);
    }
  },
  { skip: otherServer && 'a flag of its own' },
);

scenario(
  'a setting without effect causes one warning at the start and one at each reload',
  async (scene) => {
    const files = { 'gunicorn.conf.py': 'workers = 2\ndirty_workers = 3\n' };
    const server = await scene.tunicorn({ app: 'hello', files, chdir: appFolder('hello') });
    const warned = (where: string): number =>
      server.log.text().split(`'dirty_workers' in ${where} has no effect yet`).length - 1;
    assert.equal(warned('gunicorn.conf.py'), 1);
    server.signal('SIGHUP');
    await server.waitForLog(/Generation 2 is serving/);
    assert.equal(warned('gunicorn.conf.py'), 2);
  },
  { skip: otherServer && 'it has dirty workers' },
);

scenario('a settings file that does not exist is an error that names it', async (scene) => {
  const { code, text } = await scene.run({ app: 'hello', args: ['-c', 'nowhere.py'] });
  assert.equal(code, 1);
  assert.match(text, /'nowhere\.py' doesn't exist/);
});

scenario('a settings file that fails is an error with its traceback', async (scene) => {
  const files = { 'gunicorn.conf.py': 'workers = 1\nraise RuntimeError("the file fails")\n' };
  const { code, text } = await scene.run({ app: 'hello', files });
  assert.equal(code, 1);
  assert.match(text, /Failed to read config file/);
  assert.match(text, /line 2/);
  assert.match(text, /the file fails/);
});

for (const [call, shown] of [
  ['sys.exit(5)', '5'],
  ['sys.exit("no database")', "'no database'"],
  ['exit()', 'None'],
] as const) {
  scenario(
    `a settings file that calls ${call} is one clear line and exit 1`,
    async (scene) => {
      const files = { 'gunicorn.conf.py': `import sys\n${call}\n` };
      const { code, text } = await scene.run({ app: 'hello', files, chdir: appFolder('hello') });
      assert.equal(code, 1);
      assert.equal(text.trim(), `Error: The config file called sys.exit(${shown})`);
    },
    { skip: otherServer && 'Gunicorn exits with that status' },
  );
}

const wrong: readonly (readonly [line: string, name: string, value: RegExp])[] = [
  ['workers = -1', 'workers', /-1/],
  ['workers = "many"', 'workers', /many/],
  ['timeout = [30]', 'timeout', /30/],
  ['preload_app = "perhaps"', 'preload_app', /perhaps/],
  ['bind = 8000', 'bind', /8000/],
  ['accesslog = 5', 'accesslog', /5/],
  ['worker_class = "no.such.Worker"', 'worker_class', /no\.such\.Worker/],
];

for (const [line, name, value] of wrong) {
  scenario(`the settings file's ${line} is refused with name and value`, async (scene) => {
    const files = { 'gunicorn.conf.py': `${line}\n` };
    const { code, text } = await scene.run({ app: 'hello', files, chdir: appFolder('hello') });
    assert.equal(code, 1);
    assert.ok(text.includes(name) || (otherServer && name === 'worker_class'), text);
    if (!otherServer) assert.match(text, value);
    if (!otherServer) assert.doesNotMatch(text, /^\s+at /m);
  });
}

/** The settings that the command prints, by name. */
async function printConfig(scene: Scene, options: LaunchOptions): Promise<ReadonlyMap<string, string>> {
  const { args = [], ...rest } = options;
  const run = await scene.run({
    app: 'hello',
    ...rest,
    args: [...args, '--chdir', appFolder('hello'), '--print-config'],
    chdir: null,
  });
  assert.equal(run.code, 0, run.text);
  const pairs = run.stdout.split('\n').map((line) => /^(\w+)\s+= (.*)$/.exec(line));
  return new Map(pairs.map((pair) => [pair?.[1] ?? '', pair?.[2] ?? '']));
}
