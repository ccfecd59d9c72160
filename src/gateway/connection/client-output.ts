// What goes out to a client: through the socket's own buffer up to a limit, through a spool file beyond it, so that a worker is rid of
// its response long before a slow client has taken it.

import type { Socket } from 'node:net';
import type { MemoryBudget } from './memory-budget.ts';
import { ResponseSpool } from './response-spool.ts';
import type { SpoolBudget } from './spool-budget.ts';

const PIECE_BYTES = 256 * 1024;
/** What a worker may send before it is held back (RUNQUEUE.md, "Back-pressure"), with some to spare. */
const SLACK_BYTES = 1024 * 1024;

export interface OutputLimits {
  /** Kept in memory for one connection before the disk is used, or the worker held back. */
  readonly responseBufferBytes: number;
  /** Kept on disk beyond that; 0: nothing is. */
  readonly responseSpoolBytes: number;
}

export class ClientOutput {
  readonly #socket: Socket;
  readonly #spoolDir: string;
  readonly #budget: MemoryBudget;
  readonly #spoolBudget: SpoolBudget;
  /** What the budget counts of it. */
  #accountedBytes = 0;
  #spool: ResponseSpool | null = null;
  /** Unusable: a spool file could not be made; then memory is all there is, and the worker is held back. Failed: it cannot be read. */
  #disk: 'usable' | 'unusable' | 'failed' = 'usable';
  #resume: (() => void) | null = null;
  /** Bytes that the kernel had taken at the last look, and when that last changed. */
  #takenBytes = 0;
  #takenMs: number;

  constructor(socket: Socket, spoolDir: string, budget: MemoryBudget, spoolBudget: SpoolBudget, nowMs: number) {
    this.#socket = socket;
    this.#budget = budget;
    this.#spoolBudget = spoolBudget;
    this.#spoolDir = spoolDir;
    this.#takenMs = nowMs;
  }

  /** Whether the client has still to take more than memory may hold: then nothing new is begun for it. */
  isBehind(limits: OutputLimits): boolean {
    return this.#spool !== null || this.#socket.writableLength > limits.responseBufferBytes;
  }

  /** Whether bytes wait in a file. */
  get isSpooling(): boolean {
    return this.#spool !== null;
  }

  /** Whether the connection was given up because the spool file could not be read. */
  get isBroken(): boolean {
    return this.#disk === 'failed';
  }

  get isEmpty(): boolean {
    return this.#spool === null && this.#socket.writableLength === 0;
  }

  write(data: string | Buffer, limits: OutputLimits): void {
    if (this.#spool === null && this.#isFull(limits) && this.#maySpool(limits)) {
      this.#spool = ResponseSpool.open(this.#spoolDir, this.#spoolBudget);
      if (this.#spool === null) this.#disk = 'unusable';
    }
    if (this.#spool === null) {
      if (typeof data === 'string') this.#socket.write(data, 'latin1');
      else this.#socket.write(data);
      this.#account();
    } else {
      this.#spool.append(data, limits.responseSpoolBytes + SLACK_BYTES);
      this.#account();
    }
  }

  /** Whether the worker must wait; then `resume` is called when it need not any more. */
  holdsBack(limits: OutputLimits, resume: () => void): boolean {
    const isFull =
      this.#spool === null
        ? !this.#maySpool(limits) && this.#isFull(limits)
        : this.#spool.pendingBytes > limits.responseSpoolBytes ||
          this.#spool.restBytes > 0 ||
          this.#spoolBudget.isSpent;
    if (isFull) this.#resume = resume;
    return isFull;
  }

  /** The socket's buffer has run empty. */
  drained(limits: OutputLimits, nowMs: number): void {
    this.#takenMs = nowMs;
    this.#account();
    const spool = this.#spool;
    if (spool !== null) {
      while (spool.pendingBytes > 0) {
        const piece = spool.take(PIECE_BYTES);
        if (piece.length === 0) {
          // The response cannot go on where it stopped, so the client must see it cut off.
          this.#disk = 'failed';
          this.#socket.destroy();
          break;
        }
        if (!this.#socket.write(piece)) break;
      }
      if (spool.pendingBytes === 0) this.#closeSpool();
    }
    this.#account();
    if (this.#hasRoom(limits)) this.release();
  }

  #hasRoom(limits: OutputLimits): boolean {
    if (this.#spool === null) return true;
    const { pendingBytes, restBytes } = this.#spool;
    return pendingBytes <= limits.responseSpoolBytes / 2 && restBytes === 0 && !this.#spoolBudget.isSpent;
  }

  /** Lets a worker that is held back go on. */
  release(): void {
    const resume = this.#resume;
    this.#resume = null;
    resume?.();
  }

  /** Whether the client has taken nothing for so long; called about once a second. */
  isStuck(limitMs: number, nowMs: number): boolean {
    // What Node has accepted, less what it still keeps: that much is with the kernel.
    this.#account();
    const takenBytes = this.#socket.bytesWritten - this.#socket.writableLength;
    if (this.#socket.writableLength === 0 || takenBytes !== this.#takenBytes) {
      this.#takenBytes = takenBytes;
      this.#takenMs = nowMs;
    }
    return limitMs > 0 && nowMs - this.#takenMs > limitMs;
  }

  /** The connection is gone. */
  close(): void {
    this.#budget.add(-this.#accountedBytes);
    this.#accountedBytes = 0;
    this.#closeSpool();
    this.release();
  }

  /** A client that takes everything at once is never full, however little memory is left for others. */
  #isFull(limits: OutputLimits): boolean {
    const { writableLength } = this.#socket;
    return writableLength > limits.responseBufferBytes || (writableLength > 0 && this.#budget.isSpent);
  }

  #account(): void {
    const bytes = this.#socket.writableLength + (this.#spool?.restBytes ?? 0);
    if (bytes === this.#accountedBytes) return;
    this.#budget.add(bytes - this.#accountedBytes);
    this.#accountedBytes = bytes;
  }

  #maySpool(limits: OutputLimits): boolean {
    return limits.responseSpoolBytes > 0 && this.#disk === 'usable' && !this.#spoolBudget.isSpent;
  }

  #closeSpool(): void {
    this.#spool?.close();
    this.#spool = null;
  }
}
