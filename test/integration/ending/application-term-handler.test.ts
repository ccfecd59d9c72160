// An application that has its own SIGTERM handler.

import assert from 'node:assert/strict';
import { getText } from '../../harness/clients/http-request.ts';
import { otherServer } from '../../harness/project.ts';
import { scenario } from '../../harness/scenario.ts';

const APP = `
import signal, sys
def term(signum, frame):
    print("MY TERM", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, term)
def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        print("SHUT DOWN", flush=True)
        return await send({"type": "lifespan.shutdown.complete"})
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
`;

for (const workerClass of ['sync', 'gthread', 'gevent', 'eventlet', 'asgi', 'tornado']) {
  scenario(
    `the SIGTERM handler of an application is called once at a stop of a ${workerClass} worker`,
    async (scene) => {
      const app = workerClass === 'asgi' ? 'app:asgi' : 'app:application';
      const server = await scene.tunicorn({ app, args: ['--worker-class', workerClass], files: { 'app.py': APP } });
      assert.equal(await getText(server.target), 'ok');
      assert.equal((await server.stop()).code, 0);
      assert.equal(server.log.text().split('MY TERM').length - 1, 1);
      if (workerClass === 'asgi') assert.match(server.log.text(), /SHUT DOWN/);
    },
    { skip: otherServer && 'only for Tunicorn' },
  );
}
