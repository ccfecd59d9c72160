// Requests whose application fails: one page for all worker classes, and one line in the access log, whichever process writes it.

import assert from 'node:assert/strict';
import { field } from '../../harness/clients/http-connection.ts';
import { request } from '../../harness/clients/http-request.ts';
import { otherServer } from '../../harness/project.ts';
import { scenario } from '../../harness/scenario.ts';

const options = { skip: otherServer && 'only for Tunicorn' } as const;

const APP = `
def wsgi(environ, start_response):
    start_response('200 OK', [('Content-Length', '3'), ('X-Lost', '1')])
    raise RuntimeError('secret')

async def asgi(scope, receive, send):
    if scope['type'] != 'http':
        return
    await send({'type': 'http.response.start', 'status': 200, 'headers': [(b'content-length', b'3')]})
    raise RuntimeError('secret')
`;

/** Written by Python's loggers, not by Node. */
const OWN_LOGGER = `
from gunicorn.glogging import Logger
class Own(Logger): pass
logger_class = Own
`;

for (const workerClass of ['sync', 'gthread', 'asgi']) {
  for (const [writer, config] of [
    ['Node', ''],
    ['Node, with logger_class = "gunicorn.glogging:Logger"', 'logger_class = "gunicorn.glogging:Logger"\n'],
    ['Node, with logger_class = "egg:gunicorn#simple"', 'logger_class = "egg:gunicorn#simple"\n'],
    ["Python's loggers", OWN_LOGGER],
  ] as const) {
    if (workerClass === 'gthread' && writer !== "Python's loggers") continue;
    scenario(
      `${workerClass}: a failed request has the page of a 500 and a line of the access log, written by ${writer}`,
      async (scene) => {
        const format = '%(m)s %(s)s %(B)s';
        const server = await scene.tunicorn({
          app: `app:${workerClass === 'asgi' ? 'asgi' : 'wsgi'}`,
          args: ['--worker-class', workerClass, '--access-logfile', '-', '--access-logformat', format],
          files: { 'app.py': APP, 'gunicorn.conf.py': config },
        });
        const got = await request(server.target, '/', { headers: { Connection: 'keep-alive' } });
        const page = got.body.toString();
        assert.deepEqual(
          [got.status, field(got, 'content-type'), field(got, 'content-length'), got.body.length, got.end],
          [500, 'text/html', '141', 141, 'complete'],
        );
        assert.match(page, /<title>Internal Server Error<\/title>/);
        assert.doesNotMatch(page, /secret/);
        assert.notEqual(field(got, 'connection'), 'close');
        assert.equal(field(got, 'x-lost'), undefined);
        await server.waitForLog(/^GET 500 141$/);
        const head = await request(server.target, '/', { method: 'HEAD' });
        assert.deepEqual([head.status, field(head, 'content-length'), head.body.length], [500, '141', 0]);
        await server.waitForLog(/^HEAD 500 0$/);
        await server.stop();
        assert.equal(server.log.count(/^(?:GET|HEAD) 500 /), 2);
        assert.equal(server.log.count(/RuntimeError: secret/), 2);
      },
      options,
    );
  }
}
