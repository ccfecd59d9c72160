// Keeps the body of one request until it is whole: in memory up to a limit, in a file of the spool directory beyond it.

import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

type State =
  | { readonly kind: 'memory'; readonly pieces: Buffer[] }
  | { readonly kind: 'spooled'; readonly path: string; readonly fd: number }
  | { readonly kind: 'failed' };

export interface StoredBody {
  readonly bytes: Buffer | null;
  readonly spoolPath: string | null;
}

export class BodyStore {
  readonly #spoolDir: string;
  readonly #memoryBytes: number;
  #state: State = { kind: 'memory', pieces: [] };
  #size = 0;

  constructor(spoolDir: string, memoryBytes: number) {
    this.#spoolDir = spoolDir;
    this.#memoryBytes = memoryBytes;
  }

  get size(): number {
    return this.#size;
  }

  /** Takes a piece; false when the disk does not. The bytes are the socket's buffer, so that what stays in memory is copied. */
  add(chunk: Buffer, start: number, end: number): boolean {
    this.#size += end - start;
    if (this.#state.kind === 'memory') {
      if (this.#size <= this.#memoryBytes) {
        this.#state.pieces.push(Buffer.from(chunk.subarray(start, end)));
        return true;
      }
      this.#state = this.#spool(this.#state.pieces);
    }
    if (this.#state.kind !== 'spooled') return false;
    return this.#write(this.#state.fd, chunk, start, end);
  }

  /** The whole body, in one form or the other. */
  take(): StoredBody {
    const state = this.#state;
    if (state.kind === 'spooled') {
      fs.closeSync(state.fd);
      return { bytes: null, spoolPath: state.path };
    }
    if (state.kind === 'failed' || this.#size === 0) return { bytes: null, spoolPath: null };
    const [first] = state.pieces;
    return {
      bytes: state.pieces.length === 1 && first !== undefined ? first : Buffer.concat(state.pieces),
      spoolPath: null,
    };
  }

  /** The request will not be run. */
  discard(): void {
    const { spoolPath } = this.take();
    if (spoolPath !== null) removeSpooled(spoolPath);
    this.#state = { kind: 'failed' };
  }

  #spool(pieces: readonly Buffer[]): State {
    const file = path.join(this.#spoolDir, `body-${randomBytes(8).toString('hex')}`);
    let fd: number;
    try {
      fd = fs.openSync(file, 'wx', 0o600);
    } catch {
      return { kind: 'failed' };
    }
    for (const piece of pieces) {
      if (this.#write(fd, piece, 0, piece.length)) continue;
      fs.closeSync(fd);
      removeSpooled(file);
      return { kind: 'failed' };
    }
    return { kind: 'spooled', path: file, fd };
  }

  #write(fd: number, chunk: Buffer, start: number, end: number): boolean {
    try {
      // Into the page cache: tens of microseconds for a piece, where a write in the thread pool would need flow control of its own.
      for (let at = start; at < end; ) at += fs.writeSync(fd, chunk, at, end - at);
      return true;
    } catch {
      return false;
    }
  }
}

export function removeSpooled(file: string): void {
  fs.rm(file, { force: true }, () => {});
}
