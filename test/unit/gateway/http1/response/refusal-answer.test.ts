// The gateway's own responses, instead of an application's.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../../../../../src/gateway/http1/refusal.ts';
import { ownAnswer, withoutContent } from '../../../../../src/gateway/http1/response/refusal-answer.ts';
import { ResponseHeadLines } from '../../../../../src/gateway/http1/response/response-head-lines.ts';

const HEAD_LINES = new ResponseHeadLines({ serverName: 'tunicorn', sendsDate: true, responseFields: [] });
const LATE = new Refusal('GatewayTimeout', 'GET / exceeded timeout');

test('it names its length, and closes the connection', () => {
  const { text, bodyBytes } = ownAnswer(LATE, '', HEAD_LINES);
  const [head = '', content = ''] = text.split('\r\n\r\n');
  assert.match(head, /^HTTP\/1\.1 504 Gateway Timeout\r\n/);
  assert.match(head, /\r\nConnection: close/);
  assert.match(head, new RegExp(`\r\nContent-Length: ${bodyBytes}(\r\n|$)`));
  assert.equal(content.length, bodyBytes);
});

test('it carries the request id, if there is one', () => {
  assert.match(ownAnswer(LATE, 'abc123', HEAD_LINES).text, /\r\nX-Request-ID: abc123\r\n/);
  assert.doesNotMatch(ownAnswer(LATE, '', HEAD_LINES).text, /X-Request-ID/);
});

test('for HEAD it ends with the head, which still names the length', () => {
  const whole = ownAnswer(LATE, '', HEAD_LINES);
  const answer = withoutContent(whole);
  assert.equal(answer.bodyBytes, 0);
  assert.ok(answer.text.endsWith('\r\n\r\n'));
  assert.ok(whole.text.startsWith(answer.text));
});
