// The header of a frame from a worker, and the checks that do not depend on where it was sent. channel-decoder.ts reads the channels,
// answer-decoder.ts the answer pipe.

import { END, FRAME_HEADER_BYTES, HEAD_LIMIT_BYTES } from './channel-frame.ts';

const TWO_TO_32 = 2 ** 32;

export function typeOf(bytes: Buffer, at: number): number {
  return bytes[at + 4] ?? 0;
}

export function flagsOf(bytes: Buffer, at: number): number {
  return bytes[at + 5] ?? 0;
}

/** The HTTP status of a HEAD, the code of a CLOSE. */
export function statusOf(bytes: Buffer, at: number): number {
  return bytes.readUInt16LE(at + 6);
}

export function ticketOf(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 12) * TWO_TO_32 + bytes.readUInt32LE(at + 8);
}

/** Where a HEAD's lines begin, from the beginning of the frame. */
export const LINES_AT: number = FRAME_HEADER_BYTES + 4;

/** Where the body begins in a HEAD of `length` bytes, from the beginning of the frame; or what is wrong. The first LINES_AT bytes must be there. */
export function bodyOffset(bytes: Buffer, at: number, length: number): number | string {
  const headBytes = bytes.readUInt32LE(at + FRAME_HEADER_BYTES);
  const offset = LINES_AT + headBytes;
  return headBytes > HEAD_LIMIT_BYTES || offset > length ? `HEAD with a head of ${headBytes} bytes` : offset;
}

/** What is wrong with a FAILED. */
export function faultOfFailed(length: number, flags: number, id: number): string | null {
  if ((flags & END) === 0) return `FAILED of ticket ${id} without END`;
  return faultOfBare('FAILED', length);
}

/** What is wrong with a frame that has no payload. */
export function faultOfBare(type: string, length: number): string | null {
  return length === FRAME_HEADER_BYTES ? null : `${type} has a payload of ${length - FRAME_HEADER_BYTES} bytes`;
}
