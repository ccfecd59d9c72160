import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeadReader } from '../../../../../src/gateway/http1/head/head-reader.ts';
import { newHeadContext, parseRequestHead } from '../../../../../src/gateway/http1/head/request-head.ts';
import { Refusal } from '../../../../../src/gateway/http1/refusal.ts';
import { type FileValues, headRules } from '../../../../harness/gateway-settings.ts';

function newReader(settings: FileValues = {}): HeadReader {
  return new HeadReader(headRules(settings));
}

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** How many bytes it took, one at a time, to a refusal. */
function bytesUntilRefused(reader: HeadReader, text: string): { readonly count: number; readonly code: string } {
  const all = bytes(text);
  for (let index = 0; index < all.length; index += 1) {
    const result = reader.push(all.subarray(index, index + 1), 0);
    if (result instanceof Refusal) return { count: index + 1, code: result.code };
    assert.equal(result, null);
  }
  assert.fail('not refused');
}

test('push() gives the head and where it ends', () => {
  const reader = newReader();
  const chunk = bytes('xxGET / HTTP/1.1\r\nA: b\r\n\r\nbody');
  assert.equal(reader.push(chunk, 2), 'GET / HTTP/1.1\r\nA: b');
  assert.equal(reader.end, chunk.length - 4);
  assert.equal(reader.unfinished, false);
});

test('push() finds one head after the other in a chunk, short or long', () => {
  for (const padding of [1, 3000, 5000]) {
    const heads = [`GET /${'a'.repeat(padding)} HTTP/1.1`, 'GET /b HTTP/1.1\r\nX: 1', 'GET /c HTTP/1.1'];
    const reader = newReader({ limit_request_line: 0 });
    const chunk = bytes(`${heads.join('\r\n\r\n')}\r\n\r\n`);
    let start = 0;
    const found: unknown[] = [];
    while (start < chunk.length) {
      found.push(reader.push(chunk, start));
      start = reader.end;
    }
    assert.deepEqual(found, heads);
  }
});

test('push() gives the same head and end wherever it is cut', () => {
  const head = 'POST /path HTTP/1.1\r\nHost: example.com\r\nX: \xe9';
  const all = bytes(`${head}\r\n\r\nrest`);
  for (let cut = 1; cut < head.length + 4; cut += 1) {
    const reader = newReader();
    assert.equal(reader.push(all.subarray(0, cut), 0), null);
    assert.equal(reader.unfinished, true);
    assert.equal(reader.push(all.subarray(cut), 0), head);
    assert.equal(reader.end, head.length + 4 - cut);
    assert.equal(reader.push(bytes('GET / HTTP/1.1\r\n\r\n'), 0), 'GET / HTTP/1.1');
  }
});

test('one empty line before a head is skipped wherever it is cut, and is not part of the head', () => {
  const all = bytes('\r\nGET /a HTTP/1.1\r\n\r\n\r\nGET /b HTTP/1.1\r\n\r\nrest');
  for (let cut = 0; cut < all.length; cut += 1) {
    const reader = newReader();
    const found: unknown[] = [];
    for (const piece of [all.subarray(0, cut), all.subarray(cut)]) {
      for (let at = 0; at < piece.length && found.length < 2; at = reader.end) {
        const text = reader.push(piece, at);
        if (text === null) break;
        found.push(text);
      }
      if (piece.length === cut && cut <= 2) assert.equal(reader.unfinished, false, `cut at ${cut}`);
    }
    assert.deepEqual(found, ['GET /a HTTP/1.1', 'GET /b HTTP/1.1'], `cut at ${cut}`);
  }
});

test('push() keeps no hold on a chunk that is written over', () => {
  const reader = newReader();
  const chunk = bytes('GET / HTTP/1.1\r\nA: b');
  assert.equal(reader.push(chunk, 0), null);
  chunk.fill(0);
  assert.equal(reader.push(bytes('\r\n\r\n'), 0), 'GET / HTTP/1.1\r\nA: b');
});

test('push() of no bytes changes nothing', () => {
  const reader = newReader();
  assert.equal(reader.push(bytes('abc'), 3), null);
  assert.equal(reader.unfinished, false);
  assert.equal(reader.push(bytes(''), 0), null);
});

test('a request line that is too long is refused before its end has arrived', () => {
  const line = `GET /${'a'.repeat(10_000)}`;
  assert.deepEqual(bytesUntilRefused(newReader(), line), { count: 4096, code: 'LimitRequestLine' });
  assert.deepEqual(bytesUntilRefused(newReader({ limit_request_line: 10 }), line), {
    count: 12,
    code: 'LimitRequestLine',
  });
  const whole = newReader().push(bytes(line), 0);
  assert.ok(whole instanceof Refusal && whole.code === 'LimitRequestLine');
});

test('a request line of exactly the limit is taken byte by byte', () => {
  const reader = newReader({ limit_request_line: 20 });
  const all = bytes(`GET /${'a'.repeat(6)} HTTP/1.1\r\n\r\n`);
  const results = Array.from(all, (_, index) => reader.push(all.subarray(index, index + 1), 0));
  assert.equal(results.at(-1), 'GET /aaaaaa HTTP/1.1');
});

test('a bad request line is refused as soon as it is complete', () => {
  assert.deepEqual(bytesUntilRefused(newReader(), 'GET\r\nA: b'), { count: 5, code: 'InvalidRequestLine' });
  assert.deepEqual(bytesUntilRefused(newReader(), '\r\n\r\nGET /'), { count: 4, code: 'InvalidRequestLine' });
  assert.deepEqual(bytesUntilRefused(newReader(), 'GET / HTTP/3.1\r\n'), {
    count: 16,
    code: 'HTTPVersionNotSupported',
  });
});

test('an LF without its CR is refused as soon as it arrives, in the request line and after it', () => {
  assert.deepEqual(bytesUntilRefused(newReader(), 'GET / HTTP/1.1\nA'), { count: 15, code: 'InvalidRequestLine' });
  assert.deepEqual(bytesUntilRefused(newReader(), '\nGET'), { count: 1, code: 'InvalidRequestLine' });
  assert.deepEqual(bytesUntilRefused(newReader(), 'GET / HTTP/1.1\r\n\nA'), { count: 17, code: 'InvalidHeader' });
  const second = 'GET / HTTP/1.1\r\nA: b\r\nC: d\nE';
  assert.deepEqual(bytesUntilRefused(newReader(), second), { count: second.length - 1, code: 'InvalidHeader' });
});

test('a byte that cannot begin a request is refused immediately', () => {
  for (const start of ['\x16\x03\x01', '\0GET', ' GET', '\xefGET', '\x80\x01']) {
    assert.deepEqual(bytesUntilRefused(newReader(), start), { count: 1, code: 'InvalidRequestMethod' });
  }
  assert.deepEqual(bytesUntilRefused(newReader(), '\rGET'), { count: 2, code: 'InvalidRequestMethod' });
});

test('input that is both too long and has a bare LF has one outcome, whichever comes first', () => {
  const settings = { limit_request_line: 20, limit_request_fields: 2, limit_request_field_size: 10 };
  for (let before = 0; before < 60; before += 1) {
    for (const text of [
      `GET /${'a'.repeat(before)}\n${'b'.repeat(60)}`,
      `GET / HTTP/1.1\r\nA: ${'a'.repeat(before)}\n${'b'.repeat(60)}`,
    ]) {
      const { code } = bytesUntilRefused(newReader(settings), text);
      const unfinished = newReader(settings).push(bytes(text), 0);
      assert.ok(unfinished instanceof Refusal && unfinished.code === code, JSON.stringify(text));
      const whole = newReader(settings).push(bytes(`${text}\r\n\r\n`), 0);
      assert.ok(typeof whole === 'string');
      const head = parseRequestHead(whole, newHeadContext(headRules(settings), false, 'http'));
      assert.ok(head instanceof Refusal && head.code === code, JSON.stringify(text));
    }
  }
});

test('a header section that is too large is refused before its end has arrived', () => {
  const settings = { limit_request_fields: 2, limit_request_field_size: 10 };
  const line = 'GET / HTTP/1.1\r\n';
  const limit = 2 * (10 + 2) + 4;
  const refused = bytesUntilRefused(newReader(settings), `${line}X: ${'a'.repeat(1000)}`);
  assert.deepEqual(refused, { count: line.length + limit + 4, code: 'LimitRequestHeaders' });
});

test('a head of 1 MB that arrives byte by byte is refused at the limit, at a cost proportional to its length', () => {
  const fields = Array.from({ length: 20_000 }, (_, index) => `X-${index}: ${'a'.repeat(40)}`).join('\r\n');
  const refused = bytesUntilRefused(newReader(), `GET / HTTP/1.1\r\n${fields}`);
  assert.equal(refused.code, 'LimitRequestHeaders');
  assert.ok(refused.count <= 100 * 8192 + 4 + 16 + 4);
});

test('a head of 1 MB that is within the limits is put together from single bytes', () => {
  const settings = { limit_request_fields: 0, limit_request_line: 0 };
  const head = `GET /${'p'.repeat(500_000)} HTTP/1.1\r\n${'X: y\r\n'.repeat(80_000)}Z: 1`;
  const reader = newReader(settings);
  const all = bytes(`${head}\r\n\r\n`);
  for (let index = 0; index < all.length - 1; index += 1) {
    if (reader.push(all.subarray(index, index + 1), 0) !== null) assert.fail(`ended at ${index}`);
  }
  assert.equal(reader.push(all.subarray(all.length - 1), 0), head);
});
