// X-Sendfile and X-Accel-Redirect: the application decides, the gateway sends the file with the application's other fields.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { field, type HttpResponse } from '../../harness/clients/http-connection.ts';
import { request, requestBytes } from '../../harness/clients/http-request.ts';
import { onlyTunicorn, type Scene, scenario } from '../../harness/scenario.ts';

const LARGE_BYTES = 3 * 1024 * 1024;

/** The query is the value of the field, the path says which field. */
const WSGI = `from urllib.parse import unquote


def application(environ, start_response):
    name = {"/sendfile": "X-Sendfile", "/accel": "X-Accel-Redirect"}.get(environ["PATH_INFO"])
    fields = [("X-Own", "kept"), ("Set-Cookie", "a=1"), ("ETag", '"own"')]
    if name is None:
        start_response("200 OK", [("Content-Length", "3"), *fields])
        return [b"app"]
    value = environ["QUERY_STRING"] if name == "X-Accel-Redirect" else unquote(environ["QUERY_STRING"])
    start_response("200 OK", [(name, value), ("Content-Disposition", "attachment"), *fields])
    return (b"x" * 50000 for _ in range(4))
`;

const ASGI = `async def application(scope, receive, send):
    if scope["type"] != "http":
        return
    fields = [(b"x-accel-redirect", scope["query_string"]), (b"content-type", b"text/x-own")]
    await send({"type": "http.response.start", "status": 200, "headers": fields})
    await send({"type": "http.response.body", "body": b"ignored", "more_body": True})
    await send({"type": "http.response.body", "body": b"ignored"})
`;

scenario(
  'the file comes instead of the body, with conditions and ranges; whatever is outside the folders is 404 and a line in the log',
  async (scene) => {
    const folder = files(scene);
    const args = ['--x-sendfile', `/protected=${folder}`, '--x-sendfile', `${folder}=${folder}`];
    const server = await scene.tunicorn({ app: 'app', files: { 'app.py': WSGI }, args });
    const get = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<HttpResponse> =>
      request(server.target, path, { method, headers });
    for (const path of ['/accel?/protected/a%20b.pdf', `/sendfile?${folder}/a%20b.pdf`]) {
      const whole = await get(path);
      assert.deepEqual(
        [whole.status, whole.body.toString(), field(whole, 'Content-Type')],
        [200, 'pdf', 'application/pdf'],
      );
      const own = ['X-Own', 'Set-Cookie', 'Content-Disposition', 'X-Sendfile', 'X-Accel-Redirect'];
      assert.deepEqual(
        own.map((name) => field(whole, name) ?? null),
        ['kept', 'a=1', 'attachment', null, null],
      );
      const etag = field(whole, 'ETag') ?? '';
      assert.notEqual(etag, '"own"');
      assert.equal((await get(path, { 'If-None-Match': etag })).status, 304);
      const part = await get(path, { Range: 'bytes=1-' });
      assert.deepEqual([part.status, part.body.toString()], [206, 'df']);
      const head = await get(path, {}, 'HEAD');
      assert.deepEqual([head.status, field(head, 'Content-Length'), head.body.length], [200, '3', 0]);
    }
    const large = await get('/accel?/protected/large.bin');
    assert.deepEqual([large.end, large.body.equals(Buffer.alloc(LARGE_BYTES, 'L'))], ['complete', true]);
    for (const path of [
      '/accel?/protected/../secret',
      '/accel?/protected/no',
      '/accel?/etc/passwd',
      '/sendfile?/etc/passwd',
    ]) {
      const missing = await get(path);
      assert.deepEqual([missing.status, missing.body.includes('Not Found')], [404, true], path);
    }
    await server.waitForLog(
      /The application sends \/etc\/passwd for GET \/sendfile\S*, which cannot be: no folder of x_sendfile has it/,
    );
    const client = await scene.connect(server);
    const order = ['/', '/accel?/protected/large.bin', '/', '/accel?/protected/a%20b.pdf'];
    await client.send(Buffer.concat(order.map((path) => requestBytes(path))));
    const sizes: number[] = [];
    for (const _ of order) sizes.push((await client.response()).body.length);
    assert.deepEqual(sizes, [3, LARGE_BYTES, 3, 3]);
    assert.equal(server.log.count(/\[ERROR\]|Traceback/), 0, server.log.text());
  },
  onlyTunicorn,
);

scenario(
  'an ASGI application sends files, too; without the setting, its fields are passed on',
  async (scene) => {
    const folder = files(scene);
    const launch = { app: 'app', files: { 'app.py': ASGI } };
    const server = await scene.tunicorn({ ...launch, args: ['-k', 'asgi', '--x-sendfile', `/protected=${folder}`] });
    for (let count = 0; count < 20; count += 1) {
      const whole = await request(server.target, '/?/protected/large.bin');
      assert.deepEqual(
        [whole.status, whole.body.length, field(whole, 'Content-Type')],
        [200, LARGE_BYTES, 'text/x-own'],
      );
      const small = await request(server.target, '/?/protected/a%20b.pdf');
      assert.equal(small.body.toString(), 'pdf');
    }
    await server.stop();
    const plain = await scene.tunicorn({ ...launch, args: ['-k', 'asgi'] });
    const passed = await request(plain.target, '/?/protected/large.bin');
    assert.deepEqual(
      [passed.body.toString(), field(passed, 'x-accel-redirect')],
      ['ignoredignored', '/protected/large.bin'],
    );
  },
  onlyTunicorn,
);

function files(scene: Scene): string {
  const folder = join(scene.dir, 'protected');
  mkdirSync(folder);
  writeFileSync(join(folder, 'a b.pdf'), 'pdf');
  writeFileSync(join(folder, 'large.bin'), Buffer.alloc(LARGE_BYTES, 'L'));
  writeFileSync(join(scene.dir, 'secret'), 'secret');
  return folder;
}
