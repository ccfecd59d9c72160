// A log that writes each entry before write() returns, in one write(2): the arbiter's error log. Nothing is lost at exit, and
// entries of processes that share the file do not mix.

import { closeSync, writeSync } from 'node:fs';
import { LOG_MESSAGES } from './catalog/logs.ts';
import { type LogOwner, openLogFile, openStandardStream } from './log-file.ts';
import { type Entry, entry as entryOf } from './message.ts';

export interface ImmediateLogOptions {
  /** `-` for stderr, or the path of a file. */
  readonly target: string;
  readonly owner?: LogOwner;
  /** Called when an entry was written after some had failed. May write to this log. */
  readonly onTrouble?: (trouble: Entry) => void;
}

export type OpenedImmediateLog =
  | { readonly ok: true; readonly log: ImmediateLog }
  | { readonly ok: false; readonly message: string };

const STDERR_FD = 2;
/** Longest time that a full pipe may block the process; then the entry is dropped. */
const FULL_PIPE_WAITS = 100;
const FULL_PIPE_WAIT_MS = 10;

const neverNotified = new Int32Array(new SharedArrayBuffer(4));

export class ImmediateLog {
  readonly #options: ImmediateLogOptions;
  #fd: number;
  #dropped = 0;
  #isDropping = false;
  /** `torn`: the file ends in the middle of an entry whose rest was dropped. */
  #isTorn = false;

  private constructor(options: ImmediateLogOptions, fd: number) {
    this.#options = options;
    this.#fd = fd;
  }

  static open(options: ImmediateLogOptions): OpenedImmediateLog {
    if (options.target === '-') return { ok: true, log: new ImmediateLog(options, openStandardStream('stderr')) };
    const opened = openLogFile(options.target, options.owner);
    return opened.ok ? { ok: true, log: new ImmediateLog(options, opened.fd) } : opened;
  }

  /** Number of entries that could not be written because the disk was full or the reader of the pipe did not read. */
  get dropped(): number {
    return this.#dropped;
  }

  /** One entry, without its line end. */
  write(line: string): void {
    const entry = Buffer.from(this.#isTorn ? `\n${line}\n` : `${line}\n`);
    let from = 0;
    // Once a reader has not read for a second, entries do not wait for it until one gets through.
    let waits = this.#isDropping ? FULL_PIPE_WAITS : 0;
    while (from < entry.length) {
      try {
        from += writeSync(this.#fd, entry, from);
      } catch (error) {
        const isFull = error instanceof Error && 'code' in error && error.code === 'EAGAIN';
        if (!isFull || waits === FULL_PIPE_WAITS) {
          this.#dropped += 1;
          this.#isDropping = true;
          if (from > 0) this.#isTorn = true;
          return;
        }
        waits += 1;
        Atomics.wait(neverNotified, 0, 0, FULL_PIPE_WAIT_MS);
      }
    }
    this.#isTorn = false;
    if (!this.#isDropping) return;
    // Before the call, because the receiver writes to this log.
    this.#isDropping = false;
    this.#options.onTrouble?.(entryOf(LOG_MESSAGES.logWrittenAgain, { log: 'error log', count: this.#dropped }));
  }

  /** After a rotation: continues in a new file of the same name, or in the old one if that cannot be opened. */
  reopen(): string | null {
    if (this.#options.target === '-') return null;
    const opened = openLogFile(this.#options.target, this.#options.owner);
    if (!opened.ok) return opened.message;
    const old = this.#fd;
    this.#fd = opened.fd;
    this.#isTorn = false;
    closeSync(old);
    return null;
  }

  close(): void {
    if (this.#fd !== STDERR_FD) closeSync(this.#fd);
    // Later entries go to stderr, where a user may still see them.
    this.#fd = STDERR_FD;
  }
}
