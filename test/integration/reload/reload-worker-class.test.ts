// A reload to workers for another kind of application: they serve the requests that wait in the queue.

import assert from 'node:assert/strict';
import { request } from '../../harness/clients/http-request.ts';
import { scenario } from '../../harness/scenario.ts';

const APPLICATION = `
import time
def wsgi(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        time.sleep(1)
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"wsgi {environ['PATH_INFO']} {environ['HTTP_X_NAME']} {len(body)}".encode()]
async def asgi(scope, receive, send):
    if scope["type"] != "http":
        return
    if scope["path"] == "/slow":
        time.sleep(1)
    size = 0
    while True:
        message = await receive()
        size += len(message["body"])
        if not message["more_body"]:
            break
    name = dict(scope["headers"])[b"x-name"].decode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": f"asgi {scope['path']} {name} {size}".encode()})
`;

const config = (kind: string): string => `
workers = 1
request_buffer_size = 1024
wsgi_app = "app:${kind}"
worker_class = "${kind === 'asgi' ? 'asgi' : 'sync'}"
`;

for (const [from, to] of [
  ['wsgi', 'asgi'],
  ['asgi', 'wsgi'],
] as const) {
  scenario(`requests that wait when workers for ${to} take over from those for ${from} are served`, async (scene) => {
    const files = { 'app.py': APPLICATION, 'gunicorn.conf.py': config(from) };
    const server = await scene.tunicorn({ files });
    const ask = async (path: string, body?: string): Promise<{ status: number; text: string }> => {
      const options = { method: 'POST', headers: { 'X-Name': 'a b' }, ...(body === undefined ? {} : { body }) };
      const response = await request(server.target, path, options);
      return { status: response.status, text: response.body.toString('latin1') };
    };
    assert.equal((await ask('/first')).text, `${from} /first a b 0`);
    scene.write('gunicorn.conf.py', config(to));
    // One request runs, and a few wait behind it, for the new or the old workers.
    const asked = ['/slow', '/w%C3%A9', '/x', '/body'].map((path) =>
      ask(path, path === '/body' ? 'x'.repeat(5000) : undefined),
    );
    server.signal('SIGHUP');
    await server.waitForLog(/Generation 2 is serving/);
    for (const { status, text } of await Promise.all(asked)) {
      assert.equal(status, 200, text);
      assert.match(text, /^(?:asgi|wsgi) \S+ a b (?:0|5000)$/);
    }
    assert.equal((await ask('/last')).text, `${to} /last a b 0`);
  });
}
