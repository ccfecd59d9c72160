// Programs that embed the server with gunicorn.app.base: they run unchanged, once for each generation.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { field } from '../../harness/clients/http-connection.ts';
import { getText, request } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { gaveUp, generationServing } from '../../harness/log-lines.ts';
import { findPyenvPython, inCi, otherServer, pyenvVersionsDir } from '../../harness/project.ts';
import { freePort, scenario } from '../../harness/scenario.ts';
import { answer, program, startProgram } from '../../harness/subjects/embedding-program.ts';

const options = { skip: otherServer && 'only for Tunicorn' } as const;

scenario(
  "the program of Gunicorn's documentation serves with its own process id, and ends with status 0",
  async (scene) => {
    const { server } = await startProgram(scene, (bind) => ({
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
  'SIGHUP runs the program again: new code, new settings',
  async (scene) => {
    const { server, bind } = await startProgram(scene, (bind) => ({
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
    'sets an unknown setting',
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
      const { server, bind } = await startProgram(scene, (bind) => ({
        'app.py': program('good', `'bind': '${bind}'`),
      }));
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
      const { server, bind } = await startProgram(
        scene,
        (bind) => ({ [name]: program('one', `'bind': '${bind}'`) }),
        args,
      );
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
    const { server, bind } = await startProgram(scene, (bind) => ({
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
  'a program with daemon leaves the terminal, and can be upgraded by USR2',
  async (scene) => {
    const port = await freePort();
    const target = { host: '127.0.0.1', port };
    const settings = `'bind': '127.0.0.1:${port}', 'daemon': True, 'pidfile': 'app.pid', 'errorlog': 'error.log'`;
    const server = await scene.program({ args: ['app.py'], files: { 'app.py': program('old', settings) }, target });
    assert.equal((await server.exit).code, 0);
    const pidIn = (name: string): number => Number(readFileSync(scene.path(name), 'utf8'));
    const log = (): string => readFileSync(scene.path('error.log'), 'utf8');
    const first = pidIn('app.pid');
    await eventually('the first answer', async () => (await getText(target).catch(() => '')) === 'old');
    scene.write('app.py', program('new', settings));
    process.kill(first, 'SIGUSR2');
    await eventually('a second arbiter', () => existsSync(scene.path('app.pid.2')));
    const second = pidIn('app.pid.2');
    await eventually('the second to serve', () => log().split('Generation 1 is serving').length === 3);
    process.kill(first, 'SIGTERM');
    await eventually(
      'the second to be the first',
      () => existsSync(scene.path('app.pid')) && pidIn('app.pid') === second,
    );
    assert.equal(await getText(target), 'new');
    process.kill(second, 'SIGTERM');
    await server.nothingLeft();
  },
  options,
);

scenario(
  'hooks, worker_class and logger_class may be Python objects of the program',
  async (scene) => {
    const { server } = await startProgram(scene, (bind) => ({
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
      new RegExp(`^on_starting ${server.pid}$(?:.|\\n)*^pre_fork kept 1$(?:.|\\n)*^post_fork ${pid}$`, 'm'),
    );
    await server.stop();
    assert.match(server.log.text(), new RegExp(`^worker_exit ${pid}$`, 'm'));
  },
  options,
);

for (const preload of ['True', 'False']) {
  scenario(
    `load() sees the settings as they are, once in all with preload_app = ${preload}, else in each worker`,
    async (scene) => {
      const { server } = await startProgram(scene, (bind) => ({
        'app.py': program('loaded', `'bind': '${bind}', 'workers': 2, 'preload_app': ${preload}`).replace(
          'return self.application',
          "print('load', self.cfg.workers, self.cfg.address, flush=True); return self.application",
        ),
      }));
      await server.workers(2);
      const { host, port } = server.target as { host: string; port: number };
      // The first ready worker makes the server serve; the other one may load later. No load comes after both are ready.
      const loads = (): number => server.log.lines.filter((line) => line === `load 2 [('${host}', ${port})]`).length;
      await eventually('every load', () => loads() === (preload === 'True' ? 1 : 2));
      await server.stop();
      assert.equal(loads(), preload === 'True' ? 1 : 2);
    },
    options,
  );
}

scenario(
  'children of multiprocessing that a program starts before run() exist once, and end with the server',
  async (scene) => {
    const helper = `
    import multiprocessing
    multiprocessing.get_context('fork').Process(target=__import__('time').sleep, args=(600,)).start()
`;
    const { server } = await startProgram(scene, (bind) => ({
      'app.py': program('x', `'bind': '${bind}'`).replace(
        "if __name__ == '__main__':",
        `if __name__ == '__main__':${helper}`,
      ),
    }));
    await eventually('one worker and one child of the program', () => {
      // A child that had outlived the program's first run would be the arbiter's child.
      const { workers, forkservers, orphans } = server.family();
      return workers.length === 2 && forkservers.length === 1 && orphans.length === 0;
    });
    await server.stop();
    await server.nothingLeft();
  },
  options,
);

scenario(
  'Arbiter(application).run() serves, too',
  async (scene) => {
    const { server } = await startProgram(scene, (bind) => ({
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
    const { server } = await startProgram(scene, (bind) => ({
      'app.py': `${program('', `'bind': '${bind}'`, `${software}\nimport gunicorn\ngunicorn.SERVER = 'shop'\ngunicorn.SERVER_SOFTWARE = 'shop/2'`)}`,
    }));
    const response = await request(server.target, '/');
    assert.equal(field(response, 'server'), 'shop');
    assert.equal(response.body.toString(), 'shop/2');
  },
  options,
);
