// The checks that every framework of the grid has to pass: one table for all of them. Each application in the neighbouring folders has
// these routes, or frameworks.ts says why not.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { field, HttpConnection } from '../harness/clients/http-connection.ts';
import { type RequestOptions, request, requestBytes } from '../harness/clients/http-request.ts';
import { root } from '../harness/project.ts';
import { asks, type Check, chunksOf, cookiesAfter, looksLike } from './check.ts';
import { WEBSOCKET_CHECKS } from './web-socket-checks.ts';

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
  asks('page', '`GET /`: the first page', '/', {}, { text: /hello|Welcome to your new Wagtail site/ }),
  asks('routing', '`GET /items/42`: the number in the path', '/items/42', {}, { json: { item: 42 } }),
  asks('query', 'a percent-encoded query string', '/query?a=1&b=%C3%BC%20x', {}, { json: { a: '1', b: 'ü x' } }),
  asks('JSON', 'a JSON body and a JSON response', '/json', JSON_BODY, { json: { doubled: [2, 4] } }),
  asks('form', 'a percent-encoded form', '/form', FORM, { json: { name: 'Ada Lö' } }),
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
    says: 'ten pieces, 10 ms apart: the first arrives before the last is produced',
    run: async (server) => {
      const pieces = await chunksOf(server, '/stream');
      assert.equal(pieces.join(''), PIECES.join(''));
      assert.ok(pieces.length > 1, 'it came as one piece');
    },
  },
  {
    name: 'SSE',
    says: 'five server-sent events, each as it is produced',
    run: async (server) => {
      const pieces = await chunksOf(server, '/sse', /^text\/event-stream/);
      const data = pieces.join('').matchAll(/^data: (\d)\r?\n\r?\n/gm);
      assert.equal([...data].map(([, number]) => number).join(' '), '0 1 2 3 4');
      assert.ok(pieces.length > 1, 'they came as one piece');
    },
  },
  {
    name: 'cookies',
    says: 'two cookies are set, and come back with the next request',
    run: async ({ target }) => {
      const first = await request(target, '/cookie');
      const Cookie = cookiesAfter('', first);
      const seen = JSON.parse((await request(target, '/cookie', { headers: { Cookie } })).body.toString());
      assert.deepEqual([seen.flavour, seen.size], ['oat', 'big']);
    },
  },
  {
    name: 'redirect',
    says: 'a redirect, and the page that it leads to',
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
    says: 'an exception: 500, and the same worker keeps serving',
    run: async (server) => {
      const before = server.workerPids();
      looksLike(await request(server.target, '/error'), { status: 500 });
      assert.equal((await request(server.target, '/')).status, 200);
      assert.deepEqual(server.workerPids(), before);
    },
  },
  asks('404', 'a path that does not exist', '/missing/', {}, { status: 404 }),
  asks('static', 'a style sheet', '/static/site.css', {}, { text: STYLE_SHEET, type: /^text\/css/ }),
  {
    name: '304',
    says: 'a conditional request for the style sheet: 304 without a body',
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
    says: 'five requests on one connection, the second with a body',
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

export const CHECKS: readonly Check[] = [...HTTP_CHECKS, ...WEBSOCKET_CHECKS];

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
