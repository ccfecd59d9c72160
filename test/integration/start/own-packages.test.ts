// The `gunicorn` that is imported: Tunicorn's own inside its processes, whatever is installed; the first on the path in a program.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { GUNICORN_VERSION } from '../../../src/gunicorn-version.ts';
import { field } from '../../harness/clients/http-connection.ts';
import { getText, request } from '../../harness/clients/http-request.ts';
import { generationServing } from '../../harness/log-lines.ts';
import { otherServer, pythonDir } from '../../harness/project.ts';
import { freePort, type Scene, scenario } from '../../harness/scenario.ts';

const options = { skip: otherServer && 'only for Tunicorn' } as const;
const run = promisify(execFile);

const GUNICORN = `gunicorn==${GUNICORN_VERSION}`;

/** Returns the paths at which the application and the configuration file found `gunicorn`. */
const seen = `
import gunicorn, gunicorn.util, tunicorn
from importlib import metadata
def application(environ, start_response):
    import __config__
    body = '\\n'.join([gunicorn.__file__, __config__.gunicorn.__file__, gunicorn.__version__, tunicorn.__file__]).encode()
    start_response('200 OK', [('Content-Length', str(len(body)))])
    return [body]
`;

async function withGunicorn(scene: Scene): Promise<string> {
  const venv = scene.path('venv');
  await run('python3', ['-m', 'venv', venv]);
  await run(`${venv}/bin/python`, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', GUNICORN]);
  return venv;
}

const ours = `${pythonDir}/gunicorn/__init__.py`;

scenario(
  'config file and application import our gunicorn where Gunicorn is not installed',
  async (scene) => {
    const server = await scene.tunicorn({
      app: 'app',
      files: { 'app.py': seen, 'gunicorn.conf.py': 'import gunicorn\n' },
    });
    const [app, config, version] = (await getText(server.target)).split('\n');
    assert.deepEqual([app, config, version], [ours, ours, GUNICORN_VERSION]);
  },
  options,
);

scenario(
  'our gunicorn is imported even where Gunicorn is installed or a file has its name, and nothing else is shadowed',
  async (scene) => {
    const venv = await withGunicorn(scene);
    scene.write('gunicorn.py', 'raise RuntimeError("a config file of this name")\n');
    scene.write('config.py', 'NAME = "the user\'s own"\n');
    const server = await scene.tunicorn({
      app: 'app',
      files: { 'app.py': `import config\nassert config.NAME\n${seen}`, 'gunicorn.conf.py': 'import gunicorn\n' },
      env: { VIRTUAL_ENV: venv },
    });
    const [app, config] = (await getText(server.target)).split('\n');
    assert.deepEqual([app, config], [ours, ours]);
    await assertOutside(scene, venv);
  },
  options,
);

/** A plain program has the installed one, and ours with PYTHONPATH. */
async function assertOutside(scene: Scene, venv: string): Promise<void> {
  const code = 'import gunicorn; print(gunicorn.__file__)';
  const where = async (PYTHONPATH: string | undefined): Promise<string> => {
    const { stdout } = await run(`${venv}/bin/python`, ['-c', code], {
      cwd: '/',
      env: { ...process.env, PYTHONPATH },
    });
    return stdout.trim();
  };
  assert.match(await where(undefined), new RegExp(`^${venv}/lib`));
  assert.equal(await where(pythonDir), ours);
  const port = await freePort();
  const server = await scene.program({
    python: `${venv}/bin/python`,
    args: ['program/serve.py'],
    files: {
      'program/serve.py': `
from gunicorn.app.base import BaseApplication
import gunicorn
def application(environ, start_response):
    start_response('200 OK', [])
    return [gunicorn.__file__.encode()]
class App(BaseApplication):
    def load_config(self): self.cfg.set('bind', '127.0.0.1:${port}')
    def load(self): return application
App().run()
`,
    },
    target: { host: '127.0.0.1', port },
  });
  await server.ready();
  assert.equal(await getText(server.target), ours);
}

scenario(
  'gunicorn.SERVER and gunicorn.SERVER_SOFTWARE in the config file name the server, again at each reload',
  async (scene) => {
    const app = `
def application(environ, start_response):
    body = environ['SERVER_SOFTWARE'].encode()
    start_response('200 OK', [('Content-Length', str(len(body)))])
    return [body]
`;
    const named = (server: string, software: string): string =>
      `import gunicorn\ngunicorn.SERVER = '${server}'\ngunicorn.SERVER_SOFTWARE = '${software}'\n`;
    const server = await scene.tunicorn({
      app: 'app',
      files: { 'app.py': app, 'gunicorn.conf.py': named('undisclosed', 'shop/1') },
    });
    const first = await request(server.target, '/');
    assert.deepEqual([field(first, 'server'), first.body.toString()], ['undisclosed', 'shop/1']);
    scene.write('gunicorn.conf.py', named('', 'shop/2'));
    server.signal('SIGHUP');
    await server.waitForLog(generationServing(2));
    const second = await request(server.target, '/');
    assert.deepEqual([field(second, 'server'), second.body.toString()], [undefined, 'shop/2']);
    scene.write('gunicorn.conf.py', 'import gunicorn\n');
    server.signal('SIGHUP');
    await server.waitForLog(generationServing(3));
    const third = await request(server.target, '/');
    assert.equal(field(third, 'server'), 'tunicorn');
    assert.match(third.body.toString(), /^tunicorn\/\d+\.\d+\.\d+ \(gunicorn\/27\.0\.1\)$/);
  },
  options,
);

scenario(
  'applications find gunicorn in SERVER_SOFTWARE, of their process and of each request, with the version of the package',
  async (scene) => {
    const app = `
import gunicorn, os
imported = os.environ['SERVER_SOFTWARE']
def application(environ, start_response):
    same = environ['SERVER_SOFTWARE'] == os.environ['SERVER_SOFTWARE'] == imported
    body = repr((same, f'gunicorn/{gunicorn.__version__}' in imported)).encode()
    start_response('200 OK', [('Content-Length', str(len(body)))])
    return [body]
`;
    for (const flags of [[], ['--preload']]) {
      const server = await scene.tunicorn({ app: 'app', args: flags, files: { 'app.py': app } });
      assert.equal(await getText(server.target), '(True, True)');
      await server.stop();
    }
  },
  options,
);

scenario(
  'a gunicorn.SERVER that would forge a header field is refused',
  async (scene) => {
    const { code, text } = await scene.run({
      app: 'app',
      files: { 'app.py': seen, 'gunicorn.conf.py': 'import gunicorn\ngunicorn.SERVER = "a\\r\\nSet-Cookie: b"\n' },
    });
    assert.equal(code, 1);
    assert.match(
      text,
      /Error: Invalid value for gunicorn\.SERVER: 'a\\r\\nSet-Cookie: b' \(wanted: text that fits into one line of Latin-1\)/,
    );
  },
  options,
);

for (const [how, config, args, server] of [
  ['the setting', 'server_header = "shop/1"', [], 'shop/1'],
  ['the flag, to nothing', '', ['--server-header', ''], undefined],
  ['a flag above gunicorn.SERVER', 'import gunicorn\ngunicorn.SERVER = "a"', ['--server-header', 'b'], 'b'],
  [
    'a subclass of Response with another version',
    'import gunicorn.http.wsgi\n\nclass Response(gunicorn.http.wsgi.Response):\n    def __init__(self, *args, **kwargs):\n' +
      '        super().__init__(*args, **kwargs)\n        self.version = "shop"\n\ngunicorn.http.wsgi.Response = Response',
    [],
    'shop',
  ],
  [
    'default_headers without it',
    'from gunicorn.http import wsgi\n\ndef without(function):\n    def default_headers(*args, **kwargs):\n' +
      '        return [line for line in function(*args, **kwargs) if not line.startswith("Server: ")]\n' +
      '    return default_headers\n\nwsgi.Response.default_headers = without(wsgi.Response.default_headers)',
    [],
    undefined,
  ],
] as const) {
  scenario(
    `the field Server is changed by ${how}`,
    async (scene) => {
      const running = await scene.tunicorn({
        app: 'hello',
        args: ['-c', scene.write('gunicorn.conf.py', `${config}\n`), ...args],
      });
      const answers = [await request(running.target, '/'), await request(running.target, '/', { method: 'no' })];
      assert.deepEqual(
        answers.map((answer) => [answer.status, field(answer, 'Server')]),
        [
          [200, server],
          [400, server],
        ],
      );
      assert.equal(running.log.count(/has no effect/), 0);
    },
    options,
  );
}

scenario(
  'the limits of a replaced Response are logged, with the alternative',
  async (scene) => {
    const config =
      'from gunicorn.http import wsgi\n\ndef send_headers(self):\n    raise AssertionError\n\n' +
      'wsgi.Response.send_headers = send_headers\n';
    const server = await scene.tunicorn({ app: 'hello', args: ['-c', scene.write('gunicorn.conf.py', config)] });
    await server.waitForLog(
      /\[WARNING\] Replacing gunicorn\.http\.wsgi\.Response has no effect: .*send_headers.*server_header/,
    );
    assert.equal(field(await request(server.target, '/'), 'Server'), 'tunicorn');
  },
  options,
);
