// The access log and the error log: targets, contents of lines, and levels.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { field } from '../../harness/clients/http-connection.ts';
import { getText, request, requestBytes } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { onlyTunicorn, scenario } from '../../harness/scenario.ts';

scenario('there is no access log by default', async (scene) => {
  const server = await scene.tunicorn({ app: 'hello' });
  await getText(server.target, '/seen-nowhere');
  await server.stop();
  assert.doesNotMatch(server.log.text(), /seen-nowhere/);
});

scenario('--access-logfile - writes the line that Gunicorn writes to stdout', async (scene) => {
  const server = await scene.tunicorn({ app: 'responses', args: ['--access-logfile', '-'] });
  const headers = { Referer: 'http://from.example/', 'User-Agent': 'a "quoted" agent' };
  await request(server.target, '/length?a=b%20c', { method: 'POST', headers, body: 'x' });
  await server.stdout.waitFor(/POST/);
  const date = String.raw`\[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]`;
  const line = server.stdout.lines.find((text) => text.includes('POST'));
  assert.match(
    line ?? '',
    new RegExp(
      `^127\\.0\\.0\\.1 - - ${date} "POST /length\\?a=b%20c HTTP/1\\.1" 200 4 "http://from\\.example/" "a \\\\"quoted\\\\" agent"$`,
    ),
  );
});

scenario('--access-logformat knows the atoms of Gunicorn', async (scene) => {
  const format =
    '%(h)s|%(m)s|%(U)s|%(q)s|%(H)s|%(s)s|%(B)s|%(b)s|%(f)s|%(a)s|%({X-In}i)s|%({content-type}o)s|%({wsgi.url_scheme}e)s|%(zz)s|%(u)s';
  const path = scene.path('access.log');
  const server = await scene.tunicorn({
    app: 'responses',
    args: ['--access-logfile', path, '--access-logformat', format],
  });
  const headers = { 'X-In': 'in', Authorization: `Basic ${Buffer.from('ada:secret').toString('base64')}` };
  await request(server.target, '/length?q=1', { headers });
  await request(server.target, '/chunked', {});
  await eventually('two lines', () => existsSync(path) && readFileSync(path, 'utf8').split('\n').length === 3);
  assert.deepEqual(readFileSync(path, 'utf8').trim().split('\n'), [
    '127.0.0.1|GET|/length|q=1|HTTP/1.1|200|4|4|-|-|in|text/plain|http|-|ada',
    '127.0.0.1|GET|/chunked||HTTP/1.1|200|11|11|-|-|-|text/plain|http|-|-',
  ]);
});

scenario('times and process ids in the access log are numbers', async (scene) => {
  const path = scene.path('access.log');
  const server = await scene.tunicorn({
    app: 'hello',
    args: ['--access-logfile', path, '--access-logformat', '%(T)s|%(M)s|%(D)s|%(L)s|%(p)s'],
  });
  await getText(server.target);
  await eventually('a line', () => existsSync(path) && readFileSync(path, 'utf8').includes('\n'));
  assert.match(readFileSync(path, 'utf8'), /^\d+\|\d+\|\d+\|\d+\.\d{6}\|<\d+>\n$/);
});

scenario('each of many requests has one line in the access log', async (scene) => {
  const path = scene.path('access.log');
  const server = await scene.tunicorn({
    app: 'hello',
    args: ['--workers', '2', '--access-logfile', path, '--access-logformat', '%(U)s'],
  });
  const numbers = Array.from({ length: 200 }, (_, number) => number);
  await Promise.all(numbers.map(async (number) => await getText(server.target, `/n/${number}`)));
  assert.equal((await server.stop()).code, 0);
  const lines = readFileSync(path, 'utf8').trim().split('\n').sort();
  assert.deepEqual(lines, numbers.map((number) => `/n/${number}`).sort());
});

for (const [status, path] of [
  [502, '/die'],
  [504, '/sleep'],
] as const) {
  scenario(
    `the access log has the size of the page that a client gets with ${status}, and the page has its server and date`,
    async (scene) => {
      const app =
        'import os, time\n\ndef application(environ, start_response):\n' +
        '    if environ["PATH_INFO"] == "/die":\n        os._exit(6)\n    time.sleep(3600)\n';
      const access = scene.path('access.log');
      const server = await scene.tunicorn({
        app: 'app',
        files: { 'app.py': app },
        args: ['--timeout', '1', '--access-logfile', access, '--access-logformat', '%(m)s %(s)s %(B)s %(b)s'],
      });
      const response = await request(server.target, path);
      assert.deepEqual([response.status, response.end], [status, 'complete']);
      assert.equal(field(response, 'Server'), 'tunicorn');
      assertNow(field(response, 'Date'));
      const head = await request(server.target, path, { method: 'HEAD' });
      assert.deepEqual([head.status, head.body.length], [status, 0]);
      await eventually('two lines', () => existsSync(access) && readFileSync(access, 'utf8').split('\n').length === 3);
      const { length } = response.body;
      assert.ok(length > 0);
      assert.equal(readFileSync(access, 'utf8'), `GET ${status} ${length} ${length}\nHEAD ${status} 0 0\n`);
    },
    onlyTunicorn,
  );
}

scenario(
  'the pages of refusals have server and date, like those of the application',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'hello', args: ['--gateway-connections', '1'] });
    // The connection that found the server ready may not be gone yet.
    const first = await eventually('room for a connection', async () => {
      const connection = await scene.connect(server);
      await connection.send(requestBytes('/'));
      return (await connection.response()).status === 200 && connection;
    });
    const turnedAway = await request(server.target, '/');
    await first.send('nonsense\r\n\r\n');
    const refused = await first.response();
    assert.deepEqual([turnedAway.status, refused.status], [503, 400]);
    for (const response of [turnedAway, refused]) {
      assert.equal(field(response, 'Server'), 'tunicorn');
      assert.equal(field(response, 'Connection'), 'close');
      assertNow(field(response, 'Date'));
    }
  },
  onlyTunicorn,
);

scenario('a refused request causes a warning', async (scene) => {
  const server = await scene.tunicorn({ app: 'hello' });
  const connection = await scene.connect(server);
  await connection.send('nonsense\r\n\r\n');
  assert.equal((await connection.response()).status, 400);
  await server.waitForLog(/\[WARNING\] Invalid request from ip=127\.0\.0\.1: Invalid HTTP request line/);
});

scenario('--error-logfile gets the error log, including messages and tracebacks of workers', async (scene) => {
  const path = scene.path('error.log');
  const server = await scene.launch({ app: 'raising', args: ['--error-logfile', path] });
  await eventually('the start', () => existsSync(path) && /Listening at/.test(readFileSync(path, 'utf8')));
  await eventually(
    'an answer',
    async () =>
      await request(server.target, '/ok').then(
        ({ status }) => status === 200,
        () => false,
      ),
  );
  assert.equal((await request(server.target, '/before')).status, 500);
  await eventually('the traceback', () => /RuntimeError: before start_response/.test(readFileSync(path, 'utf8')));
  assert.match(readFileSync(path, 'utf8'), /Booting worker with pid/);
  assert.equal((await server.stop()).code, 0);
  assert.doesNotMatch(server.log.text(), /Listening at|before start_response/);
});

scenario('--log-level warning hides messages of level info', async (scene) => {
  const server = await scene.launch({ app: 'raising', args: ['--log-level', 'warning'] });
  await eventually(
    'an answer',
    async () =>
      await request(server.target, '/ok').then(
        ({ status }) => status === 200,
        () => false,
      ),
  );
  assert.equal((await request(server.target, '/before')).status, 500);
  await server.waitForLog(/RuntimeError/);
  assert.equal(server.log.count(/\[INFO\]|\[DEBUG\]/), 0, server.log.text());
});

scenario('--log-level debug shows the settings', async (scene) => {
  const server = await scene.tunicorn({ app: 'hello', args: ['--log-level', 'debug'] });
  await server.waitForLog(/\[DEBUG\]/);
  assert.match(server.log.text(), /graceful_timeout: 30/);
});

scenario("the application's output and wsgi.errors come out", async (scene) => {
  const app =
    'import sys\n\ndef application(environ, start_response):\n    print("printed to stdout", flush=True)\n' +
    '    print("printed to stderr", file=sys.stderr, flush=True)\n    environ["wsgi.errors"].write("written to wsgi.errors\\n")\n' +
    '    start_response("200 OK", [])\n    return [b"ok"]\n';
  const server = await scene.tunicorn({ app: 'talks', files: { 'talks.py': app } });
  await getText(server.target);
  for (const line of [/printed to stdout/, /printed to stderr/, /written to wsgi\.errors/])
    await server.waitForLog(line);
});

scenario('a log file that cannot be written is an error that names it', async (scene) => {
  const { code, text } = await scene.run({ app: 'hello', args: ['--error-logfile', scene.path('nowhere/error.log')] });
  assert.equal(code, 1);
  assert.match(text, /nowhere\/error\.log/);
});

scenario('a name in the log line cannot forge another line', async (scene) => {
  const path = scene.path('access.log');
  const server = await scene.tunicorn({
    app: 'responses',
    args: ['--access-logfile', path, '--access-logformat', '%(r)s %(a)s'],
  });
  const connection = await scene.connect(server);
  await connection.send(requestBytes('/length?%0aforged', { headers: { 'User-Agent': 'tab\tand \x80' } }));
  assert.equal((await connection.response()).status, 200);
  await eventually('a line', () => existsSync(path) && readFileSync(path, 'utf8').includes('\n'));
  assert.equal(readFileSync(path, 'utf8').trim().split('\n').length, 1);
});

scenario('no atom lets a client forge a line, end a field or reach a terminal', async (scene) => {
  const path = scene.path('access.log');
  const names = ['h', 'l', 'u', 't', 'r', 's', 'm', 'U', 'q', 'H', 'b', 'B', 'f', 'a', 'T', 'M', 'D', 'L', 'Q', 'p'];
  const lookUps = ['{x-hostile}i', '{content-type}o', '{http_x_hostile}e', '{path_info}e', '{raw_uri}e', '{none}i'];
  const format = [...names, ...lookUps].map((name) => `"%(${name})s"`).join(' ');
  const server = await scene.tunicorn({
    app: 'responses',
    args: ['--access-logfile', path, '--access-logformat', format],
  });
  const hostile = '" 200 "\\\t\x85\x9b2J\xe9';
  const user = Buffer.from(`"a\r\nforged" \x1b[2J:secret`).toString('base64');
  const headers = { 'X-Hostile': hostile, Referer: hostile, 'User-Agent': hostile, Authorization: `Basic ${user}` };
  const connection = await scene.connect(server);
  await connection.send(requestBytes('/length%0d%0aforged%22%1b%c2%9b?"\\\x80', { headers }));
  await connection.response();
  await server.stop();
  const text = readFileSync(path, 'utf8');
  assert.doesNotMatch(text.slice(0, -1), /[\x00-\x1f\x7f-\x9f]/);
  // Each value is between two unescaped quotes.
  const fields = [...text.trimEnd().matchAll(/"((?:[^"\\]|\\.)*)"(?: |$)/g)];
  assert.equal(fields.length, names.length + lookUps.length, text);
  assert.equal(fields.map(([field]) => field).join(''), text.trimEnd());
});

/** A single field, in the form of RFC 9110 section 5.6.7, with today's date. */
function assertNow(date: string | undefined): void {
  assert.match(date ?? 'no Date', /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
  assert.ok(Math.abs(Date.parse(date ?? '') - Date.now()) < 3_600_000, date);
}
