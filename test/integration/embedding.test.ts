// Programs that embed the server by gunicorn.app.base: they run unchanged, and anew for every generation.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { eventually } from '../harness/deadline.ts';
import { field } from '../harness/http-connection.ts';
import { getText, request } from '../harness/http-request.ts';
import { gaveUp, generationServing } from '../harness/log-lines.ts';
import { findPyenvPython, inCi, otherServer, pyenvVersionsDir } from '../harness/project.ts';
import { freePort, type Scene, scenario } from '../harness/scenario.ts';
import type { Server } from '../harness/server.ts';

const options = { skip: otherServer && 'only for Tunicorn' } as const;

const answer = (text: string): string => `
def handler_app(environ, start_response):
    body = ${JSON.stringify(text)}.encode()
    start_response('200 OK', [('Content-Length', str(len(body)))])
    return [body]
`;

const standalone = `
import gunicorn.app.base

class StandaloneApplication(gunicorn.app.base.BaseApplication):
    def __init__(self, app, options=None):
        self.options = options or {}
        self.application = app
        super().__init__()

    def load_config(self):
        config = {key: value for key, value in self.options.items()
                  if key in self.cfg.settings and value is not None}
        for key, value in config.items():
            self.cfg.set(key.lower(), value)

    def load(self):
        return self.application
`;

/** The program of Gunicorn's documentation. */
function program(text: string, settings: string, before: string = ''): string {
  return `${standalone}\n${answer(text)}\n${before}
if __name__ == '__main__':
    StandaloneApplication(handler_app, {${settings}}).run()
`;
}

interface Started {
  readonly server: Server;
  readonly bind: string;
}

/** \`files\` gets the address to bind to. */
async function start(
  scene: Scene,
  files: (bind: string) => Readonly<Record<string, string>>,
  args: readonly string[] = ['app.py'],
  env: Readonly<Record<string, string>> = {},
): Promise<Started> {
  const port = await freePort();
  const bind = `127.0.0.1:${port}`;
  const target = { host: '127.0.0.1', port };
  const server = await scene.program({ args, files: files(bind), env, target });
  await server.ready();
  return { server, bind };
}

scenario(
  "the program of Gunicorn's documentation serves with its own process id, and ends with status 0",
  async (scene) => {
    const { server } = await start(scene, (bind) => ({
      'app.py': program('embedded', `'bind': '${bind}', 'workers': 2, 'unknown': 1`),
    }));
    assert.equal(await getText(server.target), 'embedded');
    await server.workers(2);
    assert.match(server.log.text(), new RegExp(`Listening at: .* \\(${server.pid}\\)`));
    assert.deepEqual(await server.stop(), { code: 0, signal: null, text: server.log.text() });
    await server.nothingLeft();
  },
  options,
);

scenario(
  'SIGHUP runs the program anew: new code, new settings',
  async (scene) => {
    const { server, bind } = await start(scene, (bind) => ({
      'app.py': program('old', `'bind': '${bind}', 'workers': 1`),
    }));
    const before = await server.workers(1);
    scene.write('app.py', program('newer', `'bind': '${bind}', 'workers': 2`));
    server.signal('SIGHUP');
    await server.waitForLog(generationServing(2));
    assert.equal(await getText(server.target), 'newer');
    const after = await server.workers(2);
    assert.ok(!after.some((pid) => before.includes(pid)));
    await eventually('the old forkserver to end', () => server.family().forkservers.length === 1);
  },
  options,
);

for (const [what, broken, said] of [
  ['raises before run()', 'raise RuntimeError("a broken deploy")', /RuntimeError: a broken deploy/],
  [
    'sets what is no setting',
    program('x', '')
      .replace('self.load', 'x')
      .replace('key in self.cfg.settings and', '')
      .replace('{}', "{'nonsense': 1}"),
    /No configuration setting for: nonsense/,
  ],
  ['sets a wrong value', program('x', `'workers': 'many'`), /workers|many/],
  ['never calls run()', 'print("nothing to do")', /gave up/],
] as const) {
  scenario(
    `a program that ${what} at a reload leaves the old generation serving, and the next good one works`,
    async (scene) => {
      const { server, bind } = await start(scene, (bind) => ({ 'app.py': program('good', `'bind': '${bind}'`) }));
      scene.write('app.py', broken);
      server.signal('SIGHUP');
      await server.waitForLog(gaveUp);
      assert.match(server.log.text(), said);
      assert.equal(await getText(server.target), 'good');
      scene.write('app.py', program('best', `'bind': '${bind}'`));
      server.signal('SIGHUP');
      await server.waitForLog(generationServing(3));
      assert.equal(await getText(server.target), 'best');
    },
    options,
  );
}

for (const [how, args, name] of [
  ['python -m package', ['-m', 'shop'], 'shop/__main__.py'],
  ['python -m package.module with arguments', ['-m', 'shop.serve', '--bind', 'nowhere', 'x'], 'shop/serve.py'],
  ['python -W ignore -X dev file', ['-W', 'ignore', '-X', 'dev', 'app.py'], 'app.py'],
] as const) {
  scenario(
    `a program that is run by ${how} is run the same way at a reload`,
    async (scene) => {
      scene.write('shop/__init__.py', '');
      const { server, bind } = await start(scene, (bind) => ({ [name]: program('one', `'bind': '${bind}'`) }), args);
      assert.equal(await getText(server.target), 'one');
      scene.write(name, program('two', `'bind': '${bind}'`));
      server.signal('SIGHUP');
      await server.waitForLog(generationServing(2));
      assert.equal(await getText(server.target), 'two');
    },
    options,
  );
}

for (const version of ['3.9', '3.13']) {
  const versions = existsSync(pyenvVersionsDir) ? readdirSync(pyenvVersionsDir) : [];
  const python = findPyenvPython(version, versions);
  scenario(
    `a program on Python ${version} is run with the same arguments at a reload`,
    async (scene) => {
      const port = await freePort();
      const server = await scene.program({
        ...(python === undefined ? {} : { python }),
        args: ['-W', 'ignore', 'app.py', 'first', ''],
        files: {
          'app.py': program('one', `'bind': '127.0.0.1:${port}'`, 'import sys; assert sys.argv[1:] == ["first", ""]'),
        },
        target: { host: '127.0.0.1', port },
      });
      await server.ready();
      assert.equal(await getText(server.target), 'one');
      assert.match(server.log.text(), new RegExp(`Using Python ${version}\\.`));
      server.signal('SIGHUP');
      await server.waitForLog(generationServing(2));
    },
    { skip: options.skip || (python === undefined && !inCi && `no Python ${version} here`) },
  );
}

scenario(
  'a program that is given to python -c is run again',
  async (scene) => {
    scene.write('app.py', program('from -c', ''));
    const port = await freePort();
    const code = `import app; app.StandaloneApplication(app.handler_app, {'bind': '127.0.0.1:${port}'}).run()`;
    const server = await scene.program({ args: ['-c', code], target: { host: '127.0.0.1', port } });
    await server.ready();
    assert.equal(await getText(server.target), 'from -c');
  },
  options,
);

scenario(
  'a program that changes its directory before run() is run again where it was started',
  async (scene) => {
    mkdirSync(scene.path('var'));
    const { server, bind } = await start(scene, (bind) => ({
      'app.py': program('here', `'bind': '${bind}', 'pidfile': 'app.pid'`, "import os; os.chdir('var')"),
    }));
    await eventually('the pid file', () => existsSync(scene.path('var/app.pid')));
    scene.write('app.py', program('there', `'bind': '${bind}', 'pidfile': 'app.pid'`, "import os; os.chdir('var')"));
    server.signal('SIGHUP');
    await server.waitForLog(generationServing(2));
    assert.equal(await getText(server.target), 'there');
  },
  options,
);

scenario(
  'BaseApplication reads no command line, no GUNICORN_CMD_ARGS and no config file',
  async (scene) => {
    const { server } = await start(
      scene,
      (bind) => ({ 'app.py': program('alone', `'bind': '${bind}'`), 'gunicorn.conf.py': 'workers = 3\n' }),
      ['app.py', '--workers', '4', '--nonsense'],
      { GUNICORN_CMD_ARGS: '--workers 5' },
    );
    await server.workers(1);
  },
  options,
);

const application = (body: string): string => `
from gunicorn.app.base import Application
${answer('application')}
class App(Application):
${body}
    def load(self):
        return handler_app

if __name__ == '__main__':
    App().run()
`;

scenario(
  'Application reads them all, over what init() returns, and under what the program sets after',
  async (scene) => {
    const { server } = await start(
      scene,
      (bind) => ({
        'app.py': application(`
    def init(self, parser, opts, args):
        print('init', opts.workers, args, flush=True)
        return {'bind': '${bind}', 'workers': 7, 'max_requests': 7, 'timeout': 7, 'keepalive': 7, 'threads': 7}

    def load_config(self):
        super().load_config()
        self.cfg.set('threads', 1)
        self.cfg.set('print_config', False)
`),
        'gunicorn.conf.py':
          'workers = 6\nmax_requests = 6\ntimeout = 6\n\ndef on_starting(server):\n    c = server.cfg\n    print("settled", c.workers, c.max_requests, c.timeout, c.keepalive, c.threads, flush=True)\n',
      }),
      ['app.py', '--workers', '1', 'shop:app'],
      { GUNICORN_CMD_ARGS: '--workers 5 --max-requests 5' },
    );
    assert.match(server.log.text(), /^init 1 \['shop:app'\]$/m);
    await server.workers(1);
    await server.waitForLog(/^settled 1 5 6 7 1$/);
  },
  options,
);

scenario(
  'WSGIApplication of a subclass that names the application itself serves it',
  async (scene) => {
    const { server } = await start(scene, (bind) => ({
      'shop.py': answer('shop'),
      'app.py': `
from gunicorn.app.wsgiapp import WSGIApplication

class StandaloneApplication(WSGIApplication):
    def __init__(self, app_uri, options=None):
        self.options = options or {}
        self.app_uri = app_uri
        super().__init__()

    def load_config(self):
        for key, value in self.options.items():
            self.cfg.set(key.lower(), value)

StandaloneApplication('shop:handler_app', {'bind': '${bind}', 'workers': 2}).run()
`,
    }));
    await server.workers(2);
    assert.equal(await getText(server.target), 'shop');
  },
  options,
);

scenario(
  'hooks, worker_class and logger_class may be Python objects of the program',
  async (scene) => {
    const { server } = await start(scene, (bind) => ({
      'app.py': program(
        'hooked',
        `'bind': '${bind}', 'on_starting': on_starting, 'pre_fork': pre_fork, 'post_fork': post_fork, 'worker_exit': worker_exit,
         'worker_class': SyncWorker, 'logger_class': Logger`,
        `
from gunicorn.workers.sync import SyncWorker
from gunicorn.glogging import Logger
def on_starting(server): server.mark = 'kept'; print('on_starting', server.pid, flush=True)
def pre_fork(server, worker): print('pre_fork', server.mark, worker.age, flush=True)
def post_fork(server, worker): print('post_fork', worker.pid, flush=True)
def worker_exit(server, worker): print('worker_exit', worker.pid, flush=True)
`,
      ),
    }));
    const [pid] = await server.workers(1);
    assert.match(
      server.log.text(),
      new RegExp(`^on_starting ${server.pid}$[^]*^pre_fork kept 1$[^]*^post_fork ${pid}$`, 'm'),
    );
    await server.stop();
    assert.match(server.log.text(), new RegExp(`^worker_exit ${pid}$`, 'm'));
  },
  options,
);

scenario(
  'children of multiprocessing that a program has started before run() live once, and end with the server',
  async (scene) => {
    const helper = `
    import multiprocessing
    multiprocessing.get_context('fork').Process(target=__import__('time').sleep, args=(600,)).start()
`;
    const { server } = await start(scene, (bind) => ({
      'app.py': program('x', `'bind': '${bind}'`).replace(
        "if __name__ == '__main__':",
        `if __name__ == '__main__':${helper}`,
      ),
    }));
    await eventually('one worker and one child of the program', () => {
      // One that had outlived the program's first run would be the arbiter's child.
      const { workers, forkservers, orphans } = server.family();
      return workers.length === 2 && forkservers.length === 1 && orphans.length === 0;
    });
    await server.stop();
    await server.nothingLeft();
  },
  options,
);

scenario(
  'Arbiter(application).run() serves too',
  async (scene) => {
    const { server } = await start(scene, (bind) => ({
      'app.py': program('by the arbiter', `'bind': '${bind}'`).replace(
        /StandaloneApplication\(handler_app, (.*)\)\.run\(\)/,
        'from gunicorn.arbiter import Arbiter; Arbiter(StandaloneApplication(handler_app, $1)).run()',
      ),
    }));
    assert.equal(await getText(server.target), 'by the arbiter');
  },
  options,
);

scenario(
  'a program that assigns gunicorn.SERVER and gunicorn.SERVER_SOFTWARE names the server so',
  async (scene) => {
    const software = answer('').replace('""', "environ['SERVER_SOFTWARE']");
    const { server } = await start(scene, (bind) => ({
      'app.py': `${program('', `'bind': '${bind}'`, `${software}\nimport gunicorn\ngunicorn.SERVER = 'shop'\ngunicorn.SERVER_SOFTWARE = 'shop/2'`)}`,
    }));
    const response = await request(server.target, '/');
    assert.equal(field(response, 'server'), 'shop');
    assert.equal(response.body.toString(), 'shop/2');
  },
  options,
);

for (const [what, code, message] of [
  [
    'loads nothing',
    `StandaloneApplication(None, {'bind': '127.0.0.1:0'}).run()`,
    /StandaloneApplication\.load\(\) must return a callable application; it returned None/,
  ],
  [
    'is run in a thread',
    `import threading; t = threading.Thread(target=StandaloneApplication(handler_app).run); t.start(); t.join(); raise SystemExit(1)`,
    /Error: run\(\) must be called in the main thread/,
  ],
  [
    'is run in a child process',
    `import multiprocessing; c = multiprocessing.get_context('fork').Process(target=StandaloneApplication(handler_app).run); c.start(); c.join(); raise SystemExit(c.exitcode)`,
    /Error: run\(\) must be called in the process that the program was started as/,
  ],
  [
    'sets what is no setting',
    `class A(StandaloneApplication):\n    def load_config(self): self.cfg.set('nonsense', 1)\nA(handler_app).run()`,
    /Error: No configuration setting for: nonsense/,
  ],
  [
    'finds no command',
    `import os; os.environ['TUNICORN_COMMAND'] = '/nowhere/tunicorn'; StandaloneApplication(handler_app).run()`,
    /Error: TUNICORN_COMMAND says '\/nowhere\/tunicorn', and '\/nowhere\/tunicorn' is not a program/,
  ],
  [
    'finds no Node.js',
    `import os; os.environ['PATH'] = '/nowhere'; StandaloneApplication(handler_app).run()`,
    /Error: .*tunicorn needs Node\.js 20 or later, and there is no 'node' on PATH/,
  ],
] as const) {
  scenario(
    `a program that ${what} is told so, without a stack of Node.js`,
    async (scene) => {
      const server = await scene.program({
        args: ['app.py'],
        files: {
          'app.py': `${standalone}${answer('x')}\nif __name__ == '__main__':\n    ${code.replaceAll('\n', '\n    ')}\n`,
        },
      });
      const { code: status, text } = await server.ended();
      assert.match(text, message);
      assert.notEqual(status, 0);
      assert.doesNotMatch(text, /at .*\.(js|ts):\d+/);
    },
    options,
  );
}

scenario(
  'a program on standard input, which cannot be run again, is told so',
  async (scene) => {
    const server = await scene.program({
      args: ['-'],
      files: { 'app.py': program('x', '') },
      launcher: ['/bin/sh', '-c', 'exec "$@" < app.py', 'sh'],
    });
    const { code, text } = await server.ended();
    assert.equal(code, 1);
    assert.match(text, /Error: run\(\) needs a program that can be run again/);
  },
  options,
);
