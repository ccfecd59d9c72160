// Middlewares that depend on the exact behaviour of the server; each has its own row on the page.

import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import { field, HttpConnection } from '../harness/clients/http-connection.ts';
import { request, requestBytes } from '../harness/clients/http-request.ts';
import { eventually } from '../harness/deadline.ts';
import { asks, type Check, chunksOf, looksLike } from './check.ts';
import type { Framework } from './frameworks.ts';

const LARGE = 'tunicorn '.repeat(10_000);
const AT_ONCE = 50;
const gzip = { headers: { 'Accept-Encoding': 'gzip' } };
const forwarded = {
  'X-Forwarded-For': '203.0.113.7',
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-Host': 'shop.example',
};

function compressed(path: string): Check['run'] {
  return async ({ target }) => {
    const response = await request(target, path, gzip);
    assert.equal(field(response, 'Content-Encoding'), 'gzip');
    assert.equal(gunzipSync(response.body).toString(), LARGE);
    assert.equal((await request(target, path)).body.toString(), LARGE);
  };
}

function atOnce(path: string): Check['run'] {
  return async ({ target }) => {
    const numbers = Array.from({ length: AT_ONCE }, (_, number) => number);
    const responses = await Promise.all(numbers.map((number) => request(target, `${path}?number=${number}`)));
    for (const [number, response] of responses.entries()) looksLike(response, { json: { number, right: true } });
  };
}

const ofStarlette: readonly Check[] = [
  {
    name: 'BaseHTTPMiddleware',
    says: 'two in a row: one adds a header, one reads the body before the endpoint; a stream passes through piece by piece',
    run: async (server) => {
      const response = await request(server.target, '/body', { method: 'POST', body: 'b'.repeat(100_000) });
      looksLike(response, { json: { before: 100_000, after: 100_000 } });
      assert.equal(field(response, 'X-Outer'), '/body');
      const pieces = await chunksOf(server, '/stream');
      assert.ok(pieces.length > 1, 'the stream came as one piece');
    },
  },
  {
    name: 'client that leaves',
    says: 'an endless stream behind BaseHTTPMiddleware is stopped; a background task runs',
    run: async ({ target }) => {
      const connection = await HttpConnection.open(target);
      await connection.send(requestBytes('/endless'));
      await connection.head();
      await connection.chunk();
      connection.close();
      looksLike(await request(target, '/background'), { text: 'begun' });
      await eventually('both to end', async () => {
        const finished = JSON.parse((await request(target, '/done')).body.toString());
        return finished.includes('endless') && finished.includes('background');
      });
    },
  },
  { name: 'GZipMiddleware', says: 'a large page, compressed and uncompressed', run: compressed('/large') },
  {
    name: 'CORSMiddleware',
    says: 'preflight and simple requests, from an allowed and a forbidden origin',
    run: async ({ target }) => {
      for (const [Origin, status] of [
        ['https://shop.example', 200],
        ['https://other.example', 400],
      ] as const) {
        const headers = { Origin, 'Access-Control-Request-Method': 'PUT' };
        const preflight = await request(target, '/where', { method: 'OPTIONS', headers });
        assert.equal(preflight.status, status);
        const allowed = field(await request(target, '/where', { headers: { Origin } }), 'Access-Control-Allow-Origin');
        assert.equal(allowed, status === 200 ? Origin : undefined);
      }
    },
  },
  asks(
    'TrustedHostMiddleware',
    'an untrusted host: 400',
    '/where',
    { headers: { Host: 'evil.example' } },
    {
      status: 400,
    },
  ),
  asks(
    'ProxyHeadersMiddleware',
    "uvicorn's: client and scheme from the proxy's header fields",
    '/where',
    {
      headers: forwarded,
    },
    { json: { client: '203.0.113.7', scheme: 'https' } },
  ),
];

const ofFlask: readonly Check[] = [
  asks(
    'ProxyFix',
    "client, scheme, host and prefix from the proxy's header fields, also in generated URLs",
    '/where',
    { headers: { ...forwarded, 'X-Forwarded-Prefix': '/shop' } },
    {
      json: {
        client: '203.0.113.7',
        url: 'https://shop.example/shop/where',
        out: 'https://shop.example/shop/moved',
      },
    },
  ),
];

const ofDjango: readonly Check[] = [
  { name: 'GZipMiddleware', says: 'a large page, compressed and uncompressed', run: compressed('/large') },
  { name: 'GZipMiddleware, stream', says: 'a stream, compressed and uncompressed', run: compressed('/stream') },
  {
    name: 'ConditionalGetMiddleware',
    says: 'an entity tag, then a conditional request: 304 without a body',
    run: async ({ target }) => {
      const tag = field(await request(target, '/large'), 'ETag') ?? '';
      assert.match(tag, /^(W\/)?"/);
      looksLike(await request(target, '/large', { headers: { 'If-None-Match': tag } }), { status: 304, text: '' });
    },
  },
  { name: 'synchronous views', says: `${AT_ONCE} concurrent requests`, run: atOnce('/synchronous') },
];

const ofAsgiref: Check = {
  name: 'sync_to_async',
  says: `${AT_ONCE} concurrent requests, each alternating between threads and tasks: each keeps its own context`,
  run: atOnce('/mixed'),
};

const folder = 'middlewares';

export const MIDDLEWARES: readonly (Framework & { readonly checks: readonly Check[] })[] = [
  { name: 'Flask', packages: ['Werkzeug'], folder, app: 'flask_app:app', dialect: 'wsgi', checks: ofFlask },
  { name: 'Django', packages: ['Django'], folder, app: 'django_app:wsgi', dialect: 'wsgi', checks: ofDjango },
  {
    name: 'Django (ASGI)',
    packages: ['Django', 'asgiref'],
    folder,
    app: 'django_app:asgi',
    dialect: 'asgi',
    checks: [...ofDjango, ofAsgiref],
  },
  {
    name: 'Starlette',
    packages: ['starlette', 'uvicorn'],
    folder,
    app: 'starlette_app:app',
    dialect: 'asgi',
    checks: ofStarlette,
  },
];
