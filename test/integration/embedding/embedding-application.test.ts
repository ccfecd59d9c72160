// The base classes of gunicorn.app: which of them read the command line and the config file, and their precedence.

import assert from 'node:assert/strict';
import { getText } from '../../harness/clients/http-request.ts';
import { otherServer } from '../../harness/project.ts';
import { scenario } from '../../harness/scenario.ts';
import { answer, program, startProgram } from '../../harness/subjects/embedding-program.ts';

const options = { skip: otherServer && 'only for Tunicorn' } as const;

scenario(
  'BaseApplication reads no command line, no GUNICORN_CMD_ARGS and no config file',
  async (scene) => {
    const { server } = await startProgram(
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
  'Application reads them all; they override the result of init(), and later assignments of the program override them',
  async (scene) => {
    const { server } = await startProgram(
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

for (const [what, args, code, message] of [
  ['prints the settings', ['--print-config', '--timeout', '8'], 0, /^timeout +=\x208$[\s\S]*^workers +=\x207$/m],
  ['checks itself', ['--check-config'], 0, /^$/],
  ['prints the help of the command', ['--help'], 0, /usage: tunicorn \[OPTIONS\] \[APP_MODULE\]/],
  ['refuses an unknown flag', ['--nonsense'], 2, /tunicorn: error: unrecognized arguments: --nonsense/],
  ['refuses a wrong value', ['--workers', 'many'], 1, /Error: .*many/],
] as const) {
  scenario(
    `an Application with ${args[0]} ${what}`,
    async (scene) => {
      const body = "    def init(self, parser, opts, args):\n        return {'workers': 7}\n";
      const server = await scene.program({ args: ['app.py', ...args], files: { 'app.py': application(body) } });
      const ended = await server.ended();
      assert.match(ended.text, message);
      assert.equal(ended.code, code);
    },
    options,
  );
}

scenario(
  'an Application names GUNICORN_CMD_ARGS as the source of a mistake',
  async (scene) => {
    const files = { 'app.py': application('    def init(self, parser, opts, args): pass\n') };
    const server = await scene.program({ args: ['app.py'], files, env: { GUNICORN_CMD_ARGS: '--nonsense' } });
    const { code, text } = await server.ended();
    assert.equal(code, 2);
    assert.match(text, /tunicorn: error: in GUNICORN_CMD_ARGS: unrecognized arguments: --nonsense/);
  },
  options,
);

scenario(
  'a subclass of WSGIApplication that names its own application serves it',
  async (scene) => {
    const { server } = await startProgram(scene, (bind) => ({
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
