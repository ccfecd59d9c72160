// wsgi.early_hints: interim responses 103 before the response (RFC 8297).

import assert from 'node:assert/strict';
import { field, fields, type HttpConnection } from '../../harness/clients/http-connection.ts';
import { getText, requestBytes } from '../../harness/clients/http-request.ts';
import { otherServer } from '../../harness/project.ts';
import { onlyTunicorn, scenario, sharedServer } from '../../harness/scenario.ts';

const shared = sharedServer({ app: 'early_hints' });
const LINK = '</style.css>; rel=preload; as=style';

scenario('hints arrive while the application is still working, each as a separate 103 response', async (scene) => {
  const rendezvous = await scene.rendezvous();
  const server = await scene.tunicorn({ app: 'early_hints', env: { RENDEZVOUS: rendezvous.address } });
  const connection = await scene.connect(server);
  for (let round = 0; round < 2; round += 1) {
    await connection.send(requestBytes('/two'));
    const first = await connection.head();
    assert.deepEqual([first.version, first.status, first.reason], ['HTTP/1.1', 103, 'Early Hints']);
    assert.deepEqual(first.headers, [
      ['Link', LINK],
      ['X-Number', '1'],
    ]);
    const second = await connection.head();
    assert.equal(second.status, 103);
    assert.deepEqual(fields(second, 'Link'), ['</app.js>; rel=preload; as=script']);
    if (!otherServer) assert.equal(field(second, 'Content-Length'), undefined);
    await rendezvous.arrived('after the hints');
    rendezvous.release('after the hints');
    const response = await connection.response();
    assert.deepEqual([response.status, response.body.toString(), field(response, 'Link')], [200, 'body', undefined]);
    // Gunicorn's sync worker closes after each response.
    if (otherServer) return;
  }
});

scenario('an HTTP/1.0 client gets only the response', async (scene) => {
  const connection = await scene.connect(await shared());
  await connection.send(requestBytes('/one', { version: '1.0' }));
  const text = (await connection.untilEnd()).toString('latin1');
  assert.match(text, /^HTTP\/1\.[01] 200 OK\r\n.*\r\n\r\nbody$/s);
  assert.doesNotMatch(text, /103|Link/);
});

scenario('hints that come after the head are not sent', async (scene) => {
  const connection = await scene.connect(await shared());
  await connection.send(requestBytes('/late', { headers: { Connection: 'close' } }));
  const response = await connection.response();
  assert.deepEqual([response.status, response.body.toString(), response.end], [200, 'first, second', 'complete']);
});

scenario(
  'a hint that would split the response is a ValueError in the application, and nothing of it is sent',
  async (scene) => {
    const server = await shared();
    const since = server.log.mark();
    const connection = await scene.connect(server);
    await connection.send(requestBytes('/injection'));
    const response = await connection.response();
    assert.deepEqual([response.status, field(response, 'X-Injected')], [500, undefined]);
    await server.waitForLog(/InvalidResponse: value of response header X-Bad is/, since);
    assert.equal(await getText(server.target, '/none'), 'body');
  },
  onlyTunicorn,
);

scenario(
  'a worker that dies after its hints causes a 502',
  async (scene) => {
    const server = await shared();
    const connection = await scene.connect(server);
    await connection.send(requestBytes('/dies'));
    assert.equal((await connection.head()).status, 103);
    assert.equal((await connection.response()).status, 502);
    assert.equal(await getText(server.target, '/none'), 'body');
  },
  onlyTunicorn,
);

scenario('many hints arrive in order, and the worker keeps serving', async (scene) => {
  const server = await shared();
  for (let round = 0; round < 2; round += 1) {
    const connection = await scene.connect(server);
    await connection.send(requestBytes('/many'));
    for (let number = 0; number < 3000; number += 1) await expectHint(connection, String(number));
    assert.equal((await connection.response()).body.toString(), 'body');
  }
});

async function expectHint(connection: HttpConnection, number: string): Promise<void> {
  const head = await connection.head();
  assert.deepEqual([head.status, field(head, 'X-Number')], [103, number]);
}
