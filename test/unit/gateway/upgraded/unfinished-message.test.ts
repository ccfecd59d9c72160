// The memory of an unfinished message of a WebSocket client, from the bytes of its frames, in any chunks.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReceivedFrames } from '../../../../src/gateway/upgraded/unfinished-message.ts';
import {
  BINARY_FRAME,
  CONTINUATION,
  clientFrame,
  PING_FRAME,
  TEXT_FRAME,
} from '../../../harness/clients/raw-web-socket.ts';

function read(pieces: Iterable<Buffer>): readonly [wholeMessages: number, unfinishedBytes: number] {
  const frames = new ReceivedFrames();
  for (const piece of pieces) frames.push(piece);
  return [frames.wholeMessages, frames.unfinishedBytes];
}

function* bytesOf(all: Buffer): Generator<Buffer> {
  for (const byte of all) yield Buffer.of(byte);
}

test('whole messages are counted, and the received part of the next one', () => {
  const all = Buffer.concat([
    clientFrame(TEXT_FRAME, ''),
    clientFrame(BINARY_FRAME, Buffer.alloc(70_000)),
    clientFrame(BINARY_FRAME, Buffer.alloc(300), { isFinal: false }),
    clientFrame(PING_FRAME, 'ping'),
    clientFrame(CONTINUATION, Buffer.alloc(1000)).subarray(0, 508),
  ]);
  const wanted = [2, 2 * 256 + 300 + 500];
  assert.deepEqual(read([all]), wanted, 'whole');
  assert.deepEqual(read(bytesOf(all)), wanted, 'byte by byte');
});

test('a fragment costs more than its byte', () => {
  const [, cost] = read([
    Buffer.concat(Array.from({ length: 1000 }, () => clientFrame(CONTINUATION, 'x', { isFinal: false }))),
  ]);
  assert.ok(cost >= 200_000, `${cost}`);
});

test('the last fragment ends the message, whatever comes between the fragments', () => {
  const all = [
    clientFrame(TEXT_FRAME, 'a', { isFinal: false }),
    clientFrame(PING_FRAME, ''),
    clientFrame(CONTINUATION, '', { isFinal: false }),
    clientFrame(CONTINUATION, 'b'),
  ];
  assert.deepEqual(read(all), [1, 0]);
});
