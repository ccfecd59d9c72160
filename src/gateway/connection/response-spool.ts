// The part of a response that a slow client has not read and that does not fit into memory: an unlinked file in the spool directory, used
// as a ring, so that it grows no larger than its unread bytes. What the disk does not accept stays in memory: that is little, because the
// worker is stopped until it is gone.

import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { SpoolBudget } from './spool-budget.ts';

const NOTHING = Buffer.alloc(0);

export class ResponseSpool {
  readonly #fd: number;
  readonly #budget: SpoolBudget;
  /** Where the oldest byte is, and where the next one goes. */
  #start = 0;
  #end = 0;
  /** Where the older part ends while newer bytes are written at the beginning of the file, before `#start`. */
  #turn: number | null = null;
  #sizeBytes = 0;
  readonly #rest: Buffer[] = [];
  #restBytes = 0;

  private constructor(fd: number, budget: SpoolBudget) {
    this.#fd = fd;
    this.#budget = budget;
  }

  /** Null when the directory is not writable. */
  static open(spoolDir: string, budget: SpoolBudget): ResponseSpool | null {
    const file = path.join(spoolDir, `response-${randomBytes(8).toString('hex')}`);
    try {
      const fd = fs.openSync(file, 'wx+', 0o600);
      // Unlinked, it disappears with its descriptor, however the process ends.
      fs.unlinkSync(file);
      return new ResponseSpool(fd, budget);
    } catch {
      return null;
    }
  }

  /** Bytes that wait here. */
  get pendingBytes(): number {
    return this.#fileBytes + this.#restBytes;
  }

  /** Those of them that the disk did not accept. */
  get restBytes(): number {
    return this.#restBytes;
  }

  get #fileBytes(): number {
    return this.#turn === null ? this.#end - this.#start : this.#turn - this.#start + this.#end;
  }

  /** `capacityBytes`: the maximum size of the file. */
  append(data: string | Buffer, capacityBytes: number): void {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
    const stored = this.#restBytes > 0 ? 0 : this.#store(bytes, capacityBytes);
    if (stored === bytes.length) return;
    this.#rest.push(Buffer.from(bytes.subarray(stored)));
    this.#restBytes += bytes.length - stored;
  }

  /** The next bytes, up to the limit; empty if there are none, or the disk fails. */
  take(limitBytes: number): Buffer {
    if (this.#fileBytes > 0) return this.#read(limitBytes);
    const piece = this.#rest.shift() ?? NOTHING;
    this.#restBytes -= piece.length;
    return piece;
  }

  close(): void {
    this.#budget.addResponse(-this.#sizeBytes);
    fs.closeSync(this.#fd);
  }

  /** Returns how many bytes the file accepted. */
  #store(bytes: Buffer, capacityBytes: number): number {
    let at = 0;
    while (at < bytes.length) {
      if (this.#turn === null && this.#end >= capacityBytes && this.#start > 0) {
        this.#turn = this.#end;
        this.#end = 0;
      }
      const room = (this.#turn === null ? capacityBytes : this.#start) - this.#end;
      if (room <= 0) break;
      try {
        const written = fs.writeSync(this.#fd, bytes, at, Math.min(room, bytes.length - at), this.#end);
        at += written;
        this.#end += written;
      } catch {
        // ENOSPC, mostly: there may be room later.
        break;
      }
    }
    if (this.#end > this.#sizeBytes) {
      this.#budget.addResponse(this.#end - this.#sizeBytes);
      this.#sizeBytes = this.#end;
    }
    return at;
  }

  #read(limitBytes: number): Buffer {
    const piece = Buffer.allocUnsafe(Math.min(limitBytes, (this.#turn ?? this.#end) - this.#start));
    let read = 0;
    try {
      read = fs.readSync(this.#fd, piece, 0, piece.length, this.#start);
    } catch {
      // A failing disk: an empty result tells the caller that no more bytes will come.
    }
    this.#start += read;
    if (this.#start === this.#turn) {
      this.#start = 0;
      this.#turn = null;
    }
    return piece.subarray(0, read);
  }
}
