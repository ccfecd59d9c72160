// Programs that cannot be served get an error that says why.

import assert from 'node:assert/strict';
import { otherServer } from '../../harness/project.ts';
import { scenario } from '../../harness/scenario.ts';
import { answer, program, standalone } from '../../harness/subjects/embedding-program.ts';

const options = { skip: otherServer && 'only for Tunicorn' } as const;

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
    'sets an unknown setting',
    `class A(StandaloneApplication):\n    def load_config(self): self.cfg.set('nonsense', 1)\nA(handler_app).run()`,
    /Error: No configuration setting for: nonsense/,
  ],
  [
    'ends before run() where it is run as a forkserver',
    `import os, sys\nif os.path.exists('ran'): sys.exit(7)\nopen('ran', 'w').close()\nStandaloneApplication(handler_app).run()`,
    /Error: The program, run again as a forkserver, exited with code 7 before it called run\(\)/,
  ],
  [
    'finds no command',
    `import os; os.environ['TUNICORN_COMMAND'] = '/nowhere/tunicorn'; StandaloneApplication(handler_app).run()`,
    /Error: TUNICORN_COMMAND says '\/nowhere\/tunicorn', and '\/nowhere\/tunicorn' is not a program/,
  ],
  [
    'finds no Node.js',
    `import os; os.environ['PATH'] = '/nowhere'; StandaloneApplication(handler_app).run()`,
    /Error: Tunicorn needs Node\.js 20 or later, and finds none: .* no 'node' on PATH/,
  ],
] as const) {
  scenario(
    `a program that ${what} gets an error without a stack of Node.js`,
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
  'a program on standard input, which cannot be run again, gets an error that says so',
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
