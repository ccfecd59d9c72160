// The setting log_format = json: every line of both logs is one JSON object with typed fields, whichever process writes it.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { getText, request, requestBytes } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

type Line = Readonly<Record<string, unknown>>;

function linesOf(path: string): readonly Line[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

const app = `
import logging
import sys

def application(environ, start_response):
    if environ["PATH_INFO"] == "/raise":
        raise RuntimeError("as told\\nin two lines")
    if environ["PATH_INFO"] == "/talk":
        environ["wsgi.errors"].write("to wsgi.errors: \\x1b[2J \\u2028 caf\\xe9\\n")
        logging.getLogger("gunicorn.error").warning("through %s", "logging")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"answer"]
`;

async function serverWith(scene: Scene, args: readonly string[] = []): Promise<Server> {
  const logs = ['--access-logfile', scene.path('access.log'), '--error-logfile', scene.path('error.log')];
  const options = { app: 'app', files: { 'app.py': app }, args: ['--log-format', 'json', ...logs, ...args] };
  const server = await scene.launch(options);
  await eventually('the start', () =>
    linesOf(scene.path('error.log')).some(({ message }) => message === 'Generation 1 is serving'),
  );
  return server;
}

scenario('a line of the access log has each of its fields, with its type', async (scene) => {
  const server = await serverWith(scene);
  const headers = {
    Host: 'shop.example',
    Referer: 'http://from.example/',
    'User-Agent': 'a "quoted" agent',
    Authorization: `Basic ${Buffer.from('ada:secret').toString('base64')}`,
    'X-Request-ID': 'abc',
    'X-Forwarded-Proto': 'https',
  };
  await request(server.target, '/a%20b?c=d', { method: 'POST', headers, body: 'four' });
  const { workers, gateways } = server.family();
  await server.stop();
  const [line = {}, ...more] = linesOf(scene.path('access.log'));
  assert.equal(more.length, 0);
  const { time, duration_ms, queue_ms, ...rest } = line;
  assert.match(String(time), ISO);
  assert.ok(Math.abs(Date.parse(String(time)) - Date.now()) < 3_600_000);
  assert.ok(typeof duration_ms === 'number' && duration_ms > 0 && duration_ms < 60_000);
  assert.ok(typeof queue_ms === 'number' && queue_ms >= 0 && queue_ms < 60_000);
  assert.deepEqual(rest, {
    log: 'access',
    remote_addr: '127.0.0.1',
    user: 'ada',
    method: 'POST',
    target: '/a%20b?c=d',
    path: '/a b',
    query: 'c=d',
    protocol: 'HTTP/1.1',
    scheme: 'https',
    host: 'shop.example',
    status: 200,
    response_bytes: 6,
    request_bytes: 4,
    end: 'answered',
    worker_pid: workers[0],
    gateway_pid: gateways[0],
    generation: 1,
    connection: 1,
    connection_request: 1,
    request_id: 'abc',
    referer: 'http://from.example/',
    user_agent: 'a "quoted" agent',
  });
});

scenario('chunked and spooled bodies are counted', async (scene) => {
  const server = await serverWith(scene, ['--request-buffer-size', '1000']);
  const connection = await scene.connect(server);
  await connection.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n');
  assert.equal((await connection.response()).status, 200);
  await connection.send(requestBytes('/', { method: 'POST', body: 'x'.repeat(5000) }));
  assert.equal((await connection.response()).status, 200);
  await server.stop();
  assert.deepEqual(
    linesOf(scene.path('access.log')).map((line) => line.request_bytes),
    [3, 5000],
  );
});

scenario(
  "every process writes JSON to the error log, including tracebacks and the application's messages",
  async (scene) => {
    const server = await serverWith(scene);
    assert.equal((await request(server.target, '/raise')).status, 500);
    await getText(server.target, '/talk');
    const connection = await scene.connect(server);
    await connection.send('nonsense\r\n\r\n');
    await connection.response();
    const { workers, gateways } = server.family();
    await server.stop();
    const lines = linesOf(scene.path('error.log'));
    for (const line of lines) {
      assert.match(String(line.time), ISO);
      assert.equal(line.log, 'error');
      assert.match(String(line.level), /^(debug|info|warning|error|critical)$/);
      assert.match(String(line.process), /^(arbiter|gateway|forkserver|worker)$/);
      assert.equal(typeof line.pid, 'number');
      assert.equal(typeof line.message, 'string');
    }
    const find = (message: RegExp): Line => lines.find((line) => message.test(String(line.message))) ?? {};
    const of = ({ process, level, pid }: Line): readonly unknown[] => [process, level, pid];
    assert.deepEqual(of(find(/^Starting tunicorn/)), ['arbiter', 'info', server.pid]);
    assert.deepEqual(of(find(/^Booting worker with pid/)), ['worker', 'info', workers[0]]);
    assert.deepEqual(of(find(/^Invalid request from ip=127\.0\.0\.1/)), ['gateway', 'warning', gateways[0]]);
    const raised = find(/^Error handling request/);
    assert.deepEqual(of(raised), ['worker', 'error', workers[0]]);
    assert.doesNotMatch(String(raised.message), /\n/);
    assert.match(
      String(raised.traceback),
      /^Traceback \(most recent call last\):\n(.|\n)*RuntimeError: as told\nin two lines$/,
    );
    const said = find(/^to wsgi\.errors/);
    assert.deepEqual([said.message, said.logger], ['to wsgi.errors: \x1b[2J \u2028 café', 'wsgi.errors']);
    const logged = find(/^through logging$/);
    assert.deepEqual([logged.level, logged.logger, logged.process], ['warning', 'gunicorn.error', 'worker']);
  },
);

scenario('no client can forge a line of JSON, or part of one', async (scene) => {
  const server = await serverWith(scene);
  const hostile = '"},{"status":1,"x":"\\\t\x85\x9b\xe9';
  const connection = await scene.connect(server);
  const path = '/%0a%0d%22%7d%7b%00%c2%85%e2%80%a8';
  await connection.send(requestBytes(path, { headers: { 'User-Agent': hostile, Referer: '"\\' } }));
  assert.equal((await connection.response()).status, 200);
  await server.stop();
  const text = readFileSync(scene.path('access.log'), 'latin1');
  assert.equal(text.trimEnd().split('\n').length, 1);
  // No terminal control characters, and nothing that some parser treats as a line end.
  assert.doesNotMatch(readFileSync(scene.path('access.log'), 'utf8').trimEnd(), /[\x00-\x1f\x7f-\x9f\u2028\u2029]/);
  const [line = {}] = linesOf(scene.path('access.log'));
  assert.equal(line.path, '/\n\r"}{\0\xc2\x85\xe2\x80\xa8');
  assert.deepEqual([line.referer, line.user_agent], ['"\\', hostile]);
  assert.equal(Object.keys(line).filter((name) => name === 'status').length, 1);
});

scenario('USR1 continues in new files, and a reload changes the form of both logs', async (scene) => {
  const files = { 'app.py': app, 'gunicorn.conf.py': 'accesslog = "access.log"\nerrorlog = "error.log"\n' };
  const server = await scene.launch({ app: 'app', files });
  const [access, errors] = [scene.path('access.log'), scene.path('error.log')];
  const has = (path: string, pattern: RegExp): boolean => existsSync(path) && pattern.test(readFileSync(path, 'utf8'));
  await eventually('the start', () => has(errors, /\[INFO\] Generation 1 is serving/));
  await getText(server.target, '/text');
  await eventually('a line of text', () => has(access, /"GET \/text HTTP\/1\.1" 200/));
  scene.write('gunicorn.conf.py', `${files['gunicorn.conf.py']}log_format = "json"\n`);
  server.signal('SIGHUP');
  await eventually('the reload', () => has(errors, /"message":"Generation 2 is serving"/));
  await getText(server.target, '/json');
  await eventually('a line of JSON', () => has(access, /"target":"\/json"/));
  for (const path of [access, errors]) renameSync(path, `${path}.1`);
  server.signal('SIGUSR1');
  await eventually('new files', () => existsSync(access) && existsSync(errors));
  assert.equal((await request(server.target, '/raise')).status, 500);
  await eventually('lines in both', () => linesOf(access).length === 1 && has(errors, /"traceback":"Traceback/));
  await server.stop();
  for (const line of linesOf(errors)) assert.equal(line.log, 'error');
  assert.deepEqual(linesOf(access)[0]?.target, '/raise');
});
