// Responses of applications for which RFC 9110 and 9112 leave no choice, with every kind of worker.

import assert from 'node:assert/strict';
import { field } from '../../harness/clients/http-connection.ts';
import { request, requestBytes } from '../../harness/clients/http-request.ts';
import { onlyTunicorn, scenario, sharedServer } from '../../harness/scenario.ts';

const limited = sharedServer({ app: 'final_responses:wsgi', args: ['--limit-request-body', '100'] });
const CLASSES = [
  ['sync', 'wsgi'],
  ['gthread', 'wsgi'],
  ['gevent', 'wsgi'],
  ['tornado', 'wsgi'],
  ['asgi', 'asgi'],
] as const;

for (const [workerClass, dialect] of CLASSES) {
  scenario(
    `${workerClass}: an application may close the connection, 205 has no content, and an invalid response becomes 500`,
    async (scene) => {
      const server = await scene.tunicorn({ app: `final_responses:${dialect}`, args: ['-k', workerClass] });

      for (const path of ['/close', '/close-list', '/close-chunks']) {
        const connection = await scene.connect(server);
        await connection.send(Buffer.concat([requestBytes(path), requestBytes('/plain')]));
        const response = await connection.response();
        assert.deepEqual([response.status, response.body.toString()], [200, 'four'], path);
        assert.equal(field(response, 'Connection'), 'close', path);
        assert.ok(await connection.closesSilently(), path);
      }

      const kept = await scene.connect(server);
      for (const path of ['/keep', '/205', '/205-plain', '/coding', '/coding-and-length', '/plain']) {
        await kept.send(requestBytes(path));
        const response = await kept.response();
        assert.equal(field(response, 'Connection'), 'keep-alive', path);
        const is205 = path.startsWith('/205');
        assert.deepEqual([response.status, response.body.toString()], is205 ? [205, ''] : [200, 'four'], path);
        if (is205) assert.equal(field(response, 'Content-Length'), '0', path);
      }

      for (const path of ['/100', '/101', '/103', '/199', '/two-lengths', '/list-length', '/minus-length']) {
        const { status, headers } = await request(server.target, path);
        assert.equal(status, 500, path);
        assert.equal(headers.filter(([name]) => name.toLowerCase() === 'content-length').length, 1, path);
      }
      await server.waitForLog(/an interim response is not a response/);
      await server.waitForLog(/a second content-length/i);
    },
    onlyTunicorn,
  );
}

for (const [what, text, status] of [
  ['a bad target', 'HEAD nothing HTTP/1.1\r\n\r\n', 400],
  ['a bad field', 'HEAD / HTTP/1.1\r\nHost : x\r\n\r\n', 400],
  ['a bad line in an unfinished head', 'HEAD / HTTP/1.1\r\nHost: x\nX: y', 400],
  ['a line that is too long', `HEAD /${'a'.repeat(5000)} HTTP/1.1\r\n\r\n`, 414],
  ['an unfinished line that is too long', `HEAD /${'a'.repeat(5000)}`, 414],
  ['a field that is too long', `HEAD / HTTP/1.1\r\nX: ${'a'.repeat(9000)}\r\n\r\n`, 431],
  ['a bad chunk', 'HEAD / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n', 400],
  ['an unknown coding', 'HEAD / HTTP/1.1\r\nTransfer-Encoding: br\r\n\r\n', 501],
  ['a body that is too large', 'HEAD / HTTP/1.1\r\nContent-Length: 1000\r\n\r\n', 413],
] as const) {
  scenario(
    `the response to HEAD with ${what} has no content`,
    async (scene) => {
      const connection = await scene.connect(await limited());
      await connection.send(text);
      const response = await connection.response('HEAD');
      assert.equal(response.status, status);
      assert.ok(Number(field(response, 'Content-Length')) > 0);
      assert.ok(await connection.closesSilently());
    },
    onlyTunicorn,
  );
}
