// What is asked of every framework of the grid, and what must be seen: one table for all of them. Called by grid.ts; each
// application in the folders beside has these routes, or frameworks.ts says why not.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { field, fields, HttpConnection, type HttpResponse } from '../harness/http-connection.ts';
import { type RequestOptions, request, requestBytes } from '../harness/http-request.ts';
import { root } from '../harness/project.ts';
import {
  acceptFor,
  BINARY_FRAME,
  CLOSE_FRAME,
  clientFrame,
  closePayload,
  RawWebSocket,
  TEXT_FRAME,
} from '../harness/raw-web-socket.ts';
import type { Server } from '../harness/server.ts';

export interface Check {
  readonly name: string;
  /** What is asked and what is seen, for the page. */
  readonly says: string;
  readonly run: (server: Server) => Promise<void>;
}

export interface Seen {
  readonly status?: number;
  readonly text?: string | RegExp;
  readonly json?: unknown;
  readonly type?: RegExp;
}

/** A check of one request and its response. */
export function asks(name: string, says: string, path: string, options: RequestOptions, seen: Seen): Check {
  const run = async ({ target }: Server): Promise<void> => {
    looksLike(await request(target, path, options), seen);
  };
  return { name, says, run };
}

export function looksLike(response: HttpResponse, { status = 200, text, json, type }: Seen): void {
  const body = response.body.toString();
  assert.equal(response.status, status, body.slice(0, 500));
  assert.equal(response.end, 'complete');
  if (typeof text === 'string') assert.equal(body, text);
  else if (text !== undefined) assert.match(body, text);
  if (json !== undefined) assert.deepEqual(JSON.parse(body), json);
  if (type !== undefined) assert.match(field(response, 'Content-Type') ?? '', type);
}

/** What a browser would send back of the cookies, newer ones instead of older ones. */
export function cookiesAfter(before: string, response: HttpResponse): string {
  const jar = new Map(
    before
      .split('; ')
      .filter((pair) => pair !== '')
      .map((pair) => [pair.split('=')[0], pair]),
  );
  for (const cookie of fields(response, 'Set-Cookie')) jar.set(cookie.split('=')[0], cookie.split(';')[0] ?? '');
  return [...jar.values()].join('; ');
}

const JSON_BODY = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"numbers": [1, 2]}' };
const FORM = {
  method: 'POST',
  headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  body: 'name=Ada+L%C3%B6',
};
const STYLE_SHEET = readFileSync(join(root, 'test', 'frameworks', 'static', 'site.css'), 'utf8');
const UPLOADED = Buffer.alloc(300_000, 'tunicorn');
const DOWNLOADED = Buffer.concat(Array.from({ length: 4096 }, () => Buffer.from([...Array(256).keys()])));
const PIECES = Array.from({ length: 10 }, (_, number) => `piece ${number}\n`);

const HTTP_CHECKS: readonly Check[] = [
  asks('page', '`GET /`: its first page', '/', {}, { text: /hello|Welcome to your new Wagtail site/ }),
  asks('routing', '`GET /items/42`: the number of the path', '/items/42', {}, { json: { item: 42 } }),
  asks('query', 'a query string, percent-encoded', '/query?a=1&b=%C3%BC%20x', {}, { json: { a: '1', b: 'ü x' } }),
  asks('JSON', 'a JSON body, a JSON answer', '/json', JSON_BODY, { json: { doubled: [2, 4] } }),
  asks('form', 'a form, percent-encoded', '/form', FORM, { json: { name: 'Ada Lö' } }),
  asks('upload', 'a multipart form with a file of 300 KB: its SHA-256', '/upload', multipart(), {
    json: { name: 'Ada', size: UPLOADED.length, sha256: createHash('sha256').update(UPLOADED).digest('hex') },
  }),
  {
    name: 'download',
    says: 'a file of 1 MiB, byte by byte, for HTTP/1.1 and HTTP/1.0',
    run: async ({ target }) => {
      for (const version of ['1.1', '1.0'] as const) {
        const response = await request(target, '/download', { version });
        assert.equal(response.status, 200);
        assert.ok(response.body.equals(DOWNLOADED), `${response.body.length} bytes, or others, for HTTP/${version}`);
      }
    },
  },
  {
    name: 'stream',
    says: 'ten pieces, 10 ms apart: the first comes before the last is made',
    run: async (server) => {
      const pieces = await chunksOf(server, '/stream');
      assert.equal(pieces.join(''), PIECES.join(''));
      assert.ok(pieces.length > 1, 'it came as one piece');
    },
  },
  {
    name: 'SSE',
    says: 'five server-sent events, each as it is made',
    run: async (server) => {
      const pieces = await chunksOf(server, '/sse', /^text\/event-stream/);
      const data = pieces.join('').matchAll(/^data: (\d)\r?\n\r?\n/gm);
      assert.equal([...data].map(([, number]) => number).join(' '), '0 1 2 3 4');
      assert.ok(pieces.length > 1, 'they came as one piece');
    },
  },
  {
    name: 'cookies',
    says: 'two cookies are set, and seen with the next request',
    run: async ({ target }) => {
      const first = await request(target, '/cookie');
      const Cookie = cookiesAfter('', first);
      const seen = JSON.parse((await request(target, '/cookie', { headers: { Cookie } })).body.toString());
      assert.deepEqual([seen.flavour, seen.size], ['oat', 'big']);
    },
  },
  {
    name: 'redirect',
    says: 'a redirection, and the page that it leads to',
    run: async ({ target }) => {
      const response = await request(target, '/redirect');
      assert.ok([302, 303, 307].includes(response.status), `status ${response.status}`);
      const place = new URL(field(response, 'Location') ?? '', 'http://test.example/');
      assert.equal(place.href, 'http://test.example/');
      assert.equal((await request(target, place.pathname)).status, 200);
    },
  },
  {
    name: 'error',
    says: 'an exception: 500, and the same worker goes on',
    run: async (server) => {
      const before = server.workerPids();
      looksLike(await request(server.target, '/error'), { status: 500 });
      assert.equal((await request(server.target, '/')).status, 200);
      assert.deepEqual(server.workerPids(), before);
    },
  },
  asks('404', 'a path that is not there', '/missing/', {}, { status: 404 }),
  asks('static', 'a style sheet', '/static/site.css', {}, { text: STYLE_SHEET, type: /^text\/css/ }),
  {
    name: '304',
    says: 'the style sheet again, for who has it already: 304 without a body',
    run: async ({ target }) => {
      const response = await request(target, '/static/site.css');
      const headers: Record<string, string> = {};
      const [tag, modified] = [field(response, 'ETag'), field(response, 'Last-Modified')];
      if (tag !== undefined) headers['If-None-Match'] = tag;
      if (modified !== undefined) headers['If-Modified-Since'] = modified;
      looksLike(await request(target, '/static/site.css', { headers }), { status: 304, text: '' });
    },
  },
  {
    name: 'session',
    says: 'a counter in the session counts to three',
    run: async ({ target }) => {
      let Cookie = '';
      for (const visits of [1, 2, 3]) {
        const response = await request(target, '/session', { headers: { Cookie } });
        looksLike(response, { json: { visits } });
        Cookie = cookiesAfter(Cookie, response);
      }
    },
  },
  {
    name: 'kept',
    says: 'five requests over one connection, the second with a body',
    run: async ({ target }) => {
      const connection = await HttpConnection.open(target);
      try {
        for (const [path, options] of [['/'], ['/json', JSON_BODY], ['/'], ['/missing/'], ['/']] as const) {
          await connection.send(requestBytes(path, options));
          const { status } = await connection.response();
          assert.equal(status, path === '/missing/' ? 404 : 200);
        }
      } finally {
        connection.close();
      }
    },
  },
];

const WEBSOCKET_CHECKS: readonly Check[] = [
  {
    name: 'WebSocket',
    says: 'text and 100 KB of binary data are echoed; the client closes with 1000',
    run: async (server) =>
      await withWebSocket(server, '', async (socket) => {
        for (const [opcode, payload] of [
          [TEXT_FRAME, Buffer.from('grüß dich')],
          [BINARY_FRAME, UPLOADED.subarray(0, 100_000)],
        ] as const) {
          await socket.send(opcode, payload);
          const echo = await socket.frame();
          assert.deepEqual([echo.opcode, echo.payload.equals(payload)], [opcode, true]);
        }
        await socket.connection.send(clientFrame(CLOSE_FRAME, closePayload(1000)));
        assert.equal(await socket.closeCode(), 1000);
      }),
  },
  {
    name: 'close code',
    says: 'the application closes with 4001 and a reason',
    run: async (server) =>
      await withWebSocket(server, '', async (socket) => {
        await socket.send(TEXT_FRAME, 'close');
        const { opcode, payload } = await socket.frame();
        assert.deepEqual([opcode, payload.readUInt16BE(), payload.toString('utf8', 2)], [CLOSE_FRAME, 4001, 'over']);
      }),
  },
  {
    name: 'subprotocol',
    says: 'of two that the client offers, the application takes one',
    run: async (server) =>
      await withWebSocket(server, 'Sec-WebSocket-Protocol: chat.v1, chat.v2\r\n', async (_, protocol) => {
        assert.equal(protocol, 'chat.v2');
      }),
  },
];

export const CHECKS: readonly Check[] = [...HTTP_CHECKS, ...WEBSOCKET_CHECKS];

/** The chunks of a streamed response. */
export async function chunksOf(server: Server, path: string, type = /^text\/plain/): Promise<string[]> {
  const connection = await HttpConnection.open(server.target);
  try {
    await connection.send(requestBytes(path));
    const head = await connection.head();
    assert.equal(head.status, 200);
    assert.match(field(head, 'Content-Type') ?? '', type);
    assert.equal(field(head, 'Transfer-Encoding'), 'chunked');
    const pieces: string[] = [];
    for (let chunk = await connection.chunk(); chunk !== undefined; chunk = await connection.chunk()) {
      pieces.push(chunk.toString());
    }
    return pieces;
  } finally {
    connection.close();
  }
}

async function withWebSocket(
  { target }: Server,
  offered: string,
  use: (socket: RawWebSocket, protocol: string | undefined) => Promise<void>,
): Promise<void> {
  const socket = await RawWebSocket.open(target, '/ws', offered);
  try {
    const head = await socket.accepted();
    assert.deepEqual([head.status, field(head, 'Sec-WebSocket-Accept')], [101, acceptFor()]);
    await use(socket, field(head, 'Sec-WebSocket-Protocol'));
  } finally {
    socket.connection.close();
  }
}

function multipart(): RequestOptions {
  const part = (disposition: string, content: string | Buffer): Buffer =>
    Buffer.concat([
      Buffer.from(`--frontier\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n`),
      Buffer.from(content as string),
      Buffer.from('\r\n'),
    ]);
  return {
    method: 'POST',
    headers: { 'Content-Type': 'multipart/form-data; boundary=frontier' },
    body: Buffer.concat([
      part('name="name"', 'Ada'),
      part('name="upload"; filename="a.bin"', UPLOADED),
      Buffer.from('--frontier--\r\n'),
    ]),
  };
}
