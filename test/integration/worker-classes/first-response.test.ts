// The first response of a worker, of any size: short ones go through the pipe of the gateway, for the others it connects a channel.

import assert from 'node:assert/strict';
import { request } from '../../harness/clients/http-request.ts';
import { onlyTunicorn, scenario } from '../../harness/scenario.ts';

const WSGI = `
def application(environ, start_response):
    body = bytes(int(environ["QUERY_STRING"]))
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
`;
const ASGI = `
async def application(scope, receive, send):
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": bytes(int(scope["query_string"]))})
`;
const TORNADO = `
from tornado.web import Application, RequestHandler
class Main(RequestHandler):
    def get(self):
        self.write(bytes(int(self.request.query)))
application = Application([(".*", Main)])
`;
const SIZES = [0, 1, 3900, 4100, 65_536, 65_537, 1_048_576, 3_000_000];

for (const [workerClass, app] of [
  ['sync', WSGI],
  ['gthread', WSGI],
  ['gevent', WSGI],
  ['eventlet', WSGI],
  ['asgi', ASGI],
  ['tornado', TORNADO],
] as const) {
  scenario(
    `${workerClass}: the first response of a worker arrives whole, whatever its size`,
    async (scene) => {
      // A new worker for each request.
      const args = ['-k', workerClass, '--max-requests', '1'];
      const server = await scene.tunicorn({ app: 'app', args, files: { 'app.py': app } });
      for (const size of SIZES) {
        const response = await request(server.target, `/?${size}`);
        assert.deepEqual([response.status, response.body.length, response.end], [200, size, 'complete'], `${size}`);
      }
      await server.stop();
      assert.doesNotMatch(server.log.text(), /Traceback/);
    },
    onlyTunicorn,
  );
}
