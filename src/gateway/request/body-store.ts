// The body of one request until it is complete: in memory up to a limit, in a file of the spool directory beyond it.

import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { MemoryBudget } from '../connection/memory-budget.ts';
import type { SpoolBudget } from '../connection/spool-budget.ts';

type State =
  /** One growing buffer: separate pieces would cost a hundred times as much for a client that sends its body byte by byte. */
  | { readonly kind: 'memory'; readonly bytes: Buffer }
  | { readonly kind: 'spooled'; readonly path: string; readonly fd: number }
  | { readonly kind: 'failed' }
  | { readonly kind: 'taken' };

const EMPTY: State = { kind: 'memory', bytes: Buffer.alloc(0) };

export interface StoredBody {
  readonly bytes: Buffer | null;
  readonly spoolPath: string | null;
}

export class BodyStore {
  readonly #spoolDir: string;
  readonly #memoryBytes: number;
  readonly #budget: MemoryBudget;
  readonly #spoolBudget: SpoolBudget;
  #state: State = EMPTY;
  #size = 0;
  #writtenBytes = 0;

  constructor(spoolDir: string, memoryBytes: number, budget: MemoryBudget, spoolBudget: SpoolBudget) {
    this.#spoolDir = spoolDir;
    this.#memoryBytes = memoryBytes;
    this.#budget = budget;
    this.#spoolBudget = spoolBudget;
  }

  get directory(): string {
    return this.#spoolDir;
  }

  get size(): number {
    return this.#size;
  }

  /** Adds a piece; false when the disk refuses it. The bytes are in the socket's buffer, so those that stay in memory are copied. */
  add(chunk: Buffer, start: number, end: number): boolean {
    const at = this.#size;
    this.#size += end - start;
    if (this.#state.kind === 'memory') {
      if (this.#size <= this.#memoryBytes && !this.#budget.isSpent) {
        this.#budget.add(end - start);
        const bytes = this.#grown(this.#state.bytes, at);
        chunk.copy(bytes, at, start, end);
        return true;
      }
      this.#budget.add(-at);
      this.#state = this.#spool(this.#state.bytes.subarray(0, at));
    }
    if (this.#state.kind !== 'spooled' || this.#spoolBudget.isDiskShort) return false;
    return this.#write(this.#state.fd, chunk, start, end);
  }

  /** The complete body, in either form. The caller takes over the file, or the memory's share of the budget. */
  take(): StoredBody {
    const state = this.#state;
    this.#state = { kind: 'taken' };
    if (state.kind === 'spooled') {
      fs.closeSync(state.fd);
      return { bytes: null, spoolPath: state.path };
    }
    if (state.kind !== 'memory' || this.#size === 0) return { bytes: null, spoolPath: null };
    return { bytes: state.bytes.subarray(0, this.#size), spoolPath: null };
  }

  /** The request will not be run. */
  discard(): void {
    const { bytes, spoolPath } = this.take();
    if (bytes !== null) this.#budget.add(-bytes.length);
    if (spoolPath !== null) {
      removeSpooled(spoolPath);
      this.#spoolBudget.addBody(-this.#writtenBytes);
    }
    this.#state = { kind: 'failed' };
  }

  /** A buffer with room for all of `#size`, starting with the first `used` bytes. */
  #grown(bytes: Buffer, used: number): Buffer {
    if (this.#size <= bytes.length) return bytes;
    const larger = Buffer.allocUnsafe(Math.min(this.#memoryBytes, Math.max(this.#size, 2 * bytes.length)));
    bytes.copy(larger, 0, 0, used);
    this.#state = { kind: 'memory', bytes: larger };
    return larger;
  }

  #spool(soFar: Buffer): State {
    const file = path.join(this.#spoolDir, `body-${randomBytes(8).toString('hex')}`);
    let fd: number;
    try {
      fd = fs.openSync(file, 'wx', 0o600);
    } catch {
      return { kind: 'failed' };
    }
    if (this.#write(fd, soFar, 0, soFar.length)) return { kind: 'spooled', path: file, fd };
    fs.closeSync(fd);
    removeSpooled(file);
    this.#spoolBudget.addBody(-this.#writtenBytes);
    return { kind: 'failed' };
  }

  #write(fd: number, chunk: Buffer, start: number, end: number): boolean {
    try {
      // Into the page cache: tens of microseconds for a piece, whereas writing in the thread pool would need its own flow control.
      for (let at = start; at < end; ) {
        const written = fs.writeSync(fd, chunk, at, end - at);
        at += written;
        this.#writtenBytes += written;
        this.#spoolBudget.addBody(written);
      }
      return true;
    } catch {
      return false;
    }
  }
}

export function removeSpooled(file: string): void {
  fs.rm(file, { force: true }, () => {});
}
