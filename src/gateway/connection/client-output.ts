// The output to a client: through the socket's own buffer up to a limit, and through a spool file beyond it, so that a worker can hand
// off its response long before a slow client has read it.

import type { Socket } from 'node:net';
import type { MemoryBudget } from './memory-budget.ts';
import { ResponseSpool } from './response-spool.ts';
import type { SpoolBudget } from './spool-budget.ts';

const PIECE_BYTES = 256 * 1024;
/** What a worker may send before backpressure stops it (RUNQUEUE.md, "Back-pressure"), with some to spare. */
const SLACK_BYTES = 1024 * 1024;

export interface OutputLimits {
  /** Kept in memory for one connection before the disk is used, or the worker is stopped. */
  readonly responseBufferBytes: number;
  /** Kept on disk beyond that; 0: nothing. */
  readonly responseSpoolBytes: number;
}

/** Where bytes wait that a slow client does not read, and how many there may be. */
export interface OutputRoom {
  readonly spoolDir: string;
  readonly budget: MemoryBudget;
  readonly spoolBudget: SpoolBudget;
}

export class ClientOutput {
  readonly #socket: Socket;
  readonly #spoolDir: string;
  readonly #budget: MemoryBudget;
  readonly #spoolBudget: SpoolBudget;
  /** The bytes charged to the budget. */
  #accountedBytes = 0;
  #spool: ResponseSpool | null = null;
  /** Unusable: the spool file could not be created, so only memory is left, and the worker is stopped. Failed: it cannot be read. */
  #disk: 'usable' | 'unusable' | 'failed' = 'usable';
  #resume: (() => void) | null = null;
  /** The same for a file, which may be sent while the worker's body is discarded. */
  #resumeFile: (() => void) | null = null;
  /** Bytes that the kernel had accepted at the last check, and when that last changed. */
  #takenBytes = 0;
  #takenMs: number;

  constructor(socket: Socket, { spoolDir, budget, spoolBudget }: OutputRoom, nowMs: number) {
    this.#socket = socket;
    this.#budget = budget;
    this.#spoolBudget = spoolBudget;
    this.#spoolDir = spoolDir;
    this.#takenMs = nowMs;
  }

  /** Whether the client has yet to read more than memory may hold: then nothing new is started for it. */
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

  /** Whether the worker must wait; if so, `resume` is called when it may go on. */
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

  /** Whether the next piece of a file must wait; if so, `resume` is called when the client has read the last one. */
  isSocketFull(resume: () => void): boolean {
    const isFull = this.#spool !== null || this.#socket.writableNeedDrain;
    if (isFull) this.#resumeFile = resume;
    return isFull;
  }

  /** The socket's buffer is empty. */
  drained(limits: OutputLimits, nowMs: number): void {
    this.#takenMs = nowMs;
    this.#account();
    const spool = this.#spool;
    if (spool !== null) {
      while (spool.pendingBytes > 0) {
        const piece = spool.take(PIECE_BYTES);
        if (piece.length === 0) {
          // The response cannot continue where it stopped, so the client must see it cut off.
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

  /** Lets a waiting worker go on. */
  release(): void {
    const resume = this.#resume;
    const resumeFile = this.#resumeFile;
    this.#resume = null;
    this.#resumeFile = null;
    resume?.();
    resumeFile?.();
  }

  /** Whether the client has read nothing for so long; called about once a second. */
  isStuck(limitMs: number, nowMs: number): boolean {
    // The bytes that Node has accepted, less those that it still buffers, are in the kernel.
    this.#account();
    const takenBytes = this.#socket.bytesWritten - this.#socket.writableLength;
    if (this.#socket.writableLength === 0 || takenBytes !== this.#takenBytes) {
      this.#takenBytes = takenBytes;
      this.#takenMs = nowMs;
    }
    return limitMs > 0 && nowMs - this.#takenMs > limitMs;
  }

  /** The connection is closed. */
  close(): void {
    this.#budget.add(-this.#accountedBytes);
    this.#accountedBytes = 0;
    this.#closeSpool();
    this.release();
  }

  /** A client that reads everything immediately is never full, however little memory is left for others. */
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
