import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newHeadContext, parseRequestHead } from '../../../../../src/gateway/http1/head/request-head.ts';
import { Refusal } from '../../../../../src/gateway/http1/refusal.ts';
import { headRules } from '../../../../harness/gateway-settings.ts';

/** The kind of framing, the number of bytes, or the refusal's status and rule. */
function framing(fields: readonly string[], protocol = 'HTTP/1.1'): string {
  const text = [`POST / ${protocol}`, ...fields].join('\r\n');
  const head = parseRequestHead(text, newHeadContext(headRules(), false, 'http'));
  if (head instanceof Refusal) return `${head.status} ${head.rule}`;
  const kept = head.keepAlive ? '' : ', close';
  return (head.framing.kind === 'length' ? String(head.framing.bytes) : head.framing.kind) + kept;
}

const LENGTH = '400 content-length-value';

test('a request without Content-Length and Transfer-Encoding has no body', () => {
  assert.equal(framing([]), 'none');
});

test('Content-Length is digits only, once, and a number that is exact', () => {
  assert.equal(framing(['Content-Length: 0']), 'none');
  assert.equal(framing(['Content-Length: 5']), '5');
  assert.equal(framing(['Content-Length: 007']), '7');
  assert.equal(framing(['Content-Length: 9007199254740991']), '9007199254740991');
  const wrong = [
    '',
    '+1',
    '-0',
    '-1',
    '0_1',
    '5, 5',
    '5,5',
    '0 1',
    '0x5',
    '5.0',
    '1e3',
    '\xb2',
    '\xa05',
    'abc',
    '9007199254740992',
    '9'.repeat(400),
  ];
  for (const value of wrong) assert.equal(framing([`Content-Length: ${value}`]), LENGTH, value);
  assert.equal(framing(['Content-Length: 5', 'Content-Length: 5']), '400 content-length-twice');
  assert.equal(framing(['Content-Length: 0', 'content-length: 0']), '400 content-length-twice');
});

test('Transfer-Encoding ends in one chunked', () => {
  assert.equal(framing(['Transfer-Encoding: chunked']), 'chunked');
  assert.equal(framing(['Transfer-Encoding: \tChunked ']), 'chunked');
  assert.equal(framing(['Transfer-Encoding: identity , chunked']), 'chunked');
  assert.equal(framing(['Transfer-Encoding: identity', 'Transfer-Encoding: chunked']), 'chunked');
  assert.equal(framing(['Transfer-Encoding: chunked, identity']), '400 coding-behind-chunked');
  assert.equal(framing(['Transfer-Encoding: chunked, chunked']), '400 coding-behind-chunked');
  assert.equal(framing(['Transfer-Encoding: chunked', 'Transfer-Encoding: gzip']), '400 coding-behind-chunked');
});

test('a coding around chunked is left to the application, and the connection is closed', () => {
  for (const coding of ['gzip', 'deflate', 'compress', 'GZIP']) {
    assert.equal(framing([`Transfer-Encoding: ${coding}, chunked`]), 'chunked, close');
    assert.equal(framing([`Transfer-Encoding: ${coding}`]), '400 coding-without-chunked');
    assert.equal(framing([`Transfer-Encoding: ${coding}`, 'Content-Length: 5']), '400 coding-without-chunked');
  }
});

test('identity leaves the length to Content-Length, which must be there, and the connection is closed', () => {
  assert.equal(framing(['Transfer-Encoding: identity', 'Content-Length: 5']), '5, close');
  assert.equal(framing(['Transfer-Encoding: identity', 'Content-Length: 0']), 'none, close');
  assert.equal(framing(['Transfer-Encoding: identity']), '400 coding-without-chunked');
});

test('a coding that is not known is 501', () => {
  for (const value of [
    'foo',
    '',
    'chunked, foo',
    'foo, chunked',
    'chunked,',
    'chunked;q=1',
    'chunked\xa0',
    'x chunked',
    'xchunked',
    '"chunked"',
  ]) {
    assert.equal(framing([`Transfer-Encoding: ${value}`]), '501 coding-unknown', value);
  }
});

test('chunked with a Content-Length is refused, in either order', () => {
  assert.equal(framing(['Transfer-Encoding: chunked', 'Content-Length: 5']), '400 coding-and-length');
  assert.equal(framing(['Content-Length: 0', 'Transfer-Encoding: chunked']), '400 coding-and-length');
});

test('any coding in HTTP/1.0 is refused', () => {
  assert.equal(framing(['Transfer-Encoding: chunked'], 'HTTP/1.0'), '400 coding-version');
  const fields = ['Transfer-Encoding: identity', 'Content-Length: 5', 'Connection: keep-alive'];
  assert.equal(framing(fields, 'HTTP/1.0'), '400 coding-version');
  assert.equal(framing(fields, 'HTTP/1.2'), '5, close');
});
