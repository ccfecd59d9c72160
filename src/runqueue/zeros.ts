// Fills a new file with zeros.

import fs from 'node:fs';

const CHUNK = Buffer.alloc(64 * 1024);
/** writev(2) takes 1024. */
const CHUNKS_AT_ONCE = 1000;

/** Takes no memory of that size, whose pages would each cost a fault. Throws if the file system has no room. */
export function writeZeros(fd: number, bytes: number): void {
  let left = bytes;
  while (left > 0) {
    const chunks = new Array<Buffer>(Math.min(Math.floor(left / CHUNK.length), CHUNKS_AT_ONCE)).fill(CHUNK);
    if (chunks.length === 0) chunks.push(CHUNK.subarray(0, left));
    left -= fs.writevSync(fd, chunks);
  }
}
