// HTTP/1.0 and 1.1 on the wire: connections, request bodies, and how responses are framed.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { field, fields, HttpConnection, type HttpResponse } from '../../harness/clients/http-connection.ts';
import { request, requestBytes } from '../../harness/clients/http-request.ts';
import { otherServer } from '../../harness/project.ts';
import { onlyTunicorn, scenario, sharedServer } from '../../harness/scenario.ts';

const echo = sharedServer({ app: 'echo', args: ['--workers', '2', '--keep-alive', '20'] });
const responses = sharedServer({ app: 'responses', args: ['--workers', '2', '--keep-alive', '20'] });
scenario(
  'HTTP/1.1 keeps the connection open for many requests',
  async (scene) => {
    const connection = await scene.connect(await responses());
    for (let count = 0; count < 50; count += 1) {
      await connection.send(requestBytes('/length'));
      const response = await connection.response();
      assert.equal(response.status, 200);
      assert.equal(response.version, 'HTTP/1.1');
      assert.equal(response.body.toString(), 'four');
      assert.equal(field(response, 'Connection'), 'keep-alive');
    }
  },
  onlyTunicorn,
);

scenario('Connection: close closes after the response', async (scene) => {
  const connection = await scene.connect(await responses());
  await connection.send(requestBytes('/length', { headers: { Connection: 'close' } }));
  assert.equal(field(await connection.response(), 'Connection'), 'close');
  assert.ok(await connection.closesSilently());
});

scenario('HTTP/1.0 closes after the response', async (scene) => {
  const connection = await scene.connect(await responses());
  await connection.send(requestBytes('/length', { version: '1.0' }));
  const response = await connection.response();
  assert.equal(response.body.toString(), 'four');
  assert.equal(field(response, 'Connection'), 'close');
  assert.ok(await connection.closesSilently());
});

scenario(
  'HTTP/1.0 with Connection: keep-alive keeps the connection open',
  async (scene) => {
    const connection = await scene.connect(await responses());
    for (let count = 0; count < 3; count += 1) {
      await connection.send(requestBytes('/length', { version: '1.0', headers: { Connection: 'keep-alive' } }));
      assert.equal(field(await connection.response(), 'Connection'), 'keep-alive');
    }
  },
  onlyTunicorn,
);

scenario('HTTP/1.0 gets a body of unknown length unframed, ended by the end of the connection', async (scene) => {
  const connection = await scene.connect(await responses());
  await connection.send(requestBytes('/chunked', { version: '1.0', headers: { Connection: 'keep-alive' } }));
  const response = await connection.response();
  assert.equal(field(response, 'Transfer-Encoding'), undefined);
  assert.equal(field(response, 'Connection'), 'close');
  assert.equal(response.framing, 'close');
  assert.equal(response.body.toString(), 'onetwothree');
});

scenario('--keep-alive 0 closes after each response', async (scene) => {
  const server = await scene.tunicorn({ app: 'hello', args: ['--keep-alive', '0'] });
  const connection = await scene.connect(server);
  await connection.send(requestBytes('/'));
  assert.equal(field(await connection.response(), 'Connection'), 'close');
  assert.ok(await connection.closesSilently());
});

scenario('an idle connection is closed after --keep-alive seconds', async (scene) => {
  const server = await scene.tunicorn({ app: 'hello', args: ['--keep-alive', '1'] });
  const connection = await scene.connect(server);
  await connection.send(requestBytes('/'));
  assert.equal((await connection.response()).status, 200);
  assert.ok(await connection.closesSilently());
});

scenario(
  'pipelined requests are answered in their order',
  async (scene) => {
    const connection = await scene.connect(await echo());
    const paths = Array.from({ length: 40 }, (_, number) => `/number/${number}`);
    const bytes = paths.map((path, number) =>
      requestBytes(path, number % 3 === 0 ? { method: 'POST', body: path } : {}),
    );
    await connection.send(Buffer.concat(bytes));
    for (const [number, path] of paths.entries()) {
      const answer = json(await connection.response());
      assert.equal(answer.environ.RAW_URI, path);
      assert.equal(answer.length, number % 3 === 0 ? path.length : 0);
    }
  },
  onlyTunicorn,
);

for (const [dialect, app, args, proxyLine] of [
  ['wsgi', 'echo', [], ''],
  ['wsgi behind a PROXY line', 'echo', ['--proxy-protocol', 'v1'], 'PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n'],
  ['asgi', 'asgi_app:app', ['-k', 'asgi'], ''],
] as const) {
  scenario(
    `${dialect}: all pipelined requests are answered, even if the client half-closes`,
    async (scene) => {
      const server = await scene.tunicorn({ app, args });
      const whole = [
        Buffer.from(proxyLine),
        requestBytes('/whole', { method: 'POST', body: '{"nom": "nom"}' }),
        requestBytes('/whole', { headers: { 'Transfer-Encoding': 'chunked' }, method: 'POST' }),
        Buffer.from('5\r\nhello\r\n0\r\n\r\n'),
        requestBytes('/whole'),
      ];
      const connection = await scene.connect(server);
      connection.socket.end(Buffer.concat(whole));
      const answers = [];
      for (let count = 0; count < 3; count += 1) answers.push(await connection.response());
      const fields = answers.map((answer) => `${answer.status} ${field(answer, 'Connection')}`);
      assert.deepEqual(fields, ['200 keep-alive', '200 keep-alive', '200 close']);
      assert.ok(await connection.closesSilently());

      const cut = await scene.connect(server);
      cut.socket.end(Buffer.concat([...whole.slice(0, 3), Buffer.from('5\r\nhe')]));
      assert.equal((await cut.response()).status, 200);
      assert.equal((await cut.response()).status, 400);
      assert.ok(await cut.closesSilently());
    },
    onlyTunicorn,
  );
}

scenario('a CRLF after a body is neither a request nor part of the next one', async (scene) => {
  const server = await scene.tunicorn({ app: 'echo', args: ['--keep-alive', '1'] });
  const connection = await scene.connect(server);
  const post = requestBytes('/', { method: 'POST', body: 'a=b' });
  await connection.send(Buffer.concat([post, Buffer.from('\r\n'), post]));
  assert.equal(json(await connection.response()).length, 3);
  assert.equal(json(await connection.response()).length, 3);
  await connection.send(Buffer.concat([post, Buffer.from('\r\n')]));
  assert.equal(json(await connection.response()).length, 3);
  // Idle: no 408 for a request that has not begun.
  assert.ok(await connection.closesSilently());
});

scenario('requests pipelined after Connection: close are not answered', async (scene) => {
  const connection = await scene.connect(await responses());
  await connection.send(
    Buffer.concat([requestBytes('/length', { headers: { Connection: 'close' } }), requestBytes('/length')]),
  );
  assert.equal((await connection.response()).status, 200);
  assert.ok(await connection.closesSilently());
});

scenario('a request that arrives byte by byte is one request', async (scene) => {
  const connection = await scene.connect(await echo());
  for (const byte of requestBytes('/slowly', { method: 'POST', body: 'abc', headers: { 'X-Slow': 'yes' } })) {
    await connection.send(Buffer.from([byte]));
  }
  const answer = json(await connection.response());
  assert.equal(answer.length, 3);
  assert.equal(answer.environ.HTTP_X_SLOW, 'yes');
});

for (const size of [0, 1, 1000, 4096, 5000, 65_536, 1_000_000, 5_000_000]) {
  scenario(`a body of ${size} bytes with Content-Length arrives whole`, async () => {
    const body = pattern(size);
    const server = await echo();
    const answer = json(await request(server.target, '/', { method: 'POST', body }));
    assert.equal(answer.length, size);
    assert.equal(answer.sha256, sha256(body));
    assert.equal(answer.environ.CONTENT_LENGTH, String(size));
  });

  scenario(`a chunked body of ${size} bytes arrives whole`, async (scene) => {
    const body = pattern(size);
    const connection = await scene.connect(await echo());
    await connection.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n');
    for (let at = 0, step = 1; at < size; at += step, step = Math.min(step * 3, 100_000)) {
      const piece = body.subarray(at, at + step);
      await connection.send(
        Buffer.concat([Buffer.from(`${piece.length.toString(16)};x=y\r\n`), piece, Buffer.from('\r\n')]),
      );
    }
    await connection.send('0\r\nX-Trailer: yes\r\n\r\n');
    const answer = json(await connection.response());
    assert.equal(answer.length, size);
    assert.equal(answer.sha256, sha256(body));
    assert.equal(answer.environ['wsgi.input_terminated'], true);
    assert.equal(answer.environ.HTTP_X_TRAILER, undefined);
  });
}

scenario(
  'a request may follow a chunked one immediately',
  async (scene) => {
    const connection = await scene.connect(await echo());
    const chunked = 'POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n';
    await connection.send(chunked + chunked.replace('/a', '/b') + requestBytes('/c').toString('latin1'));
    const answers = [await connection.response(), await connection.response(), await connection.response()].map(json);
    assert.deepEqual(
      answers.map(({ length, environ }) => [environ.RAW_URI, length]),
      [
        ['/a', 3],
        ['/b', 3],
        ['/c', 0],
      ],
    );
  },
  onlyTunicorn,
);

scenario(
  'a body that the application does not read leaves the connection usable',
  async (scene) => {
    const connection = await scene.connect(await responses());
    for (const size of [10, 300_000, 10]) {
      await connection.send(requestBytes('/length', { method: 'POST', body: pattern(size) }));
      assert.equal((await connection.response()).body.toString(), 'four');
    }
  },
  onlyTunicorn,
);

scenario(
  'a body that ends early is never run as a whole request',
  async (scene) => {
    const connection = await scene.connect(await echo());
    await connection.send('POST /cut HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nonly this');
    connection.endSending();
    const rest = (await connection.untilEnd()).toString('latin1');
    assert.doesNotMatch(rest, /^HTTP\/1\.1 200/);
  },
  onlyTunicorn,
);

scenario('Expect: 100-continue is answered before the body is sent', async (scene) => {
  const connection = await scene.connect(await echo());
  await connection.send('POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nContent-Length: 5\r\n\r\n');
  const interim = await connection.response('POST');
  assert.equal(interim.status, 100);
  assert.deepEqual(interim.headers, []);
  await connection.send('hello');
  assert.equal(json(await connection.response('POST')).length, 5);
});

scenario(
  'Expect: 100-continue works again on the same connection, and for a chunked body',
  async (scene) => {
    const connection = await scene.connect(await echo());
    for (let count = 0; count < 3; count += 1) {
      await connection.send('POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n');
      assert.equal((await connection.response()).status, 100);
      await connection.send('5\r\nhello\r\n0\r\n\r\n');
      assert.equal(json(await connection.response()).length, 5);
    }
  },
  onlyTunicorn,
);

scenario('an HTTP/1.0 client gets no 100 Continue', async (scene) => {
  const connection = await scene.connect(await echo());
  await connection.send('POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello');
  assert.equal((await connection.response()).status, 200);
});

scenario('another expectation is refused with 417', async () => {
  const server = await echo();
  const response = await request(server.target, '/', { headers: { Expect: 'a-miracle' } });
  assert.equal(response.status, 417);
});

scenario(
  'HEAD has the fields of GET and no body',
  async (scene) => {
    const server = await responses();
    const connection = await scene.connect(server);
    for (const path of ['/length', '/chunked']) {
      await connection.send(requestBytes(path, { method: 'HEAD' }));
      const response = await connection.response('HEAD');
      assert.equal(response.status, 200);
      assert.equal(field(response, 'Content-Length'), path === '/length' ? '4' : undefined);
    }
    await connection.send(requestBytes('/length'));
    assert.equal((await connection.response()).body.toString(), 'four');
  },
  onlyTunicorn,
);

for (const [path, status] of [
  ['/204', 204],
  ['/204-body', 204],
  ['/304', 304],
  ['/304-body', 304],
] as const) {
  scenario(
    `${path} has no body and no chunks, and the connection stays open`,
    async (scene) => {
      const connection = await scene.connect(await responses());
      await connection.send(requestBytes(path));
      const response = await connection.response();
      assert.equal(response.status, status);
      assert.equal(field(response, 'Transfer-Encoding'), undefined);
      if (status === 204) assert.equal(field(response, 'Content-Length'), undefined);
      await connection.send(requestBytes('/length'));
      assert.equal((await connection.response()).body.toString(), 'four');
    },
    onlyTunicorn,
  );
}

scenario('a body of unknown length is sent in chunks, without empty ones', async (scene) => {
  const connection = await scene.connect(await responses());
  await connection.send(requestBytes('/chunked'));
  const head = await connection.head();
  assert.equal(field(head, 'Transfer-Encoding'), 'chunked');
  assert.equal(field(head, 'Content-Length'), undefined);
  let text = '';
  for (let chunk = await connection.chunk(); chunk !== undefined; chunk = await connection.chunk())
    text += chunk.toString();
  assert.equal(text, 'onetwothree');
});

scenario('an empty response is complete', async (scene) => {
  const connection = await scene.connect(await responses());
  await connection.send(requestBytes('/empty'));
  const response = await connection.response();
  assert.deepEqual([response.status, response.end, response.body.length], [200, 'complete', 0]);
});

scenario('every response has Date, Server and Connection, once', async (scene) => {
  const connection = await scene.connect(await responses());
  await connection.send(requestBytes('/hop-by-hop'));
  const response = await connection.response();
  assert.equal(response.body.toString(), 'ok');
  assert.match(
    fields(response, 'Date').join('|'),
    /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/,
  );
  assert.match(fields(response, 'Server').join('|'), /^(gunicorn|tunicorn)$/);
  assert.match(fields(response, 'Connection').join('|'), /^(keep-alive|close)$/);
  assert.equal(field(response, 'Keep-Alive'), undefined);
});

scenario(
  'hop-by-hop fields of the application do not end the connection',
  async (scene) => {
    const connection = await scene.connect(await responses());
    for (let count = 0; count < 2; count += 1) {
      await connection.send(requestBytes('/hop-by-hop'));
      assert.equal(field(await connection.response(), 'Connection'), 'keep-alive');
    }
  },
  onlyTunicorn,
);

scenario('an unusual status is sent as it is', async () => {
  const server = await responses();
  const response = await request(server.target, '/own-status');
  assert.deepEqual([response.status, response.reason], [299, 'Quite Something']);
});

scenario('two Set-Cookie fields stay two, in order', async () => {
  const server = await responses();
  assert.deepEqual(fields(await request(server.target, '/two-cookies'), 'Set-Cookie'), ['a=1', 'b=2']);
});

scenario('ISO-8859-1 in a response field arrives', async () => {
  const server = await responses();
  assert.equal(field(await request(server.target, '/latin-1'), 'X-Name'), 'caf\u00e9');
});

scenario('a body longer than its Content-Length is truncated to it', async (scene) => {
  const connection = await scene.connect(await responses());
  await connection.send(requestBytes('/long'));
  assert.equal((await connection.response()).body.toString(), 'four');
  if (otherServer) return;
  await connection.send(requestBytes('/length'));
  assert.equal((await connection.response()).status, 200);
});

scenario('a body shorter than its Content-Length is visibly cut off', async (scene) => {
  const connection = await scene.connect(await responses());
  await connection.send(requestBytes('/short'));
  const response = await connection.response();
  assert.deepEqual([response.body.toString(), response.end], ['four', 'cut']);
});

const malformed: readonly (readonly [what: string, bytes: string, ...statuses: number[]])[] = [
  ['a request line without a version', 'GET /\r\n\r\n', 400],
  ['two spaces in the request line', 'GET  / HTTP/1.1\r\nHost: x\r\n\r\n', 400],
  ['HTTP/3.0', 'GET / HTTP/3.0\r\nHost: x\r\n\r\n', 505],
  ['a space before the colon', 'GET / HTTP/1.1\r\nHost : x\r\n\r\n', 400],
  ['a header line without a colon', 'GET / HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n', 400],
  ['a folded header line', 'GET / HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\n\r\n', 400],
  ['two Content-Length fields', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na', 400],
  ['a negative Content-Length', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n', 400],
  [
    'Content-Length beside Transfer-Encoding',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  ['an unknown transfer coding', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: brotli\r\n\r\n', 501],
  ['a second Host', 'GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n', 400],
  // Gunicorn 26 sent 400, 27 sends 414, as RFC 9112 requires.
  ['a request line longer than its limit', `GET /${'a'.repeat(4100)} HTTP/1.1\r\nHost: x\r\n\r\n`, 400, 414],
  ['a header line longer than its limit', `GET / HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(8200)}\r\n\r\n`, 431],
  ['more header lines than the limit', `GET / HTTP/1.1\r\n${'X-A: b\r\n'.repeat(101)}\r\n`, 431],
];

for (const [what, bytes, ...statuses] of malformed) {
  scenario(`${what} is refused with ${statuses.join(' or ')} and the connection closed`, async (scene) => {
    const server = await echo();
    const connection = await scene.connect(server);
    await connection.send(bytes);
    const response = await connection.response();
    assert.ok(statuses.includes(response.status), `${response.status} ${response.reason}`);
    assert.equal(response.end, 'complete');
    assert.equal(field(response, 'Connection'), 'close');
    assert.ok(await connection.closesSilently());
    assert.equal((await request(server.target, '/')).status, 200);
  });
}

scenario(
  'a bad chunk size is refused with 400',
  async (scene) => {
    const connection = await scene.connect(await echo());
    await connection.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3x\r\nabc\r\n0\r\n\r\n');
    assert.equal((await connection.response()).status, 400);
  },
  onlyTunicorn,
);

scenario('many concurrent connections each get their own answer', async () => {
  const server = await echo();
  const numbers = Array.from({ length: 200 }, (_, number) => number);
  const connections = await Promise.all(numbers.map(() => HttpConnection.open(server.target)));
  const answers = await Promise.all(
    connections.map(async (connection, number) => {
      await connection.send(requestBytes(`/for/${number}`, { method: 'POST', body: `body ${number}` }));
      const answer = json(await connection.response());
      connection.close();
      return [answer.environ.RAW_URI, answer.sha256];
    }),
  );
  assert.deepEqual(
    answers,
    numbers.map((number) => [`/for/${number}`, sha256(Buffer.from(`body ${number}`))]),
  );
});

interface EchoAnswer {
  readonly length: number;
  readonly sha256: string;
  readonly environ: Readonly<Record<string, unknown>>;
}

function json(response: HttpResponse): EchoAnswer {
  assert.equal(response.status, 200, response.body.toString());
  return JSON.parse(response.body.toString()) as EchoAnswer;
}

function pattern(size: number): Buffer {
  return Buffer.alloc(size, Buffer.from(Array.from({ length: 251 }, (_, number) => number)));
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
