import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type HeadContext,
  newHeadContext,
  parseRequestHead,
  type RequestHead,
} from '../../../../../src/gateway/http1/head/request-head.ts';
import { Refusal } from '../../../../../src/gateway/http1/refusal.ts';
import { headRules } from '../../../../harness/gateway-settings.ts';

const rules = headRules();

function parse(text: string, context: HeadContext): RequestHead {
  const head = parseRequestHead(text, context);
  if (head instanceof Refusal) assert.fail(head.logMessage);
  return head;
}

test('the same head again is not parsed again', () => {
  const context = newHeadContext(rules, false, 'http');
  const text = 'GET /a HTTP/1.1\r\nHost: h';
  assert.equal(parse(text, context), parse(`${text.slice(0, 9)}${text.slice(9)}`, context));
});

test('a remembered header section gives the same result as a fresh one, whatever the request lines', () => {
  const sections = [
    '',
    '\r\nHost: h\r\nX: 1',
    '\r\nHost: h\r\nX: 2',
    '\r\nExpect: 100-continue\r\nContent-Length: 5',
    '\r\nConnection: keep-alive',
    '\r\nConnection: close',
    '\r\nTransfer-Encoding: identity\r\nConnection: keep-alive',
    '\r\nTransfer-Encoding: chunked',
    '\r\nExpect: x',
    '\r\nX-Forwarded-Proto: https',
    '\r\nSCRIPT_NAME: /a',
    '\r\nHost: h\r\nHost: h',
  ];
  const lines = ['GET /a HTTP/1.1', 'GET /a/b?c HTTP/1.1', 'GET /a HTTP/1.0', 'POST /b HTTP/1.1', 'GET /a HTTP/1.2'];
  const context = newHeadContext(rules, true, 'http');
  for (const section of [...sections, ...sections, ...[...sections].reverse()]) {
    for (const line of lines) {
      const text = line + section;
      assert.deepEqual(
        parseRequestHead(text, context),
        parseRequestHead(text, newHeadContext(rules, true, 'http')),
        text,
      );
    }
  }
});

test('a long head is not remembered', () => {
  const context = newHeadContext(rules, false, 'http');
  parse(`GET / HTTP/1.1\r\nX: ${'a'.repeat(8000)}`, context);
  assert.deepEqual([context.lastText, context.lastSection, context.lastHead, context.lastBlock], ['', '', null, null]);
});

test('names are forgotten in time, and known again when they return', () => {
  const context = newHeadContext(rules, false, 'http');
  for (let round = 0; round < 5000; round += 1) {
    const head = parse(`GET / HTTP/1.1\r\nHost: h\r\nX-${round}: 1\r\nx-${round}: 2`, context);
    assert.equal(head.headerFields, `HTTP_HOST\0h\0HTTP_X_${round}\x001,2`);
  }
});

test('a second Host is seen among any number of new names', () => {
  const wide = headRules({ limit_request_fields: 0, limit_request_field_size: 100 });
  const names = Array.from({ length: 5000 }, (_, index) => `x-${'y'.repeat(60)}${index}: 1`);
  const text = ['GET / HTTP/1.1', 'Host: a', ...names, 'hOST: b'].join('\r\n');
  const head = parseRequestHead(text, newHeadContext(wide, false, 'http'));
  assert.ok(head instanceof Refusal && head.code === 'InvalidHeader');
});
