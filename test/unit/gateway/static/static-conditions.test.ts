// What conditional and range requests get, as functions of their fields and of the file.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatHttpDate, parseHttpDate } from '../../../../src/gateway/http1/http-date.ts';
import { bestCoding, type Coding } from '../../../../src/gateway/static/accept-encoding.ts';
import { parseRange } from '../../../../src/gateway/static/byte-range.ts';
import { conditionsOf, judge } from '../../../../src/gateway/static/conditions.ts';
import { etagOf, fileResponse, type Representation } from '../../../../src/gateway/static/file-response.ts';
import { loadTypeTable, mediaType } from '../../../../src/gateway/static/media-type.ts';

const NOW_MS = Date.parse('2026-06-01T12:00:00Z');
const MODIFIED = Date.parse('2026-05-01T10:20:30Z') / 1000;
const DATE = 'Fri, 01 May 2026 10:20:30 GMT';
const LATER = 'Fri, 01 May 2026 10:20:31 GMT';
const EARLIER = 'Fri, 01 May 2026 10:20:29 GMT';
const ETAG = '"5-64"';
const FILE: Representation = {
  sizeBytes: 100,
  etag: ETAG,
  modifiedSeconds: MODIFIED,
  mediaType: 'text/css; charset=utf-8',
  coding: null,
  varies: false,
};

type Case = readonly [fields: Readonly<Record<string, string>>, kind: string, method?: string];

const CASES: readonly Case[] = [
  [{}, 'whole'],
  [{ IF_NONE_MATCH: ETAG }, 'not-modified'],
  [{ IF_NONE_MATCH: `W/${ETAG}` }, 'not-modified'],
  [{ IF_NONE_MATCH: `"x", ${ETAG}` }, 'not-modified'],
  [{ IF_NONE_MATCH: '*' }, 'not-modified'],
  [{ IF_NONE_MATCH: ETAG }, 'not-modified', 'HEAD'],
  [{ IF_NONE_MATCH: '"x"' }, 'whole'],
  [{ IF_NONE_MATCH: '"x"', IF_MODIFIED_SINCE: DATE }, 'whole'],
  [{ IF_MODIFIED_SINCE: DATE }, 'not-modified'],
  [{ IF_MODIFIED_SINCE: LATER }, 'not-modified'],
  [{ IF_MODIFIED_SINCE: EARLIER }, 'whole'],
  [{ IF_MODIFIED_SINCE: 'yesterday' }, 'whole'],
  [{ IF_MATCH: ETAG }, 'whole'],
  [{ IF_MATCH: '*' }, 'whole'],
  [{ IF_MATCH: '"x"' }, 'precondition-failed'],
  [{ IF_MATCH: `W/${ETAG}` }, 'precondition-failed'],
  [{ IF_MATCH: ETAG, IF_UNMODIFIED_SINCE: EARLIER }, 'whole'],
  [{ IF_UNMODIFIED_SINCE: DATE }, 'whole'],
  [{ IF_UNMODIFIED_SINCE: EARLIER }, 'precondition-failed'],
  [{ IF_NONE_MATCH: ETAG, RANGE: 'bytes=0-1' }, 'not-modified'],
  [{ RANGE: 'bytes=0-1' }, 'part'],
  [{ RANGE: 'bytes=0-1' }, 'whole', 'HEAD'],
  [{ RANGE: 'bytes=0-1', IF_RANGE: ETAG }, 'part'],
  [{ RANGE: 'bytes=0-1', IF_RANGE: DATE }, 'part'],
  [{ RANGE: 'bytes=0-1', IF_RANGE: LATER }, 'whole'],
  [{ RANGE: 'bytes=0-1', IF_RANGE: '"x"' }, 'whole'],
  [{ RANGE: 'bytes=0-1', IF_RANGE: `W/${ETAG}` }, 'whole'],
  [{ RANGE: 'bytes=100-' }, 'unsatisfiable'],
];

for (const [fields, kind, method = 'GET'] of CASES) {
  test(`${method} ${JSON.stringify(fields)} gets: ${kind}`, () => {
    const pairs = Object.entries({ HOST: 'x', ...fields, ACCEPT: '*/*' }).map(
      ([name, value]) => `HTTP_${name}\0${value}`,
    );
    assert.equal(judge(conditionsOf(pairs.join('\0')), method, FILE, NOW_MS).kind, kind);
  });
}

const RANGES: readonly (readonly [range: string, wanted: readonly [number, number] | 'whole' | 'unsatisfiable'])[] = [
  ['bytes=0-0', [0, 1]],
  ['bytes=0-', [0, 100]],
  ['bytes=99-', [99, 100]],
  ['bytes=10-19', [10, 20]],
  ['bytes=10-1000', [10, 100]],
  ['Bytes=10-19', [10, 20]],
  ['bytes=-1', [99, 100]],
  ['bytes=-1000', [0, 100]],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=100-', 'unsatisfiable'],
  ['bytes=99999999999999999999999-', 'unsatisfiable'],
  ['bytes=10-9', 'whole'],
  ['bytes=-', 'whole'],
  ['bytes=', 'whole'],
  ['bytes=a-b', 'whole'],
  ['lines=0-1', 'whole'],
  ['bytes=0-1,5-6', 'whole'],
];

for (const [range, wanted] of RANGES) {
  test(`the range '${range}' of 100 bytes is ${typeof wanted === 'string' ? wanted : wanted.join(' to ')}`, () => {
    const found = parseRange(range, 100);
    assert.deepEqual(found.kind === 'part' ? [found.startByte, found.endByte] : found.kind, wanted);
  });
}

test('no part of an empty file can be asked for', () => {
  assert.equal(parseRange('bytes=0-', 0).kind, 'unsatisfiable');
  assert.equal(parseRange('bytes=-5', 0).kind, 'unsatisfiable');
  assert.equal(parseRange(null, 0).kind, 'whole');
});

test('a date is read in each of its three forms, and written in the first', () => {
  for (const text of ['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994']) {
    assert.equal(parseHttpDate(text, NOW_MS), 784_111_777, text);
  }
  assert.equal(formatHttpDate(784_111_777), 'Sun, 06 Nov 1994 08:49:37 GMT');
  for (const text of ['', '0', '1994-11-06', 'Sun, 06 Nov 1994 08:49:37 +0100', 'Sun, 99 Nov 1994 08:49:37 GMT']) {
    assert.equal(parseHttpDate(text, NOW_MS), null, text);
  }
});

test('the head of a whole file has its type, its length, its validators, and how long it may be kept', () => {
  const { head, startByte, endByte } = fileResponse({ kind: 'whole' }, FILE, 60);
  assert.deepEqual([head.status, startByte, endByte], [200, 0, 100]);
  assert.deepEqual(head.lines.split('\r\n'), [
    '200 OK',
    'Content-Type: text/css; charset=utf-8',
    'Content-Length: 100',
    'Accept-Ranges: bytes',
    `ETag: ${ETAG}`,
    `Last-Modified: ${DATE}`,
    'Cache-Control: max-age=60',
    '',
  ]);
});

test('304 has the validators without a length; 416 has the length; expires 0 sends no Cache-Control', () => {
  const notModified = fileResponse({ kind: 'not-modified' }, { ...FILE, varies: true }, 0).head.lines;
  assert.equal(notModified, `304 Not Modified\r\nETag: ${ETAG}\r\nLast-Modified: ${DATE}\r\nVary: Accept-Encoding\r\n`);
  assert.match(fileResponse({ kind: 'unsatisfiable' }, FILE, 0).head.lines, /^Content-Range: bytes \*\/100\r$/m);
  const part = fileResponse({ kind: 'part', startByte: 10, endByte: 20 }, { ...FILE, coding: 'br' }, 0).head.lines;
  assert.match(
    part,
    /^206 Partial Content\r\n.*\r\nContent-Encoding: br\r\nContent-Length: 10\r\nContent-Range: bytes 10-19\/100\r\n/,
  );
});

test('an entity tag changes with the size, with a millionth of a second, and with the coding', () => {
  const tags = [etagOf(5, 1000, null), etagOf(6, 1000, null), etagOf(5, 1000.001, null), etagOf(5, 1000, 'br')];
  assert.equal(new Set(tags).size, 4);
  assert.equal(etagOf(5, 1000, null), tags[0]);
  assert.match(etagOf(5, 1_780_000_000_000.123, null), /^"[0-9a-f]+-5"$/);
});

test('text has its charset, other types have none, and a name without a known end is a stream of bytes', async () => {
  const table = await loadTypeTable();
  const types = [
    'a.css',
    'a.js',
    'a.mjs',
    'a.html',
    'a.svg',
    'a.json',
    'a.png',
    'a.woff2',
    'a.wasm',
    'a.CSS',
    'LICENSE',
  ];
  assert.deepEqual(
    types.map((name) => mediaType(name, table)),
    [
      'text/css; charset=utf-8',
      'text/javascript; charset=utf-8',
      'text/javascript; charset=utf-8',
      'text/html; charset=utf-8',
      'image/svg+xml; charset=utf-8',
      'application/json',
      'image/png',
      'font/woff2',
      'application/wasm',
      'text/css; charset=utf-8',
      'application/octet-stream',
    ],
  );
});

const ALL: readonly Coding[] = ['br', 'zstd', 'gzip'];
const ACCEPTED: readonly (readonly [field: string | undefined, best: Coding | null, available?: readonly Coding[]])[] =
  [
    [undefined, null],
    ['', null],
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip, deflate', 'gzip'],
    ['GZIP', 'gzip'],
    ['x-gzip', 'gzip'],
    ['*', 'br'],
    ['*', 'gzip', ['gzip']],
    ['br', null, ['gzip']],
    ['br;q=0.5, gzip;q=0.8', 'gzip'],
    ['br; q=0, *', 'zstd'],
    ['br;q=0, gzip;q=0', null],
    ['identity, gzip;q=0.5', null],
    ['identity;q=0.5, gzip;q=0.5', 'gzip'],
    ['identity;q=0, gzip;q=0.1', 'gzip'],
    ['gzip;q=2', null],
    ['gzip;level=9', null],
    ['gzip', null, []],
  ];

for (const [accepted, best, available = ALL] of ACCEPTED) {
  test(`Accept-Encoding '${accepted}' with ${available.join(' ') || 'nothing'} beside the file gets: ${best ?? 'the file itself'}`, () => {
    assert.equal(bestCoding(accepted, available), best);
  });
}
