// Request ids: taken from X-Request-ID or generated, and known to the application, the client and the access log.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { field, fields } from '../../harness/clients/http-connection.ts';
import { request, requestBytes } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { type Scene, scenario } from '../../harness/scenario.ts';

const app = `
def application(environ, start_response):
    headers = [("Content-Type", "text/plain")]
    if environ["PATH_INFO"] == "/own":
        headers.append(("x-request-id", "the application's"))
    start_response("200 OK", headers)
    return [environ.get("HTTP_X_REQUEST_ID", "none").encode("latin-1")]
`;

async function serverWith(scene: Scene, args: readonly string[]): ReturnType<Scene['tunicorn']> {
  return await scene.tunicorn({ app: 'app', files: { 'app.py': app }, args });
}

const MADE = /^[0-9a-f]{32}$/;

scenario('by default requests have no ids, and X-Request-ID is a field like any other', async (scene) => {
  const server = await serverWith(scene, []);
  const plain = await request(server.target, '/');
  assert.equal(plain.body.toString(), 'none');
  assert.equal(field(plain, 'X-Request-ID'), undefined);
  const sent = await request(server.target, '/', { headers: { 'X-Request-ID': 'abc def' } });
  assert.equal(sent.body.toString(), 'abc def');
  assert.equal(field(sent, 'X-Request-ID'), undefined);
});

scenario('an id sent by the client is used, by the application and in the response', async (scene) => {
  const server = await serverWith(scene, ['--request-id', 'on']);
  for (const id of ['abc', 'Root=1-67891233-abcdef012345678912345678', '"\\<>', 'x'.repeat(128)]) {
    const response = await request(server.target, '/', { headers: { 'x-request-id': id } });
    assert.equal(response.body.toString(), id);
    assert.deepEqual(fields(response, 'X-Request-ID'), [id]);
  }
});

scenario('without a valid one, an id is generated, a new one for each request of a connection', async (scene) => {
  const server = await serverWith(scene, ['--request-id', 'on']);
  const connection = await scene.connect(server);
  const seen = new Set<string>();
  const sent: readonly (string | undefined)[] = [
    undefined,
    undefined,
    '',
    'x'.repeat(129),
    'a b',
    'tab\there',
    'caf\xe9',
  ];
  for (const id of sent) {
    await connection.send(requestBytes('/', { headers: id === undefined ? {} : { 'X-Request-ID': id } }));
    const response = await connection.response();
    const made = response.body.toString('latin1');
    assert.match(made, MADE);
    assert.deepEqual(fields(response, 'X-Request-ID'), [made]);
    seen.add(made);
  }
  assert.equal(seen.size, sent.length);
});

scenario("an application's own X-Request-ID is not touched", async (scene) => {
  const server = await serverWith(scene, ['--request-id', 'on']);
  const response = await request(server.target, '/own', { headers: { 'X-Request-ID': 'abc' } });
  assert.deepEqual(fields(response, 'x-request-id'), ["the application's"]);
  assert.equal(response.body.toString(), 'abc');
});

scenario('refusals have an id, too, and the JSON access log has the id of each request', async (scene) => {
  const log = scene.path('access.log');
  const server = await serverWith(scene, ['--log-format', 'json', '--access-logfile', log]);
  const connection = await scene.connect(server);
  await connection.send('nonsense\r\n\r\n');
  const refused = field(await connection.response(), 'X-Request-ID') ?? '';
  assert.match(refused, MADE);
  const made = (await request(server.target, '/')).body.toString();
  await request(server.target, '/', { headers: { 'X-Request-ID': 'sent' } });
  await server.stop();
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).request_id),
    [refused, made, 'sent'],
  );
});

scenario(
  'the setting request_id takes precedence over log_format, and the text form shows ids if its format asks for them',
  async (scene) => {
    const log = scene.path('access.log');
    const format = '%({x-request-id}i)s';
    const args = ['--request-id', 'on', '--access-logfile', log, '--access-logformat', format];
    const server = await serverWith(scene, args);
    const id = (await request(server.target, '/', { headers: { 'X-Request-ID': 'not sane' } })).body.toString();
    await eventually('the line', () => existsSync(log) && readFileSync(log, 'utf8') === `${id}\n`);
    await server.stop();
    const off = await serverWith(scene, [
      '--request-id',
      'off',
      '--log-format',
      'json',
      '--access-logfile',
      `${log}.2`,
    ]);
    assert.equal((await request(off.target, '/')).body.toString(), 'none');
    await off.stop();
    assert.equal(JSON.parse(readFileSync(`${log}.2`, 'utf8')).request_id, null);
  },
);
