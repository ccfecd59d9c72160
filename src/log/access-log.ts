// The access log of a gateway. write() never waits: lines are collected, and written in the background, by size or by
// time. What a full disk or a stuck reader holds up is kept in memory up to a limit; beyond it lines are dropped and
// counted.

import { close, write, writeSync } from 'node:fs';
import { type LogOwner, openLogFile } from './log-file.ts';
import { systemErrorReason } from './system-error-reason.ts';

export interface AccessLogOptions {
  /** `-` for stdout, or the path of a file. */
  readonly target: string;
  readonly owner?: LogOwner;
  /** Told once when writing begins to fail, and once when it works again. */
  readonly onTrouble?: (message: string) => void;
}

export type OpenedAccessLog =
  | { readonly ok: true; readonly log: AccessLog }
  | { readonly ok: false; readonly message: string };

const STDOUT_FD = 1;
const WRITE_AT_CHARS = 16 * 1024;
const WRITE_AFTER_MS = 100;
const RETRY_AFTER_MS = 500;
const KEPT_LIMIT_CHARS = 4 * 1024 * 1024;
/** How long a full pipe may hold up the end of the process. */
const FULL_PIPE_WAITS = 100;
const FULL_PIPE_WAIT_MS = 10;

const NOTHING = Buffer.alloc(0);
const neverNotified = new Int32Array(new SharedArrayBuffer(4));

type State =
  | { readonly kind: 'empty' }
  | { readonly kind: 'collecting'; readonly timer: NodeJS.Timeout }
  /** A write is with the kernel; lines that come meanwhile wait for its end. */
  | { readonly kind: 'writing' }
  | { readonly kind: 'failing'; readonly timer: NodeJS.Timeout }
  | { readonly kind: 'closed' };

export class AccessLog {
  readonly #options: AccessLogOptions;
  #fd: number;
  #state: State = { kind: 'empty' };
  /** Whole lines that no write has begun with, and the rest of those that one has. */
  #collected = '';
  #begun: Buffer = NOTHING;
  #dropped = 0;
  /** To be closed when the write that uses it has ended. */
  #retiredFd: number | undefined;
  #trouble: 'none' | 'reported' = 'none';
  #onClosed: (() => void) | undefined;

  private constructor(options: AccessLogOptions, fd: number) {
    this.#options = options;
    this.#fd = fd;
    process.on('exit', this.#flushAtExit);
  }

  static open(options: AccessLogOptions): OpenedAccessLog {
    if (options.target === '-') return { ok: true, log: new AccessLog(options, STDOUT_FD) };
    const opened = openLogFile(options.target, options.owner);
    return opened.ok ? { ok: true, log: new AccessLog(options, opened.fd) } : opened;
  }

  /** Lines that were lost for want of room. */
  get dropped(): number {
    return this.#dropped;
  }

  /** One line, without its end. */
  write(line: string): void {
    if (this.#state.kind === 'closed' || this.#collected.length + this.#begun.length > KEPT_LIMIT_CHARS) {
      this.#dropped += 1;
      return;
    }
    this.#collected += `${line}\n`;
    if (this.#state.kind === 'empty') this.#collect();
    else if (this.#state.kind === 'collecting' && this.#collected.length >= WRITE_AT_CHARS) this.#begin();
  }

  /** After a rotation: goes on in a new file of the same name. If there can be none, the old one stays in use. */
  reopen(): void {
    if (this.#fd === STDOUT_FD || this.#state.kind === 'closed') return;
    const opened = openLogFile(this.#options.target, this.#options.owner);
    if (!opened.ok) {
      this.#options.onTrouble?.(`The access log is not reopened: ${opened.message}`);
      return;
    }
    // Lines from before the rotation belong in the old file. A write that is under way ends there by itself.
    if (this.#state.kind === 'collecting') this.flushSync();
    // Reopened twice within one write: the file in between has not been used yet.
    const isUsed = this.#state.kind === 'writing' && this.#retiredFd === undefined;
    if (isUsed) this.#retiredFd = this.#fd;
    else close(this.#fd, ignoreError);
    this.#fd = opened.fd;
  }

  /** Writes what is there before it returns. For the end of the process: a full pipe may hold it up for a second. */
  flushSync(): void {
    let bytes = Buffer.from(this.#collected);
    this.#collected = '';
    // What a write under way has in hand, the kernel gets: Node waits for such writes when it exits.
    if (this.#state.kind === 'failing') {
      bytes = Buffer.concat([this.#begun, bytes]);
      this.#begun = NOTHING;
    }
    if ('timer' in this.#state) {
      clearTimeout(this.#state.timer);
      this.#state = { kind: 'empty' };
    }
    let from = 0;
    for (let waits = 0; from < bytes.length; ) {
      try {
        from += writeSync(this.#fd, bytes, from);
      } catch (error) {
        if (!isFullPipe(error) || waits === FULL_PIPE_WAITS) {
          this.#drop(bytes.subarray(from));
          return;
        }
        waits += 1;
        Atomics.wait(neverNotified, 0, 0, FULL_PIPE_WAIT_MS);
      }
    }
  }

  /** Resolves when everything is written, or cannot be. */
  close(): Promise<void> {
    if (this.#state.kind === 'closed' || this.#onClosed !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onClosed = resolve;
      if (this.#state.kind === 'collecting') this.#begin();
      else if (this.#state.kind === 'failing') this.#continue();
      else if (this.#state.kind === 'empty') this.#finish();
    });
  }

  readonly #flushAtExit = (): void => this.flushSync();

  #collect(): void {
    this.#state = { kind: 'collecting', timer: setTimeout(() => this.#begin(), WRITE_AFTER_MS).unref() };
  }

  #begin(): void {
    this.#begun = Buffer.from(this.#collected);
    this.#collected = '';
    this.#continue();
  }

  #continue(): void {
    if ('timer' in this.#state) clearTimeout(this.#state.timer);
    this.#state = { kind: 'writing' };
    write(this.#fd, this.#begun, (error, written) => {
      if (this.#retiredFd !== undefined) close(this.#retiredFd, ignoreError);
      this.#retiredFd = undefined;
      if (error !== null) {
        this.#fail(error);
        return;
      }
      this.#begun = this.#begun.subarray(written);
      if (this.#begun.length > 0) this.#continue();
      else this.#succeed();
    });
  }

  #succeed(): void {
    if (this.#trouble === 'reported') {
      this.#trouble = 'none';
      this.#options.onTrouble?.(`The access log is written again; lines dropped so far: ${this.#dropped}`);
    }
    const isDue = this.#collected.length >= WRITE_AT_CHARS || this.#onClosed !== undefined;
    if (this.#collected !== '' && isDue) this.#begin();
    else if (this.#collected !== '') this.#collect();
    else if (this.#onClosed !== undefined) this.#finish();
    else this.#state = { kind: 'empty' };
  }

  #fail(error: Error): void {
    if (this.#onClosed !== undefined) {
      this.#drop(this.#begun);
      this.#drop(Buffer.from(this.#collected));
      this.#finish();
      return;
    }
    if (this.#trouble === 'none' && !isFullPipe(error)) {
      this.#trouble = 'reported';
      this.#options.onTrouble?.(`The access log can't be written: ${systemErrorReason(error)}`);
    }
    const timer = setTimeout(() => this.#continue(), RETRY_AFTER_MS).unref();
    this.#state = { kind: 'failing', timer };
  }

  #finish(): void {
    if (this.#fd !== STDOUT_FD) close(this.#fd, ignoreError);
    this.#state = { kind: 'closed' };
    process.off('exit', this.#flushAtExit);
    this.#onClosed?.();
  }

  #drop(bytes: Buffer): void {
    for (let at = bytes.indexOf('\n'); at >= 0; at = bytes.indexOf('\n', at + 1)) this.#dropped += 1;
  }
}

function isFullPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
}

function ignoreError(): void {
  // The descriptor is gone either way.
}
