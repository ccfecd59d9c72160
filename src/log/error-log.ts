// The error log of a Node process (arbiter, gateway). Every entry is written before log() returns, in one write(2):
// nothing is lost at exit, and entries of several processes that share the file do not mix.

import { closeSync, writeSync } from 'node:fs';
import { type LogOwner, openLogFile } from './log-file.ts';
import { isLogged, type LogLevel, logLine } from './log-line.ts';

export type OpenedErrorLog =
  | { readonly ok: true; readonly log: ErrorLog }
  | { readonly ok: false; readonly message: string };

export interface ErrorLogOptions {
  /** `-` for stderr, or the path of a file. */
  readonly target: string;
  readonly level: LogLevel;
  readonly owner?: LogOwner;
}

const STDERR_FD = 2;
/** How long a full pipe may hold the process up before the entry is dropped. */
const FULL_PIPE_WAITS = 100;
const FULL_PIPE_WAIT_MS = 10;

const neverNotified = new Int32Array(new SharedArrayBuffer(4));

export class ErrorLog {
  #target: string;
  readonly #owner: LogOwner | undefined;
  #level: LogLevel;
  #fd: number;
  #dropped = 0;
  #lastEntry: 'written' | 'dropped' = 'written';

  private constructor(options: ErrorLogOptions, fd: number) {
    this.#target = options.target;
    this.#owner = options.owner;
    this.#level = options.level;
    this.#fd = fd;
  }

  static open(options: ErrorLogOptions): OpenedErrorLog {
    if (options.target === '-') return { ok: true, log: new ErrorLog(options, STDERR_FD) };
    const opened = openLogFile(options.target, options.owner);
    return opened.ok ? { ok: true, log: new ErrorLog(options, opened.fd) } : opened;
  }

  get level(): LogLevel {
    return this.#level;
  }

  set level(level: LogLevel) {
    this.#level = level;
  }

  /** Entries that could not be written: the disk is full, or nobody reads the pipe. */
  get dropped(): number {
    return this.#dropped;
  }

  /** `pid` is that of the process that the entry is about the work of, for what is logged on another's behalf. */
  log(level: LogLevel, message: string, pid: number = process.pid): void {
    if (isLogged(level, this.#level)) this.#write(Buffer.from(logLine(level, message, pid, Date.now())));
  }

  /** After a rotation: goes on in a new file of the same name. If there can be none, the old one stays in use. */
  reopen(): void {
    if (this.#fd === STDERR_FD) return;
    const opened = openLogFile(this.#target, this.#owner);
    if (!opened.ok) {
      this.log('error', `The error log is not reopened: ${opened.message}`);
      return;
    }
    const old = this.#fd;
    this.#fd = opened.fd;
    closeSync(old);
  }

  /** After a reload: goes on in `target`, with another level. If it cannot be written, the old one stays in use. */
  configure(target: string, level: LogLevel): void {
    this.#level = level;
    if (target === this.#target) return;
    const opened = target === '-' ? { ok: true as const, fd: STDERR_FD } : openLogFile(target, this.#owner);
    if (!opened.ok) {
      this.log('error', `The error log is not changed: ${opened.message}`);
      return;
    }
    this.close();
    this.#target = target;
    this.#fd = opened.fd;
  }

  close(): void {
    if (this.#fd !== STDERR_FD) closeSync(this.#fd);
    // What is still said goes where somebody may see it.
    this.#fd = STDERR_FD;
  }

  #write(entry: Buffer): void {
    let from = 0;
    // Who has not read for a second need not be waited for again, until something gets through.
    let waits = this.#lastEntry === 'dropped' ? FULL_PIPE_WAITS : 0;
    while (from < entry.length) {
      try {
        from += writeSync(this.#fd, entry, from);
      } catch (error) {
        // stderr may be a pipe that another process has made non-blocking, and full.
        const isFull = error instanceof Error && 'code' in error && error.code === 'EAGAIN';
        if (!isFull || waits === FULL_PIPE_WAITS) {
          this.#dropped += 1;
          this.#lastEntry = 'dropped';
          return;
        }
        waits += 1;
        Atomics.wait(neverNotified, 0, 0, FULL_PIPE_WAIT_MS);
      }
    }
    this.#lastEntry = 'written';
  }
}
