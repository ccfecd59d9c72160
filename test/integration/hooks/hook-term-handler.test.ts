// Signal handlers that hooks set; in Gunicorn they are the master's.

import assert from 'node:assert/strict';
import { getText } from '../../harness/clients/http-request.ts';
import { otherServer } from '../../harness/project.ts';
import { scenario } from '../../harness/scenario.ts';

const skip = otherServer && 'under Gunicorn they take the place of the handlers that stop the server';

const CONFIG = `
import signal, sys

def on_starting(server):
    signal.signal(signal.SIGTERM, lambda *args: print("OF NO USE", flush=True))

def when_ready(server):
    before = signal.getsignal(signal.SIGTERM)
    def term(signum, frame):
        print("MY", signal.Signals(signum).name, flush=True)
        before(signum, frame)
        sys.exit(7)
    signal.signal(signal.SIGTERM, term)
    signal.signal(signal.SIGINT, term)
    signal.signal(signal.SIGHUP, term)
`;

scenario(
  'a SIGTERM handler that when_ready has set is called once at a stop, after a reload too, and the stop is graceful',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'hello', chdir: scene.dir, files: files(CONFIG) });
    server.signal('SIGHUP');
    await server.waitForLog(/Generation 2 is serving/);
    assert.equal(await getText(server.target), 'hello\n');
    await server.waitForLog(/^MY SIGHUP$/m);
    server.signal('SIGTERM');
    const { code, text } = await server.ended();
    assert.equal(code, 0);
    await server.nothingLeft();
    assert.deepEqual(mine(text), ['MY SIGHUP', 'MY SIGTERM']);
    assert.match(text, /Worker exiting/);
    assert.doesNotMatch(text, /Quick shutdown|Traceback|OF NO USE|Generation 3/);
  },
  { skip },
);

scenario(
  'a handler set by a later reload replaces the first one, whose forkserver exits; INT calls the handler of INT',
  async (scene) => {
    const config = `${CONFIG}
def on_reload(server):
    when_ready(server)
`;
    const args = ['--log-level', 'debug'];
    const server = await scene.tunicorn({ app: 'hello', chdir: scene.dir, args, files: files(config) });
    server.signal('SIGHUP');
    await server.waitForLog(/Generation 2 is serving/);
    await server.workers(1);
    server.signal('SIGINT');
    const { code, text } = await server.ended();
    assert.equal(code, 0);
    assert.deepEqual(mine(text), ['MY SIGHUP', 'MY SIGINT']);
    assert.doesNotMatch(text, /Keeping the forkserver/);
  },
  { skip },
);

function mine(text: string): readonly string[] {
  return text.split('\n').filter((line) => line.startsWith('MY '));
}

function files(config: string): Readonly<Record<string, string>> {
  return {
    'gunicorn.conf.py': config,
    'hello.py': `
def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "6")])
    return [b"hello\\n"]
`,
  };
}
