// Request ids, and the environ fields that they are found in.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastPair, lastPairOfAnyCase } from '../../../../src/gateway/ticket/environ-pairs.ts';
import { RequestIds, requestIdLine, sentRequestId, withRequestId } from '../../../../src/gateway/ticket/request-id.ts';

const BEFORE = 'REQUEST_METHOD\0GET';

function sent(id: string): string | null {
  return sentRequestId(`${BEFORE}\0HTTP_X_REQUEST_ID\0${id}`);
}

test('an id of visible ASCII is taken, up to 128 characters', () => {
  for (const id of ['a', '!~', '"\\', 'x'.repeat(128)]) assert.equal(sent(id), id);
});

test('anything else is not', () => {
  for (const id of ['', ' ', 'a b', 'a\t', 'a\r\nb', '\x7f', 'é', 'x'.repeat(129)]) assert.equal(sent(id), null, id);
  assert.equal(sentRequestId(BEFORE), null);
});

test('a value that reads like the name of the field is not an id', () => {
  assert.equal(sentRequestId('HTTP_A\0HTTP_X_REQUEST_ID\0HTTP_B\0b'), null);
});

test('of two fields with the same name the last counts, as it does for the application', () => {
  const fields = withRequestId(`${BEFORE}\0HTTP_X_REQUEST_ID\0not sane`, 'made');
  assert.equal(lastPair(fields, 'HTTP_X_REQUEST_ID'), 'made');
  assert.equal(lastPairOfAnyCase(fields, 'http_x_request_id'), 'made');
  assert.equal(lastPairOfAnyCase(fields, 'get'), undefined);
});

test('generated ids are 32 hexadecimal digits, and unique', () => {
  const [one, other] = [new RequestIds(), new RequestIds()];
  const made = Array.from({ length: 1000 }, (_, index) => (index % 2 === 0 ? one : other).next());
  for (const id of made) assert.match(id, /^[0-9a-f]{32}$/);
  assert.equal(new Set(made).size, made.length);
});

test('the line for the response is left out without an id, and where the application has set one', () => {
  assert.equal(requestIdLine('a'), 'X-Request-ID: a\r\n');
  assert.equal(requestIdLine(''), '');
  assert.equal(requestIdLine('a', '200 OK\r\nx-Request-id: b\r\n'), '');
  assert.equal(requestIdLine('a', '200 OK\r\nX-A: x-request-id: b\r\n'), 'X-Request-ID: a\r\n');
});
