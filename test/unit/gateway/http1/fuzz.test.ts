// Random requests, seeded: no exception, no endless loop, and the same outcome however the bytes are cut.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newHeadContext, parseRequestHead } from '../../../../src/gateway/http1/head/request-head.ts';
import { Refusal, refusalResponse } from '../../../../src/gateway/http1/refusal.ts';
import { headRules } from '../../../harness/gateway-settings.ts';
import { byteByByte, converse, seededRandom } from './conversation.ts';

const ROUNDS = 4000;
const SETTINGS = [
  {},
  { limit_request_fields: 3, limit_request_field_size: 40, limit_request_line: 60 },
  { permit_obsolete_folding: true, strip_header_spaces: true, header_map: 'dangerous' },
  { permit_unconventional_http_method: true, permit_unconventional_http_version: true, header_map: 'refuse' },
] as const;

const LINES = [
  'GET / HTTP/1.1\r\n',
  'POST /p?q HTTP/1.1\r\n',
  'GET /a HTTP/1.0\r\n',
  'OPTIONS * HTTP/1.1\r\n',
  'GET http://u@[::1]:80/x HTTP/1.1\r\n',
];
const FIELDS = [
  'Host: a\r\n',
  'Content-Length: 3\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: gzip\r\n',
  'Connection: close\r\n',
  'Connection: keep-alive\r\n',
  'Expect: 100-continue\r\n',
  'X_Y: 1\r\n',
  'X-Y : 2\r\n',
  ' folded\r\n',
  'Cookie: a=b\r\n',
];
const BODY = [
  '3\r\nabc\r\n',
  '5;e="x"\r\nhello\r\n',
  '0\r\n\r\n',
  '0\r\n\r\n',
  '0\r\nA: b\r\n\r\n',
  '0\r\nHost: b\r\n\r\n',
  'abc',
];
const NOISE = ['\r\n', '\r\n\r\n', '\r', '\n', ':', ';', ' ', '\0', '\xe9', '%41', 'a'.repeat(64)];

type Random = (limit: number) => number;

function randomMessage(random: Random): string {
  let text = pick(LINES, random);
  for (let count = random(4); count > 0; count -= 1) text += pick(FIELDS, random);
  text += '\r\n';
  for (let count = random(4); count > 0; count -= 1) text += pick(BODY, random);
  return text;
}

/** Mostly well-formed messages, damaged in one or two places or not at all. */
function randomBytes(random: Random): Buffer {
  let text = '';
  for (let count = 1 + random(3); count > 0; count -= 1) text += randomMessage(random);
  for (let count = random(3); count > 0; count -= 1) {
    const at = random(text.length);
    text = text.slice(0, at) + pick(NOISE, random) + text.slice(at + random(3));
  }
  const bytes = Buffer.from(text, 'latin1');
  if (random(3) === 0) bytes[random(bytes.length)] = random(256);
  return random(4) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes;
}

function pick(choices: readonly string[], random: Random): string {
  return choices[random(choices.length)] ?? '';
}

test('any bytes have the same outcome whole, byte by byte and in random pieces', () => {
  const random = seededRandom(20_261_120);
  const seen = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const bytes = randomBytes(random);
    const settings = SETTINGS[random(SETTINGS.length)] ?? {};
    const whole = converse(bytes, [], settings);
    const cuts = Array.from({ length: 40 }, () => 1 + random(9));
    const shown = `round ${round}: ${JSON.stringify(bytes.toString('latin1'))}`;
    assert.deepEqual(converse(bytes, byteByByte(), settings), whole, shown);
    assert.deepEqual(converse(bytes, cuts, settings), whole, shown);
    const label = whole.error ?? (whole.requests.length > 0 ? 'served' : 'nothing');
    seen.set(label, (seen.get(label) ?? 0) + 1);
  }
  // The fuzz is worth something only if it gets everywhere.
  const expected = ['served', 'NoMoreData', 'InvalidRequestLine', 'InvalidRequestMethod', 'InvalidHTTPVersion'];
  expected.push('InvalidHeader', 'InvalidHeaderName', 'ObsoleteFolding', 'LimitRequestLine', 'LimitRequestHeaders');
  expected.push('InvalidChunkSize', 'ChunkMissingTerminator', 'UnsupportedTransferCoding');
  for (const label of expected) assert.ok((seen.get(label) ?? 0) >= 5, `${label}: ${JSON.stringify([...seen])}`);
});

test('any text is a head or a refusal, the environ has whole pairs, and a refusal is printable', () => {
  const random = seededRandom(7);
  for (let round = 0; round < ROUNDS; round += 1) {
    const text = randomBytes(random).toString('latin1').split('\r\n\r\n')[0] ?? '';
    const head = parseRequestHead(
      text,
      newHeadContext(headRules(SETTINGS[round % SETTINGS.length] ?? {}), false, 'http'),
    );
    if (head instanceof Refusal) {
      assert.match(head.logMessage, /^[\x20-\x7e]+$/);
      assert.match(refusalResponse(head), /^HTTP\/1\.1 [45]\d\d [A-Z][A-Za-z ]+\r\n[\n\r\x20-\x7e]+<\/html>\n$/);
    } else if (head.headerFields !== '') {
      const parts = head.headerFields.split('\0');
      assert.equal(parts.length % 2, 0);
      for (let index = 0; index < parts.length; index += 2) assert.match(parts[index] ?? '', /^(?:HTTP_|CONTENT_)/);
    }
  }
});
