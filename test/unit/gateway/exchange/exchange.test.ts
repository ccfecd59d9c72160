// The responses to the client for a worker's frames, and the end of the connection.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../../../../src/gateway/http1/refusal.ts';
import { ABORTED, END, FRAMED } from '../../../../src/runqueue/channel-frame.ts';
import { seededRandom } from '../http1/conversation.ts';
import { ClientDouble, newExchange, outstandingExchange, type TestExchange } from './exchange-double.ts';

const GET_11 = 'GET / HTTP/1.1\r\nHost: a';
const GET_10 = 'GET / HTTP/1.0';
const GET_10_KEPT = 'GET / HTTP/1.0\r\nConnection: keep-alive';
const HEAD_11 = 'HEAD / HTTP/1.1\r\nHost: a';
const BAD_GATEWAY = new Refusal('BadGateway', 'the worker has died');
const NONE = Buffer.alloc(0);
const PID = 4711;

interface Sent {
  /** Status line and fields, without Server and Date, which are looked at here. */
  readonly lines: readonly string[];
  readonly body: string;
}

function sentTo(client: ClientDouble): Sent {
  const end = client.sent.indexOf('\r\n\r\n');
  assert.ok(end > 0, `no end of the head in ${JSON.stringify(client.sent)}`);
  const [statusLine = '', server = '', date = '', ...fields] = client.sent.slice(0, end).split('\r\n');
  assert.equal(server, 'Server: tunicorn');
  const dated = /^Date: (\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT)$/.exec(date)?.[1] ?? assert.fail(date);
  assert.ok(Math.abs(Date.parse(dated) - Date.now()) < 60_000, date);
  return { lines: [statusLine, ...fields], body: client.sent.slice(end + 4) };
}

interface Case {
  readonly title: string;
  readonly request: string;
  readonly status?: number;
  readonly flags?: number;
  readonly head?: string;
  readonly body: string;
  readonly lines: readonly string[];
  readonly sent: string;
  readonly keepAlive: boolean;
  readonly sentBytes?: number;
}

const WHOLE: readonly Case[] = [
  {
    title: 'a response with its length keeps a 1.1 connection',
    request: GET_11,
    flags: FRAMED,
    head: '200 OK\r\nContent-Length: 5\r\n',
    body: 'hello',
    lines: ['HTTP/1.1 200 OK', 'Connection: keep-alive', 'Content-Length: 5'],
    sent: 'hello',
    keepAlive: true,
  },
  {
    title: 'a response without a length is chunked for 1.1',
    request: GET_11,
    body: 'hello, world, again',
    lines: ['HTTP/1.1 200 OK', 'Connection: keep-alive', 'Transfer-Encoding: chunked'],
    sent: '13\r\nhello, world, again\r\n0\r\n\r\n',
    keepAlive: true,
  },
  {
    title: 'an empty response without a length is the last chunk alone',
    request: GET_11,
    body: '',
    lines: ['HTTP/1.1 200 OK', 'Connection: keep-alive', 'Transfer-Encoding: chunked'],
    sent: '0\r\n\r\n',
    keepAlive: true,
  },
  {
    title: 'an empty response with its length is the head alone',
    request: GET_11,
    flags: FRAMED,
    head: '200 OK\r\nContent-Length: 0\r\n',
    body: '',
    lines: ['HTTP/1.1 200 OK', 'Connection: keep-alive', 'Content-Length: 0'],
    sent: '',
    keepAlive: true,
  },
  {
    title: 'a client that asks for close gets it',
    request: `${GET_11}\r\nConnection: close`,
    flags: FRAMED,
    head: '200 OK\r\nContent-Length: 1\r\n',
    body: 'x',
    lines: ['HTTP/1.1 200 OK', 'Connection: close', 'Content-Length: 1'],
    sent: 'x',
    keepAlive: false,
  },
  {
    title: 'a response without a length ends with the connection in 1.0, which has no chunks',
    request: GET_10,
    body: 'hello',
    lines: ['HTTP/1.0 200 OK', 'Connection: close'],
    sent: 'hello',
    keepAlive: false,
  },
  {
    title: 'even when the 1.0 client would keep the connection',
    request: GET_10_KEPT,
    body: 'hello',
    lines: ['HTTP/1.0 200 OK', 'Connection: close'],
    sent: 'hello',
    keepAlive: false,
  },
  {
    title: 'a 1.0 client that asks for keep-alive gets it with a length',
    request: GET_10_KEPT,
    flags: FRAMED,
    head: '200 OK\r\nContent-Length: 5\r\n',
    body: 'hello',
    lines: ['HTTP/1.0 200 OK', 'Connection: keep-alive', 'Content-Length: 5'],
    sent: 'hello',
    keepAlive: true,
  },
  {
    title: 'a 1.0 client that asks for nothing gets close',
    request: GET_10,
    flags: FRAMED,
    head: '200 OK\r\nContent-Length: 5\r\n',
    body: 'hello',
    lines: ['HTTP/1.0 200 OK', 'Connection: close', 'Content-Length: 5'],
    sent: 'hello',
    keepAlive: false,
  },
  {
    title: 'HEAD gets the fields of a GET and no body, though the application has sent one',
    request: HEAD_11,
    flags: FRAMED,
    head: '200 OK\r\nContent-Length: 5\r\n',
    body: 'hello',
    lines: ['HTTP/1.1 200 OK', 'Connection: keep-alive', 'Content-Length: 5'],
    sent: '',
    keepAlive: true,
    sentBytes: 0,
  },
  {
    title: 'HEAD of a response without a length has no chunks either',
    request: HEAD_11,
    body: 'hello',
    lines: ['HTTP/1.1 200 OK', 'Connection: keep-alive'],
    sent: '',
    keepAlive: true,
    sentBytes: 0,
  },
  {
    title: 'HEAD of a response without a length keeps a 1.0 connection: nothing has to end it',
    request: 'HEAD / HTTP/1.0\r\nConnection: keep-alive',
    body: '',
    lines: ['HTTP/1.0 200 OK', 'Connection: keep-alive'],
    sent: '',
    keepAlive: true,
  },
  {
    title: '204 has no body and no framing, whatever the application has sent',
    request: GET_11,
    status: 204,
    head: '204 No Content\r\nX: y\r\n',
    body: 'oops',
    lines: ['HTTP/1.1 204 No Content', 'Connection: keep-alive', 'X: y'],
    sent: '',
    keepAlive: true,
    sentBytes: 0,
  },
  {
    title: '304 has no body, and may have the length of the body that it replaces',
    request: GET_11,
    status: 304,
    flags: FRAMED,
    head: '304 Not Modified\r\nContent-Length: 100\r\nETag: "e"\r\n',
    body: '',
    lines: ['HTTP/1.1 304 Not Modified', 'Connection: keep-alive', 'Content-Length: 100', 'ETag: "e"'],
    sent: '',
    keepAlive: true,
  },
  {
    title: '304 without a length is not chunked, whatever the application has sent',
    request: GET_11,
    status: 304,
    head: '304 Not Modified\r\n',
    body: 'oops',
    lines: ['HTTP/1.1 304 Not Modified', 'Connection: keep-alive'],
    sent: '',
    keepAlive: true,
    sentBytes: 0,
  },
  {
    title: 'a reason phrase and fields in ISO-8859-1 arrive as they are',
    request: GET_11,
    flags: FRAMED,
    head: '200 Tr\u00e8s bien\r\nX: \u00ff\u00e9\r\nContent-Length: 1\r\n',
    body: '\u00ff',
    lines: ['HTTP/1.1 200 Tr\u00e8s bien', 'Connection: keep-alive', 'X: \u00ff\u00e9', 'Content-Length: 1'],
    sent: '\u00ff',
    keepAlive: true,
  },
];

for (const one of WHOLE) {
  const status = one.status ?? 200;
  const head = one.head ?? '200 OK\r\n';
  const bytes = Buffer.from(one.body, 'latin1');
  const check = (exchange: TestExchange): void => {
    const { lines, body } = sentTo(exchange.client);
    assert.deepEqual(lines, one.lines);
    assert.equal(body, one.sent);
    assert.deepEqual(exchange.client.ends, ['answered']);
    const { state, sentBytes, responseLines } = exchange;
    const { keepsAlive } = exchange.client.response;
    assert.deepEqual(
      { kind: state.kind, keepsAlive, sentBytes, responseLines, status: exchange.status },
      {
        kind: 'finished',
        keepsAlive: one.keepAlive,
        sentBytes: one.sentBytes ?? bytes.length,
        responseLines: head,
        status,
      },
    );
  };

  test(`${one.title} (one frame)`, () => {
    const exchange = outstandingExchange({ request: one.request });
    exchange.respond({ status: status, flags: (one.flags ?? 0) | END, lines: head }, bytes, PID);
    check(exchange);
  });

  test(`${one.title} (the end in a separate frame)`, () => {
    const exchange = outstandingExchange({ request: one.request });
    exchange.respond({ status: status, flags: one.flags ?? 0, lines: head }, bytes, PID);
    assert.equal(exchange.state.kind, 'responding');
    assert.deepEqual(exchange.client.ends, []);
    exchange.continue(END, NONE);
    check(exchange);
  });
}

test('a short response is one write, head and body together', () => {
  for (const flags of [END, END | FRAMED]) {
    const exchange = outstandingExchange();
    exchange.respond({ status: 200, flags: flags, lines: '200 OK\r\n' }, Buffer.alloc(16 * 1024), PID);
    assert.equal(exchange.client.writes.length, 1);
  }
});

test('each piece that the application yields is sent as its own chunk, immediately', () => {
  const exchange = outstandingExchange();
  exchange.respond({ status: 200, flags: 0, lines: '200 OK\r\n' }, NONE, PID);
  assert.equal(sentTo(exchange.client).body, '');
  exchange.continue(0, Buffer.from('one'));
  assert.equal(sentTo(exchange.client).body, '3\r\none\r\n');
  exchange.continue(0, NONE);
  assert.equal(sentTo(exchange.client).body, '3\r\none\r\n', 'an empty chunk would be the last');
  exchange.continue(END, Buffer.alloc(0x1a2b, 'z'));
  assert.equal(sentTo(exchange.client).body, `3\r\none\r\n1A2B\r\n${'z'.repeat(0x1a2b)}\r\n0\r\n\r\n`);
  assert.deepEqual([exchange.client.ends, exchange.sentBytes], [['answered'], 3 + 0x1a2b]);
});

test('responses announce the close of the connection: the gateway drains, or keep-alive is off', () => {
  const client = new ClientDouble();
  client.keepAliveAllowed = false;
  const exchange = outstandingExchange({ client });
  exchange.respond({ status: 200, flags: END, lines: '200 OK\r\n' }, Buffer.from('x'), PID);
  assert.deepEqual(sentTo(client).lines[1], 'Connection: close');
  assert.equal(exchange.client.response.keepsAlive, false);
});

test('the decision to keep the connection is made when the response begins', () => {
  const exchange = outstandingExchange();
  exchange.respond({ status: 200, flags: 0, lines: '200 OK\r\n' }, NONE, PID);
  exchange.client.keepAliveAllowed = false;
  exchange.continue(END, NONE);
  assert.equal(exchange.client.response.keepsAlive, true);
});

for (const [title, request, flags, body] of [
  ['without its last chunk', GET_11, 0, '3\r\nabc\r\n'],
  ['shorter than its length', GET_11, FRAMED, 'abc'],
  ['as far as it came, for 1.0', GET_10, 0, 'abc'],
] as const) {
  test(`a response that is cut off arrives ${title}, and its connection is not used again`, () => {
    const atOnce = outstandingExchange({ request });
    atOnce.respond({ status: 200, flags: flags | END | ABORTED, lines: '200 OK\r\n' }, Buffer.from('abc'), PID);
    const later = outstandingExchange({ request });
    later.respond({ status: 200, flags: flags, lines: '200 OK\r\n' }, NONE, PID);
    later.continue(0, Buffer.from('abc'));
    later.continue(END | ABORTED, NONE);
    const withData = outstandingExchange({ request });
    withData.respond({ status: 200, flags: flags, lines: '200 OK\r\n' }, NONE, PID);
    withData.continue(END | ABORTED, Buffer.from('abc'));
    for (const exchange of [atOnce, later, withData]) {
      assert.equal(sentTo(exchange.client).body, body);
      assert.deepEqual(exchange.client.ends, ['cut-off']);
      assert.equal(exchange.state.kind, 'finished');
    }
  });
}

test('a response that is cut off before its first byte has no last chunk', () => {
  const exchange = outstandingExchange();
  exchange.respond({ status: 200, flags: END | ABORTED, lines: '200 OK\r\n' }, NONE, PID);
  assert.equal(sentTo(exchange.client).body, '');
  assert.deepEqual(exchange.client.ends, ['cut-off']);
});

const LINK = 'Link: </style.css>; rel=preload\r\n';
const HINTED = `HTTP/1.1 103 Early Hints\r\n${LINK}\r\n`;

test('hint() writes an interim response each time, and changes nothing of the response', () => {
  const plain = outstandingExchange();
  plain.respond({ status: 200, flags: END, lines: '200 OK\r\n' }, Buffer.from('x'), PID);
  const hinted = outstandingExchange();
  hinted.hint(LINK);
  hinted.hint('');
  assert.equal(hinted.client.sent, `${HINTED}HTTP/1.1 103 Early Hints\r\n\r\n`);
  const { length } = hinted.client.sent;
  hinted.respond({ status: 200, flags: END, lines: '200 OK\r\n' }, Buffer.from('x'), PID);
  const withoutDate = (sent: string): string => sent.replace(/Date: .*/, '');
  assert.equal(withoutDate(hinted.client.sent.slice(length)), withoutDate(plain.client.sent));
  assert.deepEqual([hinted.status, hinted.sentBytes, hinted.client.response.keepsAlive], [200, 1, true]);
});

test('hint() writes nothing for a 1.0 client (RFC 9110 section 15.2)', () => {
  for (const request of [GET_10, GET_10_KEPT]) {
    const exchange = outstandingExchange({ request });
    exchange.hint(LINK);
    assert.equal(exchange.client.sent, '');
  }
});

test('hint() writes nothing when the response has begun or the client has left', () => {
  const responding = outstandingExchange();
  responding.respond({ status: 200, flags: 0, lines: '200 OK\r\n' }, NONE, PID);
  const answered = outstandingExchange();
  answered.respond({ status: 200, flags: END, lines: '200 OK\r\n' }, NONE, PID);
  const gone = outstandingExchange();
  gone.abandon();
  for (const exchange of [responding, answered, gone]) {
    const before = exchange.client.sent;
    exchange.hint(LINK);
    assert.equal(exchange.client.sent, before);
  }
});

test('fail() answers after hints, when the worker has died before its head', () => {
  const exchange = outstandingExchange();
  exchange.hint(LINK);
  exchange.fail(BAD_GATEWAY, 'worker-died');
  assert.ok(exchange.client.sent.startsWith(`${HINTED}HTTP/1.1 502 Bad Gateway\r\n`));
});

for (const state of ['waiting', 'outstanding'] as const) {
  test(`fail() answers in the worker's place while the exchange is ${state}, and closes`, () => {
    const exchange = state === 'waiting' ? newExchange() : outstandingExchange();
    exchange.fail(BAD_GATEWAY, 'worker-died');
    assert.match(
      exchange.client.sent,
      /^HTTP\/1\.1 502 Bad Gateway\r\nServer: tunicorn\r\nDate: [^\r]+ GMT\r\nConnection: close\r\n/,
    );
    assert.match(exchange.client.sent, /<\/html>\n$/);
    assert.deepEqual(exchange.client.ends, ['answered']);
    assert.deepEqual(
      [exchange.state.kind, exchange.status, exchange.client.response.keepsAlive],
      ['finished', 502, false],
    );
  });
}

test('fail() answers HEAD without a body, but with its length (RFC 9110 section 9.3.2)', () => {
  const get = outstandingExchange();
  get.fail(BAD_GATEWAY, 'worker-died');
  const head = outstandingExchange({ request: HEAD_11 });
  head.fail(BAD_GATEWAY, 'worker-died');
  const undated = (text: string): string => text.replace(/\r\nDate: [^\r]*/, '');
  assert.equal(undated(head.client.sent), undated(get.client.sent.slice(0, get.client.sent.indexOf('\r\n\r\n') + 4)));
  assert.match(head.client.sent, /\r\nContent-Length: [1-9]\d+\r\n/);
});

test('fail() after the head cuts the response off and adds nothing', () => {
  const exchange = outstandingExchange();
  exchange.respond({ status: 200, flags: 0, lines: '200 OK\r\n' }, Buffer.from('abc'), PID);
  const before = exchange.client.sent;
  exchange.fail(BAD_GATEWAY, 'worker-died');
  assert.equal(exchange.client.sent, before);
  assert.deepEqual([exchange.client.ends, exchange.status], [['cut-off'], 200]);
});

test('an exchange ends once: after its end neither fail() nor abandon() does anything', () => {
  const enders = [
    (exchange: TestExchange) => exchange.respond({ status: 200, flags: END, lines: '200 OK\r\n' }, NONE, PID),
    (exchange: TestExchange) => exchange.fail(BAD_GATEWAY, 'worker-died'),
    (exchange: TestExchange) => exchange.abandon(),
  ];
  for (const end of enders) {
    const exchange = outstandingExchange();
    end(exchange);
    const before = exchange.client.sent;
    exchange.fail(BAD_GATEWAY, 'worker-died');
    exchange.abandon();
    assert.equal(exchange.client.sent, before);
    assert.equal(exchange.client.ends.length, 1);
  }
});

test('abandon() ends the exchange for a client that has left, without a word', () => {
  for (const isResponding of [false, true]) {
    const exchange = outstandingExchange();
    if (isResponding) exchange.respond({ status: 200, flags: 0, lines: '200 OK\r\n' }, NONE, PID);
    const before = exchange.client.sent;
    exchange.abandon();
    assert.deepEqual([exchange.client.sent, exchange.client.ends], [before, ['client-gone']]);
    assert.equal(exchange.state.kind, 'finished');
  }
});

test('an event stream is recognised by its head until it ends', () => {
  const fields = 'Content-Type: text/event-stream; charset=utf-8\r\n';
  const stream = outstandingExchange();
  stream.respond({ status: 200, flags: 0, lines: `200 OK\r\n${fields}` }, NONE, PID);
  const page = outstandingExchange();
  page.respond({ status: 200, flags: 0, lines: '200 OK\r\nContent-Type: text/html\r\n' }, NONE, PID);
  assert.deepEqual([stream.isEventStream, page.isEventStream], [true, false]);
  stream.continue(END, NONE);
  assert.equal(stream.isEventStream, false);
});

test('the worker is named by its response, or by the report of its end', () => {
  const answered = outstandingExchange();
  answered.respond({ status: 200, flags: 0, lines: '200 OK\r\n' }, NONE, PID);
  answered.fail(BAD_GATEWAY, 'worker-died', 12);
  const lost = outstandingExchange();
  lost.fail(BAD_GATEWAY, 'worker-died', 12);
  const waiting = newExchange();
  waiting.fail(BAD_GATEWAY, 'queue-timeout');
  assert.deepEqual([answered.workerPid, lost.workerPid, waiting.workerPid], [PID, 12, null]);
});

test('a move that the state does not have is reported, and changes nothing', () => {
  const client = new ClientDouble();
  const reported: string[] = [];
  client.illegalMove = (what) => reported.push(what);
  const exchange = newExchange({ client });
  exchange.respond({ status: 200, flags: END, lines: '200 OK\r\n' }, NONE, PID);
  assert.deepEqual(reported, ["request GET /: 'responded' in state 'waiting'"]);
  assert.deepEqual([exchange.state.kind, client.sent, client.ends], ['waiting', '', []]);
});

test('the client gets the body, in whatever pieces it is produced', () => {
  const random = seededRandom(13);
  for (let round = 0; round < 300; round += 1) {
    const request = [GET_11, GET_10, GET_10_KEPT][random(3)] ?? GET_11;
    const flags = random(2) * FRAMED;
    const pieces = Array.from({ length: 1 + random(6) }, () =>
      Buffer.alloc(random(round % 20 === 0 ? 40_000 : 300), random(256)),
    );
    const exchange = outstandingExchange({ request });
    pieces.forEach((piece, index) => {
      const end = index === pieces.length - 1 ? END : 0;
      if (index === 0) exchange.respond({ status: 200, flags: flags | end, lines: '200 OK\r\n' }, piece, PID);
      else exchange.continue(end, piece);
    });
    const { lines, body } = sentTo(exchange.client);
    const isChunked = lines.includes('Transfer-Encoding: chunked');
    assert.equal(isChunked, request === GET_11 && flags === 0);
    const whole = Buffer.concat(pieces);
    assert.ok((isChunked ? dechunked(body) : Buffer.from(body, 'latin1')).equals(whole), `round ${round}`);
    assert.equal(exchange.sentBytes, whole.length);
    assert.deepEqual(exchange.client.ends, ['answered']);
  }
});

function dechunked(text: string): Buffer {
  let body = '';
  let rest = text;
  for (;;) {
    const size = /^([0-9A-F]+)\r\n/.exec(rest) ?? assert.fail(`no chunk size: ${rest.slice(0, 40)}`);
    const bytes = Number.parseInt(size[1] ?? '', 16);
    rest = rest.slice(size[0].length);
    body += rest.slice(0, bytes);
    assert.equal(rest.slice(bytes, bytes + 2), '\r\n');
    rest = rest.slice(bytes + 2);
    if (bytes === 0) break;
  }
  assert.equal(rest, '', 'nothing comes after the last chunk');
  return Buffer.from(body, 'latin1');
}
