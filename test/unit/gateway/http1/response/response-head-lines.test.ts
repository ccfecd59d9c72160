// The fields that the gateway adds to a response.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ResponseHeadLines } from '../../../../../src/gateway/http1/response/response-head-lines.ts';

test('Server, Date and Connection, with the second that it is', (t) => {
  const lines = new ResponseHeadLines({ serverName: 'tunicorn', sendsDate: true, responseFields: [] });
  let nowMs = Date.UTC(1994, 10, 6, 8, 49, 37);
  t.mock.method(Date, 'now', () => nowMs);
  const at = (time: string, connection: string): string =>
    `Server: tunicorn\r\nDate: Sun, 06 Nov 1994 ${time} GMT\r\nConnection: ${connection}\r\n`;
  assert.equal(lines.text(true), at('08:49:37', 'keep-alive'));
  assert.equal(lines.text(false), at('08:49:37', 'close'));
  nowMs += 999;
  assert.equal(lines.text(true), at('08:49:37', 'keep-alive'));
  nowMs += 1;
  assert.equal(lines.text(false), at('08:49:38', 'close'));
  assert.equal(lines.text(true), at('08:49:38', 'keep-alive'));
  // A clock that is set back.
  nowMs -= 60_000;
  assert.equal(lines.text(true), at('08:48:38', 'keep-alive'));
});

test('Server, Date and additional fields follow the settings', (t) => {
  t.mock.method(Date, 'now', () => 0);
  const lines = new ResponseHeadLines({
    serverName: '',
    sendsDate: false,
    responseFields: ['X-A:b', 'x-c:  d: e '],
  });
  assert.equal(lines.text(true), 'X-A: b\r\nx-c: d: e\r\nConnection: keep-alive\r\n');
  assert.deepEqual(lines.originLines(), ['X-A: b', 'x-c: d: e']);
  const named = new ResponseHeadLines({ serverName: 'shop', sendsDate: true, responseFields: [] });
  assert.equal(named.text(false), 'Server: shop\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nConnection: close\r\n');
});
