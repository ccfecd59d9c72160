// The writing end of one generation's ticket pipe. Tickets are collected, and written together at the end of the event loop's turn if
// there are several (flush-pace.ts).

import fs from 'node:fs';
import type { Dialect } from '../../runqueue/dialect.ts';
import { ticketsPath } from '../../runqueue/runtime-files.ts';
import { TICKET_BYTES } from '../../runqueue/ticket.ts';
import { FlushPace } from './flush-pace.ts';

const BATCH_TICKETS = 64;
const RETRY_MS = 2;

export class TicketPipe {
  readonly generation: number;
  /** Tickets that the pipe holds. */
  readonly capacity: number;
  readonly dialect: Dialect;
  /** Called when there is room again after `reserve` found none. */
  onRoom: () => void = () => {};
  readonly #fd: number;
  /** The buffer in which tickets are collected: see `reserve`. */
  readonly batch: Buffer = Buffer.alloc(TICKET_BYTES * BATCH_TICKETS);
  readonly #pace: FlushPace = new FlushPace();
  #batched = 0;
  /** `awaited`: scheduled, and `reserve` has found no room since. */
  #flushing: 'idle' | 'scheduled' | 'awaited' | 'closed' = 'idle';

  private constructor(fd: number, generation: number, capacity: number, dialect: Dialect) {
    this.#fd = fd;
    this.generation = generation;
    this.capacity = capacity;
    this.dialect = dialect;
  }

  /** Null when no process reads the pipe. */
  static open(runtimeDir: string, generation: number, capacity: number, dialect: Dialect = 'wsgi'): TicketPipe | null {
    const flags = fs.constants.O_WRONLY | fs.constants.O_NONBLOCK;
    try {
      const fd = fs.openSync(ticketsPath(runtimeDir, generation), flags);
      return new TicketPipe(fd, generation, capacity, dialect);
    } catch {
      return null; // ENXIO or ENOENT: the forkserver and its workers have died.
    }
  }

  /** Tickets that are collected but not yet written. */
  get batched(): number {
    return this.#batched;
  }

  /**
   * Room for one more ticket: its offset in `batch`, to be filled immediately, before `filled`; null when the batch is full and so is
   * the pipe.
   */
  reserve(): number | null {
    if (this.#batched === BATCH_TICKETS) this.#write();
    if (this.#batched === BATCH_TICKETS) {
      if (this.#flushing === 'idle') setImmediate(this.#endTurn);
      this.#flushing = 'awaited';
      return null;
    }
    const offset = this.#batched * TICKET_BYTES;
    this.#batched += 1;
    return offset;
  }

  /** The tickets that were reserved are filled. */
  filled(nowMs: number): void {
    const writesNow = this.#pace.writesNow(nowMs);
    if (this.#flushing !== 'idle') return;
    if (writesNow) this.#write();
    if (this.#batched === 0) return;
    this.#flushing = 'scheduled';
    setImmediate(this.#endTurn);
  }

  /** Discards the unwritten tickets; no worker has seen them. */
  discardBatch(): void {
    this.#batched = 0;
  }

  close(): void {
    this.#flushing = 'closed';
    this.#batched = 0;
    fs.closeSync(this.#fd);
  }

  readonly #endTurn = (): void => {
    this.#pace.collected(this.#batched);
    this.#flush();
  };

  #flush(): void {
    if (this.#flushing === 'closed') return;
    const wasAwaited = this.#flushing === 'awaited';
    this.#flushing = 'idle';
    this.#write();
    if (this.#batched > 0) {
      // The pipe is full: workers are taking from it, so there will be room soon.
      const isStillFull = wasAwaited && this.#batched === BATCH_TICKETS;
      this.#flushing = isStillFull ? 'awaited' : 'scheduled';
      setTimeout(() => this.#flush(), RETRY_MS);
      if (isStillFull) return;
    }
    if (wasAwaited) this.onRoom();
  }

  #write(): void {
    if (this.#batched === 0) return;
    const bytes = this.#batched * TICKET_BYTES;
    let written = 0;
    try {
      // The kernel accepts whole pages from a non-blocking writer, hence whole tickets, and does not interleave other writers' bytes.
      written = fs.writeSync(this.#fd, this.batch, 0, bytes, null);
    } catch (error) {
      // EAGAIN: full. EPIPE: the forkserver and all of its workers have died; the tickets wait for the next generation.
      const code = error instanceof Error && 'code' in error ? error.code : '';
      if (code !== 'EAGAIN' && code !== 'EPIPE') throw error;
    }
    if (written < bytes) this.batch.copyWithin(0, written, bytes);
    this.#batched -= written / TICKET_BYTES;
  }
}
