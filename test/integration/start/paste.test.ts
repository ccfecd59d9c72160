// PasteDeploy: --paste, and the server section that Pyramid's pserve starts.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { getText } from '../../harness/clients/http-request.ts';
import { generationServing } from '../../harness/log-lines.ts';
import { otherServer, pythonDir, venvDir } from '../../harness/project.ts';
import { freePort, type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

const options = { skip: otherServer && 'only for Tunicorn' } as const;

const shop = `
import logging

def factory(global_conf, **settings):
    def application(environ, start_response):
        logging.getLogger('shop').warning('asked')
        body = repr([settings, {name: global_conf[name] for name in ('stage', 'owner') if name in global_conf}]).encode()
        start_response('200 OK', [('Content-Length', str(len(body)))])
        return [body]
    return application
`;

const apps = `
[app:main]
paste.app_factory = shop:factory
greeting = hello

[app:other]
paste.app_factory = shop:factory
greeting = salut
owner_of_it = %(owner)s
`;

const loggers = `
[loggers]
keys = root

[handlers]
keys = console

[formatters]
keys = marked

[logger_root]
level = INFO
handlers = console

[handler_console]
class = StreamHandler
args = (sys.stderr,)
formatter = marked

[formatter_marked]
format = from the ini: %(message)s
`;

for (const [what, flags, answer] of [
  ['FILE.ini', ['--paste', 'shop.ini'], "[{'greeting': 'hello'}, {}]"],
  [
    'FILE.ini#name with --paste-global',
    ['--paste', 'shop.ini#other', '--paste-global', 'owner=us', '--paste-global', 'stage=test'],
    "[{'greeting': 'salut', 'owner_of_it': 'us'}, {'stage': 'test', 'owner': 'us'}]",
  ],
] as const) {
  scenario(
    `--paste ${what} serves the application of the file, and reads it again at SIGHUP`,
    async (scene) => {
      const server = await scene.tunicorn({ args: flags, files: { 'shop.py': shop, 'shop.ini': apps } });
      assert.equal(await getText(server.target), answer);
      scene.write('shop.ini', apps.replaceAll('greeting = ', 'greeting = re-'));
      server.signal('SIGHUP');
      await server.waitForLog(generationServing(2));
      assert.equal(await getText(server.target), answer.replace("'greeting': '", "'greeting': 're-"));
    },
    options,
  );
}

scenario(
  'paste in the config file serves it, too, and overrides wsgi_app and the argument',
  async (scene) => {
    const conf = "paste = 'shop.ini#other'\nraw_paste_global_conf = ['owner=conf']\nwsgi_app = 'nobody'\n";
    const server = await scene.tunicorn({
      app: 'nowhere',
      files: { 'shop.py': shop, 'shop.ini': apps, 'gunicorn.conf.py': conf },
    });
    assert.match(await getText(server.target), /'owner_of_it': 'conf'/);
  },
  options,
);

scenario(
  '--paste without PasteDeploy names the package to install',
  async (scene) => {
    const args = ['--paste', 'shop.ini', '--python', 'python3'];
    const { code, text } = await scene.run({ args, files: { 'shop.ini': apps, 'shop.py': shop } });
    assert.equal(code, 4);
    assert.match(text, /The setting paste needs PasteDeploy: pip install PasteDeploy/);
  },
  options,
);

scenario(
  '--paste with a missing file, or an application that is not in it, reports that',
  async (scene) => {
    const missing = await scene.run({ args: ['--paste', 'nowhere.ini'] });
    assert.equal(missing.code, 1);
    assert.match(missing.text, new RegExp(`^Error: '${scene.path('nowhere.ini')}' not found$`, 'm'));
    const unnamed = await scene.run({
      args: ['--paste', 'shop.ini#nobody'],
      files: { 'shop.py': shop, 'shop.ini': apps },
    });
    assert.notEqual(unnamed.code, 0);
    assert.match(unnamed.text, /nobody/);
  },
  options,
);

scenario(
  '--paste with a file that has [loggers] sets logconfig to it, unless something stronger does',
  async (scene) => {
    const files = { 'shop.py': shop, 'shop.ini': apps + loggers };
    const args = ['--paste', 'shop.ini', '--print-config'];
    const { text } = await scene.run({ args, files });
    assert.match(text, new RegExp(`^logconfig += ${scene.path('shop.ini')}$`, 'm'));
    assert.match(text, new RegExp(`^default_proc_name += ${scene.path('shop.ini')}$`, 'm'));
    const other = scene.write('other.conf', loggers);
    const strong = await scene.run({ args: [...args, '--log-config', other] });
    assert.match(strong.text, new RegExp(`^logconfig += ${other}$`, 'm'));
  },
  options,
);

async function pserve(scene: Scene, section: (port: number) => string, files: Record<string, string>): Promise<Server> {
  const port = await freePort();
  const server = await scene.program({
    args: [join(venvDir, 'bin', 'pserve'), 'shop.ini'],
    files: { 'shop.py': shop, 'shop.ini': `${apps.replace('%(owner)s', 'us')}${section(port)}`, ...files },
    // pserve does not put the current directory on sys.path.
    env: { PYTHONPATH: `${scene.dir}:${pythonDir}` },
    target: { host: '127.0.0.1', port },
  });
  await server.ready();
  return server;
}

scenario(
  'pserve with `use = egg:gunicorn#main` serves on Tunicorn; the section overrides the config file, and SIGHUP reads both again',
  async (scene) => {
    const section = (port: number): string => `
[server:main]
use = egg:gunicorn#main
host = 127.0.0.1
port = ${port}
workers = 2
`;
    const server = await pserve(scene, section, { 'gunicorn.conf.py': 'workers = 3\nproc_name = "from-the-file"\n' });
    await server.workers(2);
    assert.equal(await getText(server.target), "[{'greeting': 'hello'}, {}]");
    scene.write('shop.ini', apps.replace('hello', 'hallo').replace('%(owner)s', 'us') + section(portOf(server)));
    server.signal('SIGHUP');
    await server.waitForLog(generationServing(2));
    assert.equal(await getText(server.target), "[{'greeting': 'hallo'}, {}]");
    await server.stop();
    await server.nothingLeft();
  },
  options,
);

scenario(
  'pserve reports an unknown setting in the section',
  async (scene) => {
    const server = await scene.program({
      args: [join(venvDir, 'bin', 'pserve'), 'shop.ini'],
      files: {
        'shop.py': shop,
        'shop.ini': `${apps.replace('%(owner)s', 'us')}\n[server:main]\nuse = egg:gunicorn#main\nworkerz = 2\n`,
      },
      env: { PYTHONPATH: `${scene.dir}:${pythonDir}` },
    });
    // pserve exits with 0 whatever the status of the server.
    const { text } = await server.ended();
    assert.match(text, /^Error: No configuration setting for: workerz$/m);
  },
  options,
);

function portOf(server: Server): number {
  return 'port' in server.target ? server.target.port : 0;
}
