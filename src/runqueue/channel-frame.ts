// Frames on a channel, the Unix stream socket between a gateway and a worker: their types and flags, and the gateway's own frames.
// RUNQUEUE.md draws them; channel-decoder.ts reads the worker's, python/tunicorn/channels/channel_frame.py is the worker's half.

import { writeLatin1 } from './latin1.ts';

export const FRAME_HEADER_BYTES = 16;

export const HELLO = 1;
export const ASK = 2;
export const HEAD = 3;
export const BODY = 4;
export const SKIP = 5;
export const PROBED = 6;
export const DATA = 7;
export const GONE = 8;
export const TAKEN = 9;
export const HINTS = 10;
export const WATCH = 11;
export const FAILED = 12;
export const MESSAGE = 13;
export const CLOSE = 14;
export const TUNNEL = 15;
export const TRAILERS = 16;

export const END = 1;
export const FRAMED = 2;
export const ABORTED = 4;
export const TEXT = 8;
export const CLOSING = 16;

/** A longer head, hints or trailers mean a broken worker, not a response. */
export const HEAD_LIMIT_BYTES: number = 4 * 1024 * 1024;

/** After a response with more bytes of hints, body and messages than this, the worker waits for TAKEN. */
export const UNACKNOWLEDGED_BYTES: number = 64 * 1024;

/** The overhead of a WebSocket message, here and in memory: a million empty ones are not free. */
export const MESSAGE_COST_BYTES = 256;

const TWO_TO_32 = 2 ** 32;

/** The gateway's answer to ASK: the ticket's fields and body. */
export function dataFrame(id: number, fields: string, body: Buffer | null): Buffer {
  const bodyBytes = body === null ? 0 : body.length;
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + fields.length + bodyBytes);
  writeFrameHeader(frame, frame.length, DATA, id);
  writeLatin1(frame, fields, FRAME_HEADER_BYTES);
  if (body !== null) body.copy(frame, FRAME_HEADER_BYTES + fields.length);
  return frame;
}

/** The header of a piece of a STREAMED body, which follows it. `flags` are END and ABORTED, or 0. */
export function pieceHeader(id: number, flags: number, pieceBytes: number): Buffer {
  return frameHeader(DATA, flags, id, pieceBytes);
}

/** The header of one WebSocket message, which follows it; `flags` is TEXT or 0. */
export function messageHeader(id: number, flags: number, messageBytes: number): Buffer {
  return frameHeader(MESSAGE, flags, id, messageBytes);
}

/** The WebSocket ended with this code. */
export function closeFrame(id: number, code: number, reason: Buffer): Buffer {
  const header = frameHeader(CLOSE, 0, id, reason.length);
  header.writeUInt16LE(code, 6);
  return Buffer.concat([header, reason]);
}

/** The client no longer waits for this ticket: in answer to an ASK, or at any time after WATCH. */
export function goneFrame(id: number): Buffer {
  return frameHeader(GONE, 0, id, 0);
}

/** A long response has been read to its end. */
export function takenFrame(id: number): Buffer {
  return frameHeader(TAKEN, 0, id, 0);
}

function frameHeader(type: number, flags: number, id: number, payloadBytes: number): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES);
  writeFrameHeader(frame, FRAME_HEADER_BYTES + payloadBytes, type | (flags << 8), id);
  frame.writeUInt16LE(0, 6);
  return frame;
}

function writeFrameHeader(frame: Buffer, length: number, typeAndFlags: number, id: number): void {
  frame.writeUInt32LE(length, 0);
  frame.writeUInt32LE(typeAndFlags, 4);
  frame.writeUInt32LE(id % TWO_TO_32, 8);
  frame.writeUInt32LE(Math.floor(id / TWO_TO_32), 12);
}
