// Requests that wait for a flag which the application's handler of SIGTERM sets.

import assert from 'node:assert/strict';
import { getText, request } from '../../harness/clients/http-request.ts';
import { otherServer } from '../../harness/project.ts';
import { scenario } from '../../harness/scenario.ts';

const APP = `
import asyncio, os, signal, time
before = signal.getsignal(signal.SIGTERM)
ends = False
def term(signum, frame):
    global ends
    ends = True
    print("MY TERM", flush=True)
    before(signum, frame)
signal.signal(signal.SIGTERM, term)
def application(environ, start_response):
    start_response("200 OK", [])
    if environ["PATH_INFO"] == "/":
        yield b"ok"
        return
    print("BEGUN", flush=True)
    yield b"begun "
    while not ends:
        time.sleep(0.05)
    yield b"ended"
async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        # Where an event loop hears of signals.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, term, signal.SIGTERM, None)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        return await send({"type": "lifespan.shutdown.complete"})
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/":
        return await send({"type": "http.response.body", "body": b"ok"})
    print("BEGUN", flush=True)
    await send({"type": "http.response.body", "body": b"begun ", "more_body": True})
    while not ends:
        await asyncio.sleep(0.05)
    await send({"type": "http.response.body", "body": b"ended"})
`;

const PATIENT = ['--graceful-timeout', '600'];

for (const workerClass of ['sync', 'gthread', 'gevent', 'eventlet', 'asgi']) {
  scenario(
    `a response that waits for the application's handler of SIGTERM ends when a stop or a reload begins: ${workerClass}`,
    async (scene) => {
      const app = workerClass === 'asgi' ? 'app:asgi' : 'app:application';
      const args = ['--worker-class', workerClass, ...PATIENT];
      const server = await scene.tunicorn({ app, args, files: { 'app.py': APP } });
      const [first, waiting] = [getText(server.target, '/stream'), getText(server.target)];
      await server.waitForLog(/^BEGUN$/m);
      let since = server.log.mark();
      server.signal('SIGHUP');
      assert.equal(await first, 'begun ended');
      assert.equal(await waiting, 'ok');
      await server.waitForLog(/Generation 2 is serving/);
      since = server.log.mark();
      const second = getText(server.target, '/stream');
      await server.waitForLog(/^BEGUN$/m, since);
      // They wait in the pipe, or in the gateway, for a worker that must not leave before that.
      const more = Array.from({ length: 5 }, () => request(server.target, '/'));
      server.signal('SIGTERM');
      assert.equal(await second, 'begun ended');
      for (const response of await Promise.all(more)) assert.equal(response.status, 200);
      const { code, text } = await server.ended();
      assert.equal(code, 0);
      assert.equal(text.split('MY TERM').length - 1, 2, 'once in each worker');
    },
    { skip: otherServer && 'only for Tunicorn' },
  );
}
