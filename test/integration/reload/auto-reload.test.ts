// The setting reload: real edits of real files, by both engines, and the requests meanwhile.

import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { getText, request, requestBytes } from '../../harness/clients/http-request.ts';
import { Load } from '../../harness/clients/load.ts';
import { eventually } from '../../harness/deadline.ts';
import { generationServing } from '../../harness/log-lines.ts';
import { onlyTunicorn, scenario } from '../../harness/scenario.ts';
import { APP, changesText, files, serves, textIs } from './edited-app.ts';

const reloading = /Worker reloading: /;

for (const engine of ['inotify', 'poll'] as const) {
  const args = ['--reload', '--reload-engine', engine];

  scenario(
    `an edited module is served without losing a request, by ${engine}`,
    async (scene) => {
      const server = await scene.tunicorn({ app: 'app', args: [...args, '--workers', '2'], files });
      await server.waitForLog(/\[WARNING\] Reloader is on\. Use in development only!/);
      const load = new Load(server.target, {
        keepAliveClients: 2,
        freshClients: 1,
        request: () => ({ path: '/' }),
        check: ({ body }) =>
          /^(first|second|third)$/.test(body.toString()) ? undefined : `unexpected ${body.toString()}`,
      });
      await load.answeredMore(20);
      for (const [generation, text] of [
        [2, 'second'],
        [3, 'third'],
      ] as const) {
        scene.write('text.py', textIs(text));
        await server.waitForLog(generationServing(generation));
        await serves(server, text);
        await load.answeredMore(20);
      }
      const result = await load.stop();
      assert.deepEqual([result.failed, result.wrong], [0, 0], result.complaints.join('\n'));
      assert.equal(server.log.count(/\[INFO\] Worker reloading: \S+\/text\.py modified$/), 2);
      assert.equal(server.log.count(reloading), 2);
    },
    onlyTunicorn,
  );

  scenario(
    `two hundred changed files make one reload, by ${engine}`,
    async (scene) => {
      const parts = Array.from({ length: 200 }, (_, at) => `part${at}`);
      for (const part of parts) scene.write(`parts/${part}.py`, textIs('old'));
      scene.write('parts/__init__.py', parts.map((part) => `from . import ${part}\n`).join(''));
      const server = await scene.tunicorn({
        app: 'app',
        args,
        files: { ...files, 'text.py': 'import parts\nTEXT = b"x"\n' },
      });
      for (const part of parts) scene.write(`parts/${part}.py`, textIs('new'));
      const [line] = await server.waitForLog(/Worker reloading: .*/);
      assert.match(line, /\/parts\/part\d+\.py modified \(and 199 other files\)$/);
      await server.waitForLog(generationServing(2));
      await changesText(scene, server, 'after');
      assert.equal(server.log.count(reloading), 2);
    },
    onlyTunicorn,
  );

  scenario(
    `a module that is imported later is watched, by ${engine}`,
    async (scene) => {
      const server = await scene.tunicorn({ app: 'app', args, files });
      assert.equal(await getText(server.target, '/lazy'), 'lazy');
      scene.write('lazy.py', textIs('changed'));
      await server.waitForLog(/Worker reloading: \S+\/lazy\.py modified/);
      await serves(server, 'changed', '/lazy');
    },
    onlyTunicorn,
  );

  scenario(
    `a file that editors replace, delete and recreate stays watched, by ${engine}`,
    async (scene) => {
      const server = await scene.tunicorn({ app: 'app', args, files });
      const replace = (text: string): void => {
        scene.write('text.py.new', textIs(text));
        renameSync(scene.path('text.py.new'), scene.path('text.py'));
      };
      for (const text of ['second', 'third']) {
        replace(text);
        await serves(server, text);
      }
      rmSync(scene.path('text.py'));
      await server.waitForLog(/Worker reloading: \S+\/text\.py deleted/);
      await eventually('the page', async () => (await request(server.target, '/')).status === 500);
      scene.write('text.py', textIs('fourth'));
      await server.waitForLog(/Worker reloading: \S+\/text\.py created/);
      await serves(server, 'fourth');
    },
    onlyTunicorn,
  );

  scenario(
    `a folder that is replaced by another stays watched, by ${engine}`,
    async (scene) => {
      scene.write('pkg/__init__.py', textIs('first'));
      scene.write('other/__init__.py', textIs('second'));
      const app = { ...files, 'text.py': 'from pkg import TEXT\n' };
      const server = await scene.tunicorn({ app: 'app', args, files: app });
      renameSync(scene.path('pkg'), scene.path('gone'));
      renameSync(scene.path('other'), scene.path('pkg'));
      await serves(server, 'second');
      scene.write('pkg/__init__.py', textIs('third'));
      await serves(server, 'third');
    },
    onlyTunicorn,
  );

  scenario(
    `reload_extra_files: files, patterns, folders, and files that are new, by ${engine}`,
    async (scene) => {
      scene.write('data.json', '{}');
      scene.write('templates/shop/cart.html', 'cart');
      scene.write('static/site.css', 'css');
      const extra = ['data.json', 'templates/**/*.html', 'static', 'nothing/*.yml'];
      const flags = extra.flatMap((entry) => ['--reload-extra-file', entry]);
      mkdirSync(scene.path('src'));
      // Relative to where the command was started, not to --chdir.
      const app = Object.fromEntries(Object.entries(files).map(([name, text]) => [`src/${name}`, text]));
      const server = await scene.tunicorn({ app: 'app', args: [...args, ...flags, '--chdir', 'src'], files: app });
      await server.waitForLog(/\[WARNING\] Pattern nothing\/\*\.yml currently matches no files\.$/);
      const edits: readonly (readonly [file: string, kind: string])[] = [
        ['data.json', 'modified'],
        ['templates/shop/cart.html', 'modified'],
        ['static/site.css', 'modified'],
        ['templates/blog/new/post.html', 'created'],
        ['templates/blog/new/post.html', 'modified'],
        ['nothing/late.yml', 'created'],
      ];
      for (const [at, [file, kind]] of edits.entries()) {
        const since = server.log.mark();
        scene.write(file, `changed ${at}`);
        await server.waitForLog(new RegExp(`Worker reloading: ${scene.path(file)} ${kind}`), since);
        await server.waitForLog(generationServing(at + 2), since);
      }
      assert.equal(server.log.count(/currently matches no files/), 1);
    },
    onlyTunicorn,
  );
}

scenario(
  'modules loaded before the fork are watched, too',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'app', args: ['--reload', '--preload', '--workers', '2'], files });
    await changesText(scene, server, 'second');
    await changesText(scene, server, 'third');
  },
  onlyTunicorn,
);

scenario(
  'the configuration file and its imports are watched; a mistake in it keeps the old settings',
  async (scene) => {
    const config = (workers: string): string => `import more\nreload = True\nworkers = ${workers}\n`;
    const server = await scene.tunicorn({
      app: 'app',
      files: { ...files, 'gunicorn.conf.py': config('1'), 'more.py': '' },
    });
    scene.write('gunicorn.conf.py', config('2'));
    await server.waitForLog(/Worker reloading: \S+\/gunicorn\.conf\.py modified/);
    await server.workers(2);
    await server.waitForLog(generationServing(2));
    scene.write('gunicorn.conf.py', config('= 3'));
    await server.waitForLog(/Generation 3 gave up/);
    assert.equal(await getText(server.target), 'first');
    scene.write('gunicorn.conf.py', config('3'));
    await server.workers(3);
    await server.waitForLog(generationServing(4));
    const since = server.log.mark();
    scene.write('more.py', '# changed\n');
    await server.waitForLog(/Worker reloading: \S+\/more\.py modified/, since);
    await server.waitForLog(generationServing(5));
    scene.write('gunicorn.conf.py', 'reload = False\n');
    await server.waitForLog(generationServing(6));
    scene.write('text.py', textIs('unseen'));
    server.signal('SIGHUP');
    await serves(server, 'unseen');
    assert.equal(server.log.count(/text\.py/), 0);
  },
  onlyTunicorn,
);

scenario(
  'a configuration file that is created later is noticed',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'app', args: ['--reload'], files });
    scene.write('gunicorn.conf.py', 'workers = 2\n');
    await server.waitForLog(/Worker reloading: \S+\/gunicorn\.conf\.py created/);
    await server.workers(2);
  },
  onlyTunicorn,
);

scenario(
  'a request that is running when its module changes finishes on the old code',
  async (scene) => {
    const rendezvous = await scene.rendezvous();
    const app = {
      'text.py': textIs('old'),
      'app.py': APP.replace(
        'body = text.TEXT',
        'body = text.TEXT\n    if environ["PATH_INFO"] == "/hold": rendezvous.wait("held")',
      ).replace('import text', 'import rendezvous, text'),
    };
    const args = ['--reload', '--timeout', '3600', '--graceful-timeout', '3600'];
    const server = await scene.tunicorn({ app: 'app', args, env: { RENDEZVOUS: rendezvous.address }, files: app });
    const held = await scene.connect(server);
    await held.send(requestBytes('/hold'));
    await rendezvous.arrived('held');
    scene.write('text.py', textIs('new'));
    await server.waitForLog(generationServing(2));
    await serves(server, 'new');
    rendezvous.open('held');
    assert.equal((await held.response()).body.toString(), 'old');
  },
  onlyTunicorn,
);

scenario(
  'two edits of the same length within a second are both loaded, with bytecode files',
  async (scene) => {
    const env = { PYTHONDONTWRITEBYTECODE: undefined };
    const server = await scene.tunicorn({ app: 'app', args: ['--reload'], env, files });
    // A second in the future, so that no edit is old when it is loaded, however slow the machine is.
    const second = Math.floor(Date.now() / 1000) + 60;
    for (const [at, text] of ['aaaaa', 'bbbbb', 'ccccc'].entries()) {
      scene.write('text.py', textIs(text));
      utimesSync(scene.path('text.py'), second, second + at / 10);
      await serves(server, text);
    }
  },
  onlyTunicorn,
);

scenario(
  'SIGHUP and a change at the same time make one reload',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'app', args: ['--reload'], files });
    scene.write('text.py', textIs('second'));
    server.signal('SIGHUP');
    await serves(server, 'second');
    await changesText(scene, server, 'third');
  },
  onlyTunicorn,
);

scenario(
  'the server stops while changes are coming in',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'app', args: ['--reload'], files });
    scene.write('text.py', textIs('second'));
    assert.equal((await server.stop('SIGTERM')).code, 0);
    await server.nothingLeft();
  },
  onlyTunicorn,
);

scenario('a path in reload_extra_files that does not exist ends the start', async (scene) => {
  const { code, text } = await scene.run({ app: 'app', args: ['--reload-extra-file', 'not/there.html'], files });
  assert.equal(code, 1);
  assert.match(text, /^Error: .*not\/there\.html/m);
});

scenario(
  'spew prints the lines that the application executes, and no others',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'app', args: ['--spew'], files });
    assert.equal(await getText(server.target), 'first');
    await eventually('the lines', () => server.stdout.count(/^app:4: {5}body = text\.TEXT$/) === 1);
    assert.equal(server.stdout.count(/^text:1: TEXT = b"first"$/), 1);
    assert.equal(server.stdout.count(/^tunicorn/), 0);
  },
  onlyTunicorn,
);
