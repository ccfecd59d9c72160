// ASGI applications through the real command: scopes, bodies both ways, what a client sees of each order of messages, and clients that
// leave.

import assert from 'node:assert/strict';
import { halfCloseMeansGone } from '../../harness/clients/half-close.ts';
import { field, fields } from '../../harness/clients/http-connection.ts';
import { getText, request, requestBytes } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { otherServer } from '../../harness/project.ts';
import { scenario, sharedServer } from '../../harness/scenario.ts';

const skip = otherServer && 'only for Tunicorn';
const only = { skip } as const;
const APP = { app: 'asgi_app:app', args: ['-k', 'asgi'] } as const;
const shared = sharedServer(APP);
const KIB = 1024;

function sends(...messages: readonly string[]): string {
  return `/sends?${encodeURIComponent(`[${messages.join(', ')}]`)}`;
}
const start = (more = ''): string => `{'type': 'http.response.start', 'status': 200${more}}`;
const body = (text: string, more = ''): string => `{'type': 'http.response.body', 'body': b'${text}'${more}}`;

scenario(
  'a scope has everything that the client has sent, unchanged',
  async (scene) => {
    const server = await shared();
    const connection = await scene.connect(server);
    await connection.send(
      'GET /scope/%C3%BC%2Fa?b=%20c HTTP/1.1\r\nHost: one\r\nX-Twice: 1\r\nx-other: \xe9\r\nX-TWICE: 2\r\n\r\n',
    );
    const response = await connection.response();
    const scope = JSON.parse(response.body.toString());
    const { port } = connection.socket.address() as { port: number };
    assert.deepEqual(scope.headers, [
      ['host', 'one'],
      ['x-twice', '1'],
      ['x-other', 'é'],
      ['x-twice', '2'],
    ]);
    assert.deepEqual(
      [scope.type, scope.asgi, scope.http_version, scope.method, scope.scheme, scope.path, scope.raw_path],
      ['http', { version: '3.0', spec_version: '2.5' }, '1.1', 'GET', 'http', '/scope/ü/a', '/scope/%C3%BC%2Fa'],
    );
    assert.deepEqual([scope.query_string, scope.root_path], ['b=%20c', '']);
    assert.deepEqual(scope.client, ['127.0.0.1', port]);
    assert.deepEqual(scope.server, ['127.0.0.1', 'port' in server.target ? server.target.port : 0]);
    assert.deepEqual(Object.keys(scope.extensions).sort(), [
      'http.response.early_hint',
      'http.response.pathsend',
      'http.response.trailers',
    ]);
    // A copy for each request; the values are shared.
    const again = JSON.parse(await getText(server.target, '/scope'));
    assert.equal(again.state.mine, 1);
    assert.equal(again.state.shared.length, scope.state.shared.length + 1);
    assert.equal(typeof again.state.started, 'number');
    await connection.send(requestBytes('/scope', { version: '1.0' }));
    assert.equal(JSON.parse((await connection.response()).body.toString()).http_version, '1.0');
  },
  only,
);

scenario(
  'on a Unix socket the server is its path, and there is no client',
  async (scene) => {
    const server = await scene.tunicorn({ ...APP, listen: 'unix' });
    const scope = JSON.parse(await getText(server.target, '/scope'));
    assert.deepEqual([scope.client, scope.server], [null, ['path' in server.target && server.target.path, null]]);
  },
  only,
);

scenario(
  'root_path and scheme come from the setting and from trusted proxies',
  async (scene) => {
    const args = ['-k', 'asgi', '--root-path', '/api', '--forwarder-headers', 'SCRIPT_NAME,PATH_INFO'];
    const server = await scene.tunicorn({ ...APP, args });
    const headers = { 'X-Forwarded-Proto': 'https', SCRIPT_NAME: '/v1' };
    const scope = JSON.parse((await request(server.target, '/v1/scope', { headers })).body.toString());
    assert.deepEqual([scope.scheme, scope.root_path, scope.path], ['https', '/api/v1', '/api/v1/scope']);
  },
  only,
);

scenario(
  'a body arrives whole or in pieces, fast or slowly, and is echoed meanwhile',
  async (scene) => {
    const server = await shared();
    for (const size of [0, 1, 3000, 70_000, 3_000_000]) {
      const data = Buffer.alloc(size, 'abc');
      assert.equal(
        (await request(server.target, '/whole', { method: 'POST', body: data })).body.toString(),
        `${size} bytes`,
      );
      // A client that reads only when it has sent everything can be echoed no more than all buffers hold.
      if (size > 100_000) continue;
      const echoed = await request(server.target, '/echo', { method: 'POST', body: data });
      assert.ok(echoed.body.equals(data));
    }
    const connection = await scene.connect(server);
    await connection.send('POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
    for (let round = 0; round < 3; round += 1) {
      await connection.send(`3\r\nab${round}\r\n`);
      if (round === 0) assert.equal((await connection.head()).status, 200);
      assert.equal((await connection.chunk())?.toString(), `ab${round}`);
    }
    await connection.send('0\r\n\r\n');
    assert.equal(await connection.chunk(), undefined);
    assert.ok(await connection.closesSilently());
  },
  only,
);

scenario(
  '100 Continue is sent when the application asks for the body, and not if it does not',
  async (scene) => {
    const server = await shared();
    const head = 'HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n';
    const reads = await scene.connect(server);
    await reads.send(`POST /whole ${head}`);
    assert.equal((await reads.head()).status, 100);
    await reads.send('12345');
    assert.equal((await reads.response()).body.toString(), '5 bytes');
    const ignores = await scene.connect(server);
    await ignores.send(`POST /unread ${head}`);
    const response = await ignores.response();
    assert.deepEqual([response.status, field(response, 'Connection')], [200, 'close']);
  },
  only,
);

scenario(
  'every legal order of messages reaches the client as it should',
  async (scene) => {
    const server = await shared();
    const chunked = await request(server.target, sends(start(), body('a', ", 'more_body': True"), body('b')));
    assert.deepEqual([chunked.framing, chunked.body.toString(), chunked.end], ['chunked', 'ab', 'complete']);
    const whole = await request(server.target, sends(start(), body('abc')));
    assert.deepEqual([whole.framing, field(whole, 'Content-Length')], ['length', '3']);
    const head = await request(server.target, sends(start(), body('abc')), { method: 'HEAD' });
    assert.deepEqual([head.status, head.body.length, head.end], [200, 0, 'complete']);
    for (const status of [204, 304]) {
      const connection = await scene.connect(server);
      await connection.send(requestBytes(sends(`{'type': 'http.response.start', 'status': ${status}}`, body('abc'))));
      const none = await connection.response();
      assert.deepEqual([none.status, none.body.length, field(none, 'Transfer-Encoding')], [status, 0, undefined]);
      await connection.send(requestBytes('/'));
      assert.equal((await connection.response()).status, 200);
    }
    const hinted = await scene.connect(server);
    await hinted.send(
      requestBytes(sends("{'type': 'http.response.early_hint', 'links': [b'</a>']}", start(), body('a'))),
    );
    const interim = await hinted.head();
    assert.deepEqual([interim.status, fields(interim, 'Link')], [103, ['</a>']]);
    assert.equal((await hinted.response()).body.toString(), 'a');
    const trailing = await scene.connect(server);
    const trailer = "{'type': 'http.response.trailers', 'headers': [(b'x-t', b'1')]}";
    await trailing.send(
      requestBytes(sends(start(", 'trailers': True"), body('a'), trailer), { headers: { Connection: 'close' } }),
    );
    assert.match((await trailing.untilEnd()).toString(), /\r\n\r\n1\r\na\r\n0\r\nx-t: 1\r\n\r\n$/);
  },
  only,
);

scenario(
  'a file is sent by its path, a large one as well, and others are served meanwhile',
  async (scene) => {
    const server = await shared();
    for (const size of [0, 10, 5_000_000]) {
      const data = Buffer.alloc(size, 'abcdefg');
      const path = scene.path('file');
      scene.write('file', data.toString());
      const pathsend = `{'type': 'http.response.pathsend', 'path': '${path}'}`;
      const response = await request(server.target, sends(start(), pathsend));
      assert.equal(field(response, 'Content-Length'), String(size));
      assert.ok(response.body.equals(data));
    }
  },
  only,
);

const WRONG: readonly (readonly [what: string, query: string, log: RegExp])[] = [
  ['no response', '/nothing', /The application returned without a response \(GET \/nothing\)/],
  ['an exception', '/raises', /Error handling request GET \/raises/],
  ['sys.exit()', '/raises-other?SystemExit', /Error handling request GET \/raises-other\?SystemExit/],
  ['a cancellation of its own', '/raises-other?CancelledError', /Error handling request GET .*CancelledError/],
  ['a body first', sends(body('a')), /before 'http\.response\.start'/],
  [
    'a header of two lines',
    sends(start(", 'headers': [(b'a', b'b\\r\\nc: d')]"), body('a')),
    /value of response header a/,
  ],
  [
    'a name that is no token',
    sends(start(", 'headers': [(b'a b', b'')]"), body('a')),
    /response header name is b'a b'/,
  ],
  ['a status of text', sends("{'type': 'http.response.start', 'status': '200'}"), /response status is '200'/],
  [
    'too long a body',
    sends(start(", 'headers': [(b'content-length', b'1')]"), body('ab')),
    /longer than its content-length/,
  ],
  ['too short a body', sends(start(", 'headers': [(b'content-length', b'9')]"), body('ab')), /content-length is 9/],
];

for (const [what, path, log] of WRONG) {
  scenario(
    `${what} is 500 for the client, and clear in the log`,
    async () => {
      const server = await shared();
      const since = server.log.mark();
      const response = await request(server.target, path);
      assert.deepEqual([response.status, response.end], [500, 'complete']);
      assert.match(response.body.toString(), /Internal Server Error/);
      await server.waitForLog(log, since);
      assert.doesNotMatch(server.log.text(since), /http_exchange\.py/);
    },
    only,
  );
}

scenario(
  'sys.exit() in a request ends neither its worker nor the requests beside it',
  async (scene) => {
    const server = await scene.tunicorn(APP);
    const [pid] = await server.workers(1);
    const stream = await scene.connect(server);
    await stream.send(requestBytes('/events'));
    assert.equal((await stream.head()).status, 200);
    for (const what of ['SystemExit', 'KeyboardInterrupt']) {
      assert.equal((await request(server.target, `/raises-other?${what}`)).status, 500);
    }
    assert.match(String(await stream.chunk()), /^data: /);
    assert.equal(await getText(server.target), String(pid));
    server.signal('SIGQUIT');
    assert.equal((await server.ended()).code, 0);
  },
  only,
);

scenario(
  'an exception after the first piece cuts the response off',
  async () => {
    const server = await shared();
    const response = await request(server.target, '/raises-late');
    assert.deepEqual([response.status, response.body.toString(), response.end], [200, 'first', 'cut']);
    const short = await request(
      server.target,
      sends(start(", 'headers': [(b'content-length', b'9')]"), body('ab', ", 'more_body': True"), body('c')),
    );
    assert.deepEqual([short.status, short.body.toString(), short.end], [200, 'ab', 'cut']);
  },
  only,
);

scenario(
  'receive() returns http.disconnect when the client has left, and send() raises',
  async (scene) => {
    const server = await shared();
    const since = server.log.mark();
    const polling = await scene.connect(server);
    await polling.send(requestBytes('/poll'));
    await server.waitForLog(/^polls/, since);
    await halfCloseMeansGone();
    polling.close();
    await server.waitForLog(/poll: all of 3 saw the disconnect/, since);
    await server.waitForLog(/poll: send raised OSError/, since);
    const uploading = await scene.connect(server);
    await uploading.send('POST /whole HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345');
    await eventually('the request to run', async () => (await getText(server.target)) !== '');
    uploading.close();
    await server.waitForLog(/left after 5 bytes/, since);
    const listening = await scene.connect(server);
    await listening.send(requestBytes('/events'));
    assert.equal((await listening.head()).status, 200);
    assert.equal((await listening.chunk())?.toString(), 'data: 0\n\n');
    listening.close();
    await server.waitForLog(/events: disconnect, again http\.disconnect/, since);
    await getText(server.target, '/after-end');
    await server.waitForLog(/after the end: http\.disconnect/, since);
    assert.doesNotMatch(server.log.text(since), /Error handling request \S+ \/(poll|whole|events|after-end)/);
  },
  only,
);

scenario(
  'a client that reads slowly stops the application, one that leaves ends it with an OSError',
  async (scene) => {
    const server = await shared();
    const since = server.log.mark();
    const slow = await scene.connect(server);
    await slow.send(requestBytes('/flood'));
    assert.equal((await slow.head()).status, 200);
    slow.socket.pause();
    const sent = await stands(async () => Number(JSON.parse(await getText(server.target, '/shared'))[0]));
    assert.ok(sent < 300_000 * KIB, `${sent} bytes were sent to a client that had left`);
    slow.close();
    await server.waitForLog(/flood ended with an OSError/, since);
    assert.doesNotMatch(server.log.text(since), /Error handling/);
  },
  only,
);

scenario(
  'an application that does not read applies backpressure to its client, and the rest of the worker continues',
  async (scene) => {
    const server = await shared();
    const since = server.log.mark();
    const client = await scene.connect(server);
    await client.send('POST /unread?1 HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n');
    await server.waitForLog(/does not read/, since);
    let sent = 0;
    const fill = (): void => {
      while (sent < 100_000_000 && client.socket.write(Buffer.alloc(64 * KIB))) sent += 64 * KIB;
    };
    client.socket.on('drain', fill);
    fill();
    assert.equal(typeof (await getText(server.target)), 'string');
    assert.equal((await client.response()).body.toString(), 'not read');
    assert.ok(sent < 50_000_000, `${sent} bytes were taken`);
  },
  only,
);

scenario(
  'a request starts without the context variables of another, even in a worker with a single slot',
  async (scene) => {
    const server = await scene.tunicorn({ ...APP, args: ['-k', 'asgi', '--worker-connections', '1'] });
    const seen = await Promise.all(['red', 'green', 'blue'].map((name) => getText(server.target, `/context?${name}`)));
    assert.deepEqual(seen, ['none', 'none', 'none']);
    for (const name of ['red', 'green']) assert.equal(await getText(server.target, `/context?${name}`), 'none');
  },
  only,
);

scenario(
  'an ASGI 2 application runs, too',
  async (scene) => {
    const server = await scene.tunicorn({ ...APP, app: 'asgi_app:adapted' });
    assert.equal(JSON.parse(await getText(server.target, '/scope')).method, 'GET');
  },
  only,
);

for (const [kind, app, log] of [
  ['asgi', 'hello:application', /It is a WSGI application|it is a WSGI application.*Worker class asgi/],
  ['sync', 'asgi_app:app', /it is an ASGI application\. Worker class sync.*-k asgi/],
  ['gthread', 'asgi_app:app', /it is an ASGI application\. Worker class gthread.*-k asgi/],
  ['tornado', 'asgi_app:app', /it is an ASGI application\. Worker class tornado.*-k asgi/],
  ['asgi', 'tornado_app:application', /it is an application of Tornado\. Worker class asgi.*-k tornado/],
  ['sync', 'tornado_app:application', /it is an application of Tornado\. Worker class sync.*-k tornado/],
] as const) {
  scenario(
    `an application of the other kind under ${kind} ends the start with an explanation`,
    async (scene) => {
      const { code, text } = await scene.run({ app, args: ['-k', kind, '--bind', '127.0.0.1:0'] });
      assert.equal(code, 4);
      assert.match(text, log);
      assert.doesNotMatch(text, /Traceback/);
      const checked = await scene.run({ app, args: ['-k', kind, '--check-config'] });
      assert.equal(checked.code, 1);
      assert.match(checked.text, log);
    },
    only,
  );
}

/** Waits until the number stops changing. */
async function stands(read: () => Promise<number>): Promise<number> {
  let last = -1;
  let same = 0;
  return await eventually('a number to stand still', async () => {
    const now = await read();
    same = now === last ? same + 1 : 0;
    last = now;
    return same >= 20 && now;
  });
}
