// Fields of responses as settings give them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFieldLine, isFieldValue, wireLine } from '../../../src/settings/response-fields.ts';

test('NAME: VALUE is a field, unless the server sets that field itself', () => {
  for (const line of ['X-A: b', 'X-A:b', 'X-A:', 'Strict-Transport-Security: max-age=1; preload', 'X: \xe9: "q"']) {
    assert.ok(isFieldLine(line), line);
  }
  for (const line of [
    '',
    'X-A',
    ': b',
    'X A: b',
    'X: a\r\nY: b',
    'X: \u20ac',
    'Connection: close',
    'content-length: 1',
  ]) {
    assert.ok(!isFieldLine(line), line);
  }
  for (const name of ['Server', 'Date', 'Transfer-Encoding', 'X-Request-ID']) assert.ok(!isFieldLine(`${name}: a`));
});

test('a value fits into one line of Latin-1', () => {
  for (const value of ['', 'shop/1 (x)', '\xe9\t']) assert.ok(isFieldValue(value));
  for (const value of ['a\r\nSet-Cookie: b', '\0', '\u20ac']) assert.ok(!isFieldValue(value));
});

test('on the wire there is one space after the colon', () => {
  assert.equal(wireLine('X-A:b'), 'X-A: b\r\n');
  assert.equal(wireLine('X-A:  b: c '), 'X-A: b: c\r\n');
});
