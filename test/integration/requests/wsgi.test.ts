// PEP 3333 as an application sees it: the environ, start_response, write, streaming, close(), file_wrapper.

import assert from 'node:assert/strict';
import { readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { field, type HttpResponse } from '../../harness/clients/http-connection.ts';
import { getText, request, requestBytes } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { onlyTunicorn, scenario, sharedServer } from '../../harness/scenario.ts';

const echo = sharedServer({ app: 'echo', args: ['--workers', '2'] });
const responses = sharedServer({ app: 'responses' });
const raising = sharedServer({ app: 'raising' });
const validated = sharedServer({ app: 'validated' });
/** Keys that only one of the two adds to the environ. */
const optionalKeys = ['gunicorn.socket', 'wsgi.early_hints', 'tunicorn.client_disconnected', 'tunicorn.queue_time'];

scenario('the environ has exactly the keys that Gunicorn gives it, with their values', async (scene) => {
  const server = await echo();
  const connection = await scene.connect(server);
  await connection.send(
    'POST /a%20b/caf%C3%A9?x=1&y=%20 HTTP/1.1\r\nHost: shop.example:81\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n' +
      'X-Two: a\r\nx-two: b\r\nUser-Agent: \ttest \r\nX-Latin: caf\xe9\r\nX_Under: dropped\r\n\r\nok',
  );
  const environ = environOf(await connection.response());
  for (const key of optionalKeys) delete environ[key];
  assert.ok('port' in server.target);
  const { SERVER_SOFTWARE: software, REMOTE_PORT: port, ...rest } = environ;
  assert.match(String(software), /^(gunicorn|tunicorn)\/\d+\.\d+/);
  assert.equal(port, String(connection.socket.localPort));
  for (const key of ['wsgi.input', 'wsgi.errors', 'wsgi.file_wrapper']) assert.match(String(rest[key]), /^<.+>$/);
  assert.deepEqual(rest, {
    REQUEST_METHOD: 'POST',
    QUERY_STRING: 'x=1&y=%20',
    RAW_URI: '/a%20b/caf%C3%A9?x=1&y=%20',
    SERVER_PROTOCOL: 'HTTP/1.1',
    HTTP_HOST: 'shop.example:81',
    CONTENT_TYPE: 'text/plain',
    CONTENT_LENGTH: '2',
    HTTP_X_TWO: 'a,b',
    HTTP_USER_AGENT: 'test',
    HTTP_X_LATIN: 'caf\u00e9',
    REMOTE_ADDR: '127.0.0.1',
    SERVER_NAME: '127.0.0.1',
    SERVER_PORT: String(server.target.port),
    PATH_INFO: '/a b/caf\u00c3\u00a9',
    SCRIPT_NAME: '',
    'wsgi.url_scheme': 'http',
    'wsgi.version': [1, 0],
    'wsgi.multithread': false,
    'wsgi.multiprocess': true,
    'wsgi.run_once': false,
    'wsgi.input_terminated': true,
    'wsgi.input': rest['wsgi.input'],
    'wsgi.errors': rest['wsgi.errors'],
    'wsgi.file_wrapper': rest['wsgi.file_wrapper'],
  });
});

scenario('a request without a body has no CONTENT_TYPE and CONTENT_LENGTH', async () => {
  const environ = environOf(await request((await echo()).target, '/'));
  assert.deepEqual([environ.CONTENT_TYPE, environ.CONTENT_LENGTH], [undefined, undefined]);
});

scenario('a chunked request has no CONTENT_LENGTH, and wsgi.input_terminated', async (scene) => {
  const connection = await scene.connect(await echo());
  await connection.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n');
  const environ = environOf(await connection.response());
  assert.equal(environ.CONTENT_LENGTH, undefined);
  assert.equal(environ.HTTP_TRANSFER_ENCODING, 'chunked');
  assert.equal(environ['wsgi.input_terminated'], true);
});

const targets: readonly (readonly [target: string, path: string, query: string])[] = [
  ['/', '/', ''],
  ['/?', '/', ''],
  ['//double', '//double', ''],
  ['/a;b=c?d=e?f', '/a;b=c', 'd=e?f'],
  ['/a%2Fb%3Fc', '/a/b?c', ''],
  ['/nul%00nul', '/nul\0nul', ''],
  ['/bad%zzescape%4', '/bad%zzescape%4', ''],
  ['http://other.example/absolute?q', '/absolute', 'q'],
  ['/path#fragment', '/path', ''],
];

for (const [target, path, query] of targets) {
  scenario(`the target ${target} is split as in Gunicorn`, async () => {
    const environ = environOf(await request((await echo()).target, target));
    assert.deepEqual([environ.RAW_URI, environ.PATH_INFO, environ.QUERY_STRING], [target, path, query]);
  });
}

scenario('OPTIONS * has the path *', async () => {
  const environ = environOf(await request((await echo()).target, '*', { method: 'OPTIONS' }));
  assert.equal(environ.PATH_INFO, '*');
});

scenario('SCRIPT_NAME comes from the environment and leaves the path', async (scene) => {
  const server = await scene.tunicorn({ app: 'echo', env: { SCRIPT_NAME: '/shop' } });
  const environ = environOf(await request(server.target, '/shop/cart'));
  assert.deepEqual([environ.SCRIPT_NAME, environ.PATH_INFO], ['/shop', '/cart']);
  assert.equal((await request(server.target, '/elsewhere')).status, 500);
});

scenario('SCRIPT_NAME comes from a trusted proxy', async () => {
  const environ = environOf(await request((await echo()).target, '/shop/cart', { headers: { SCRIPT_NAME: '/shop' } }));
  assert.deepEqual([environ.SCRIPT_NAME, environ.PATH_INFO], ['/shop', '/cart']);
});

scenario('X-Forwarded-Proto of a trusted proxy is the scheme', async () => {
  const server = await echo();
  const scheme = async (headers: Record<string, string>): Promise<unknown> =>
    environOf(await request(server.target, '/', { headers }))['wsgi.url_scheme'];
  assert.equal(await scheme({ 'X-Forwarded-Proto': 'https' }), 'https');
  assert.equal(await scheme({ 'X-Forwarded-Proto': 'http' }), 'http');
  assert.equal(await scheme({}), 'http');
});

scenario('one worker is not multiprocess', async (scene) => {
  const server = await scene.tunicorn({ app: 'echo' });
  assert.equal(environOf(await request(server.target, '/'))['wsgi.multiprocess'], false);
});

scenario('behind a Unix socket the name of the server is the Host, and there is no remote port', async (scene) => {
  const server = await scene.tunicorn({ app: 'echo', listen: 'unix' });
  const environ = environOf(await request(server.target, '/'));
  assert.deepEqual(
    [environ.REMOTE_ADDR, environ.REMOTE_PORT, environ.SERVER_NAME, environ.SERVER_PORT],
    ['', undefined, 'test.example', '80'],
  );
});

scenario('headers that do not fit into a ticket arrive', async (scene) => {
  const connection = await scene.connect(await echo());
  const names = Array.from({ length: 60 }, (_, number) => `X-Long-${number}`);
  const lines = names.map((name, number) => `${name}: ${String(number).repeat(300)}\r\n`).join('');
  await connection.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n${lines}\r\nend`);
  const response = await connection.response();
  const environ = environOf(response);
  for (const [number] of names.entries()) assert.equal(environ[`HTTP_X_LONG_${number}`], String(number).repeat(300));
  assert.equal(JSON.parse(response.body.toString()).length, 3);
});

scenario('an application under wsgiref.validate passes', async () => {
  const server = await validated();
  const body = 'line one\nline two\nand more\n';
  for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
    const response = await request(server.target, '/path?query', { method, body });
    assert.equal(response.body.toString(), `validated ${body}`, server.log.text());
  }
  assert.equal((await request(server.target, '/', { method: 'HEAD' })).status, 200);
  assert.equal(server.log.count(/AssertionError/), 0);
  await server.waitForLog(/the validated application was here/);
});

for (const query of ['', '?length']) {
  scenario(
    `pieces arrive as they are yielded, ${query === '' ? 'in chunks' : 'with a Content-Length'}`,
    async (scene) => {
      const { rendezvous, server } = await scene.meeting([], 'streaming');
      const connection = await scene.connect(server);
      await connection.send(requestBytes(`/${query}`));
      const head = await connection.head();
      assert.equal(field(head, query === '' ? 'Transfer-Encoding' : 'Content-Length'), query === '' ? 'chunked' : '10');
      // Only the test lets the application continue, when it has the first piece.
      let text = '';
      const end = await connection.body(head, 'GET', async (bytes) => {
        text += bytes.toString();
        if (text !== 'first') return;
        await rendezvous.arrived('before second');
        rendezvous.release('before second');
      });
      assert.deepEqual([text, end], ['firstother', 'complete']);
    },
  );
}

scenario('written data arrives before the application continues', async (scene) => {
  const { rendezvous, server } = await scene.meeting([], 'write_callable');
  const connection = await scene.connect(server);
  await connection.send(requestBytes('/wait'));
  await connection.head();
  assert.equal((await connection.chunk())?.toString(), 'written, ');
  await rendezvous.arrived('after write');
  rendezvous.release('after write');
  let rest = '';
  for (let chunk = await connection.chunk(); chunk !== undefined; chunk = await connection.chunk())
    rest += chunk.toString();
  assert.equal(rest, 'and again, then returned');
});

scenario('write() and the iterable form one body', async (scene) => {
  const { server } = await scene.meeting([], 'write_callable');
  assert.equal(await getText(server.target), 'written, and again, then returned');
});

scenario('write() of text ends the response early, with the reason in the log', async (scene) => {
  const { server } = await scene.meeting([], 'write_callable');
  assert.equal((await request(server.target, '/text')).end, 'cut');
  await server.waitForLog(/TypeError/);
});

scenario('start_response with exc_info replaces a head that has not been sent yet', async (scene) => {
  const server = await scene.tunicorn({ app: 'exc_info' });
  const response = await request(server.target, '/before');
  assert.equal(response.status, 503);
  assert.equal(response.body.toString(), 'the second answer');
  assert.equal(field(response, 'X-Second'), 'yes');
});

scenario('start_response with exc_info raises the exception again once the head has been sent', async (scene) => {
  const server = await scene.tunicorn({ app: 'exc_info' });
  const response = await request(server.target, '/after');
  assert.deepEqual([response.status, response.end], [200, 'cut']);
  assert.equal(response.body.toString(), 'the head is out');
  await server.waitForLog(/KeyError: 'changed my mind'/);
});

scenario('an exception before start_response is a 500 with its traceback in the log', async () => {
  await failsWith500('/before', /RuntimeError: before start_response/);
});

scenario('an exception after start_response and before a byte is a 500', async () => {
  await failsWith500('/started', /RuntimeError: after start_response, before a byte/);
});

scenario('an exception before the first piece is a 500', async () => {
  await failsWith500('/first', /RuntimeError: before the first piece/);
});

scenario(
  'the connection is usable after a 500',
  async (scene) => {
    const connection = await scene.connect(await raising());
    for (const [path, status] of [
      ['/before', 500],
      ['/ok', 200],
      ['/started', 500],
      ['/ok', 200],
    ] as const) {
      await connection.send(requestBytes(path, { method: 'POST', body: 'some body' }));
      const response = await connection.response();
      assert.deepEqual([response.status, response.end], [status, 'complete']);
    }
  },
  onlyTunicorn,
);

scenario('an exception does not end the worker', async (scene) => {
  const server = await scene.tunicorn({ app: 'raising' });
  const before = await server.workers(1);
  for (let count = 0; count < 5; count += 1) assert.equal((await request(server.target, '/before')).status, 500);
  assert.equal(await getText(server.target, '/ok'), 'fine');
  assert.deepEqual(server.workerPids(), before);
});

scenario('sys.exit() in a request is answered, and the next request is served', async (scene) => {
  const server = await scene.tunicorn({ app: 'raising' });
  assert.match(String((await request(server.target, '/exit')).status), /^50[02]$/);
  assert.equal(await getText(server.target, '/ok'), 'fine');
});

for (const query of ['', '?length']) {
  scenario(`an exception after the first piece cuts the response off (${query || 'chunked'})`, async () => {
    const server = await raising();
    const since = server.log.mark();
    const response = await request(server.target, `/later${query}`);
    assert.deepEqual([response.status, response.body.toString(), response.end], [200, 'the first piece', 'cut']);
    await server.waitForLog(/RuntimeError: after the first piece/, since);
    assert.equal(await getText(server.target, '/ok'), 'fine');
  });
}

const closed: readonly (readonly [path: string, method: string, status: number])[] = [
  ['/normal', 'GET', 200],
  ['/head', 'HEAD', 200],
  ['/204', 'GET', 204],
  ['/raises', 'GET', 200],
];

for (const [path, method, status] of closed) {
  scenario(`close() is called once for ${method} ${path}`, async (scene) => {
    const { rendezvous, server } = await scene.meeting([], 'closing');
    assert.equal((await request(server.target, path, { method })).status, status);
    await rendezvous.noted(`closed ${path}`);
    await request(server.target, '/another');
    assert.equal(rendezvous.notes(`closed ${path}`), 1);
  });
}

scenario('close() is called when the client has left', async (scene) => {
  const { rendezvous, server } = await scene.meeting([], 'closing');
  rendezvous.open('client may go');
  const connection = await scene.connect(server);
  await connection.send(requestBytes('/gone'));
  assert.equal((await connection.head()).status, 200);
  await connection.chunk();
  connection.close();
  await rendezvous.noted('closed /gone');
  assert.equal(await getText(server.target, '/normal'), 'piece\npiece\npiece\n');
});

scenario('a close() that raises is logged, and the response is whole', async (scene) => {
  const { server } = await scene.meeting([], 'closing');
  const response = await request(server.target, '/close-raises');
  assert.equal(response.body.toString(), 'piece\npiece\npiece\n');
  await server.waitForLog(/RuntimeError: in close\(\)/);
  assert.equal(await getText(server.target, '/normal'), 'piece\npiece\npiece\n');
});

for (const path of ['/injection', '/bad-name', '/not-text', '/text-body']) {
  scenario(
    `${path.slice(1)} in a response becomes a 500, and nothing of the response is sent`,
    async () => {
      const server = await responses();
      const response = await request(server.target, path);
      assert.equal(response.status, 500);
      assert.equal(field(response, 'X-Injected'), undefined);
      assert.doesNotMatch(response.body.toString(), /evil/);
    },
    onlyTunicorn,
  );
}

for (const path of ['/never', '/twice']) {
  scenario(
    `an application that calls start_response ${path.slice(1)} gets a 500`,
    async (scene) => {
      const server = await scene.tunicorn({ app: 'protocol_errors' });
      assert.equal((await request(server.target, path)).status, 500);
      await server.waitForLog(/AssertionError|start_response/);
    },
    onlyTunicorn,
  );
}

const sent: readonly (readonly [path: string, status: number, slice: (file: Buffer) => Buffer])[] = [
  ['/whole', 200, (file) => file],
  ['/offset', 206, (file) => file.subarray(1000)],
  ['/unseekable', 200, (file) => file],
  ['/memory', 200, () => Buffer.from('from memory')],
];

for (const [path, status, slice] of sent) {
  scenario(`wsgi.file_wrapper sends ${path.slice(1)}`, async (scene) => {
    const file = Buffer.alloc(300_000, 'some file, ');
    writeFileSync(scene.path('file'), file);
    const server = await scene.tunicorn({ app: 'file_wrapper', env: { SENT_FILE: scene.path('file') } });
    for (let count = 0; count < 2; count += 1) {
      const response = await request(server.target, path);
      assert.equal(response.status, status);
      assert.ok(response.body.equals(slice(file)));
    }
    const head = await request(server.target, path, { method: 'HEAD' });
    assert.equal(head.status, status);
    // Every file is closed again.
    await eventually('the files to be closed', () =>
      server.workerPids().every((pid) =>
        readdirSync(`/proc/${pid}/fd`).every((name) => {
          try {
            return path === '/unseekable' || readlinkSync(`/proc/${pid}/fd/${name}`) !== scene.path('file');
          } catch {
            return true;
          }
        }),
      ),
    );
  });
}

async function failsWith500(path: string, reason: RegExp): Promise<void> {
  const server = await raising();
  const since = server.log.mark();
  const response = await request(server.target, path);
  assert.deepEqual([response.status, response.end], [500, 'complete']);
  assert.match(response.body.toString(), /Internal Server Error/);
  assert.doesNotMatch(response.body.toString(), /RuntimeError/);
  await server.waitForLog(new RegExp(`Error handling request.* ${path}`), since);
  await server.waitForLog(/Traceback \(most recent call last\)/, since);
  await server.waitForLog(reason, since);
}

function environOf(response: HttpResponse): Record<string, unknown> {
  assert.equal(response.status, 200, response.body.toString());
  return JSON.parse(response.body.toString()).environ;
}
