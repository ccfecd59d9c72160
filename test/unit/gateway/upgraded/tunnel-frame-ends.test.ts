// The ends of frames of an application that speaks WebSocket itself.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SentFrames } from '../../../../src/gateway/upgraded/tunnel-frame-ends.ts';

const HEAD = Buffer.from('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n');

function frame(first: number, payloadBytes: number): Buffer {
  const header = Buffer.alloc(payloadBytes < 126 ? 2 : payloadBytes < 65536 ? 4 : 10);
  header[0] = first;
  header[1] = payloadBytes < 126 ? payloadBytes : payloadBytes < 65536 ? 126 : 127;
  if (header.length === 4) header.writeUInt16BE(payloadBytes, 2);
  if (header.length === 10) header.writeBigUInt64BE(BigInt(payloadBytes), 2);
  // As bytes of a header would look, were it mistaken for one.
  return Buffer.concat([header, Buffer.alloc(payloadBytes, 0x88)]);
}

const FRAMES = [
  frame(0x81, 5),
  frame(0x02, 200),
  frame(0x89, 0),
  frame(0xc0, 70_000),
  frame(0x81, 125),
  frame(0x82, 126),
];

for (const pieceBytes of [1, 2, 3, 7, 4096, 1_000_000]) {
  test(`in pieces of ${pieceBytes} bytes, a frame may follow each complete one and be nowhere else`, () => {
    const ends = new Set<number>();
    let total = HEAD.length;
    ends.add(total);
    for (const each of FRAMES) {
      total += each.length;
      ends.add(total);
    }
    const bytes = Buffer.concat([HEAD, ...FRAMES]);
    const sent = new SentFrames();
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      const piece = bytes.subarray(at, at + pieceBytes);
      assert.equal(sent.take(piece), piece.length);
      assert.equal(sent.isBetween, ends.has(at + piece.length), `behind byte ${at + piece.length}`);
    }
  });
}

test('a frame that has begun is taken to its end, and nothing after it', () => {
  const sent = new SentFrames();
  const begun = frame(0x81, 300);
  sent.take(Buffer.concat([HEAD, begun.subarray(0, 100)]));
  assert.equal(sent.take(Buffer.concat([begun.subarray(100), frame(0x81, 9)]), 'end-of-frame'), begun.length - 100);
  assert.ok(sent.isBetween);
  assert.equal(sent.take(frame(0x81, 9), 'end-of-frame'), 0);
});

test('all bytes of an incomplete frame are taken', () => {
  const sent = new SentFrames();
  const begun = frame(0x81, 300);
  sent.take(Buffer.concat([HEAD, begun.subarray(0, 100)]));
  assert.equal(sent.take(begun.subarray(100, 200), 'end-of-frame'), 100);
  assert.ok(!sent.isBetween);
});

for (const [what, bytes] of [
  ['a close of the application', Buffer.concat([HEAD, frame(0x88, 2)])],
  ['a close without a code', Buffer.concat([HEAD, frame(0x88, 0)])],
  ['a response that does not switch', Buffer.from('HTTP/1.1 403 Forbidden\r\n\r\n')],
  ['an opcode that there is none of', Buffer.concat([HEAD, frame(0x83, 2)])],
  ['reserved bits without an extension', Buffer.concat([HEAD, frame(0xa1, 2)])],
  ['a mask, which servers have none of', Buffer.concat([HEAD, Buffer.from([0x81, 0x82, 0, 0, 0, 0, 1, 1])])],
  ['a head without end', Buffer.alloc(100_000, 'x')],
] as const) {
  test(`after ${what} no frame may follow`, () => {
    for (const pieceBytes of [1, bytes.length]) {
      const sent = new SentFrames();
      for (let at = 0; at < bytes.length; at += pieceBytes) sent.take(bytes.subarray(at, at + pieceBytes));
      assert.ok(!sent.isBetween);
      sent.take(frame(0x81, 1));
      assert.ok(!sent.isBetween);
    }
  });
}
