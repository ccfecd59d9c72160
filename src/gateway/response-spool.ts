// The part of a response that a slow client has not taken and that memory shall not hold: a file without a name in the spool
// directory, written at its end and read at its beginning.

import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

export class ResponseSpool {
  readonly #fd: number;
  #written = 0;
  #taken = 0;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** Null when the directory cannot be written. */
  static open(spoolDir: string): ResponseSpool | null {
    const file = path.join(spoolDir, `response-${randomBytes(8).toString('hex')}`);
    try {
      const fd = fs.openSync(file, 'wx+', 0o600);
      // Without a name it is gone with its descriptor, however the process ends.
      fs.unlinkSync(file);
      return new ResponseSpool(fd);
    } catch {
      return null;
    }
  }

  /** Bytes that wait here. */
  get pendingBytes(): number {
    return this.#written - this.#taken;
  }

  /** False when the disk does not take it; what was appended before is still there. */
  append(data: string | Buffer): boolean {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
    try {
      for (let at = 0; at < bytes.length; )
        at += fs.writeSync(this.#fd, bytes, at, bytes.length - at, this.#written + at);
    } catch {
      return false;
    }
    this.#written += bytes.length;
    return true;
  }

  /** The next bytes, at most so many; empty when there are none, or the disk fails. */
  take(limitBytes: number): Buffer {
    const piece = Buffer.allocUnsafe(Math.min(limitBytes, this.pendingBytes));
    let read = 0;
    try {
      read = fs.readSync(this.#fd, piece, 0, piece.length, this.#taken);
    } catch {
      // A failing disk: the caller sees that nothing more comes.
    }
    this.#taken += read;
    return piece.subarray(0, read);
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}
