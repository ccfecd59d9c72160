// Writes lines to a descriptor in the background, in batches. write() never waits: lines that a full disk or a stuck reader holds up are
// kept up to a limit and retried; beyond the limit, lines are dropped.

import { close, write, writeSync } from 'node:fs';

export interface LineWriterOptions {
  /** A batch of this many characters is written immediately, a shorter one after BATCH_MS. */
  readonly batchLength: number;
  /** A write has failed. It is retried, unless the writer is being closed. */
  readonly onFailed: (error: unknown) => void;
  readonly onDropped: () => void;
  /** A write has succeeded, and no batch waits behind it. */
  readonly onDrained: () => void;
}

/** Whole lines; the rest of a batch; or the descriptor for all entries after it. */
type Entry = string | Buffer | { readonly fd: number };

type State =
  | { readonly kind: 'idle' }
  /** fs.write() is using `#batch`. */
  | { readonly kind: 'writing' }
  | { readonly kind: 'backing-off'; readonly timer: NodeJS.Timeout }
  | { readonly kind: 'closed' };

const IDLE: State = { kind: 'idle' };
const WRITING: State = { kind: 'writing' };
const NOTHING = Buffer.alloc(0);

/** Characters that may wait. In an access log nearly all are ASCII, one byte each. */
const LIMIT_LENGTH = 4 * 1024 * 1024;
/** For one write(2), which ends at the end of a line: lines of processes that share a file must not mix. */
const WRITE_LENGTH = 64 * 1024;
const BATCH_MS = 100;
const RETRY_MS = 100;
/** A reader that takes nothing for a second is reported, and does not delay the end of the process. */
const FULL_PIPE_RETRIES = 10;
const SYNC_RETRY_MS = 10;
const SYNC_RETRIES = 100;
const STDERR_FD = 2;

const neverNotified = new Int32Array(new SharedArrayBuffer(4));

export class LineWriter {
  readonly #options: LineWriterOptions;
  readonly #queue: Entry[] = [];
  #fd: number;
  #state: State = IDLE;
  #batch: Buffer = NOTHING;
  /** Lines not queued yet. */
  #text = '';
  /** In `#queue`. */
  #queuedLength = 0;
  #batchTimer: NodeJS.Timeout | null = null;
  #fullPipeRetries = 0;
  #onClosed: (() => void) | null = null;

  constructor(fd: number, options: LineWriterOptions) {
    this.#fd = fd;
    this.#options = options;
  }

  /** `line` includes its line end. */
  write(line: string): void {
    const collected = this.#text.length + line.length;
    if (this.#queuedLength + this.#batch.length + collected > LIMIT_LENGTH) return this.#options.onDropped();
    if (collected > WRITE_LENGTH) this.#seal();
    this.#text += line;
    if (this.#state.kind !== 'idle') return;
    if (collected >= this.#options.batchLength) this.#writeNext();
    else this.#batchTimer ??= setTimeout(this.#batchIsDue, BATCH_MS).unref();
  }

  /** Writes all later lines to `fd`, and those that the old descriptor refuses. */
  switchTo(fd: number): void {
    this.#seal();
    this.#queue.push({ fd });
    this.#retryNow();
  }

  /** Writes all waiting lines before it returns, except a batch that is already being written. A full pipe may delay it by a second. */
  flushSync(): void {
    if (this.#state.kind === 'closed') return;
    const isWriting = this.#state.kind === 'writing';
    let batch = isWriting ? NOTHING : this.#batch;
    let retries = 0;
    for (;;) {
      if (batch.length === 0) batch = this.#take();
      if (batch.length === 0) break;
      try {
        batch = batch.subarray(writeSync(this.#fd, batch));
        retries = 0;
      } catch (error) {
        if (isFullPipe(error) && retries < SYNC_RETRIES) {
          retries += 1;
          Atomics.wait(neverNotified, 0, 0, SYNC_RETRY_MS);
          continue;
        }
        if (isWriting) this.#putBack(batch);
        else this.#batch = batch;
        if (!isWriting) this.#backOff();
        return this.#options.onFailed(error);
      }
    }
    if (isWriting) return;
    this.#batch = NOTHING;
    this.#becomeIdle();
    this.#options.onDrained();
  }

  /** Resolves when everything has been written or a write has failed. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#onClosed = resolve;
      this.#fullPipeRetries = 0;
      this.#retryNow();
    });
  }

  readonly #batchIsDue = (): void => {
    this.#batchTimer = null;
    if (this.#state.kind === 'idle') this.#writeNext();
  };

  #retryNow(): void {
    const state = this.#state;
    if (state.kind === 'backing-off') {
      clearTimeout(state.timer);
      this.#replaceDescriptor();
    }
    if (state.kind !== 'writing' && state.kind !== 'closed') this.#writeNext();
  }

  #writeNext(): void {
    if (this.#batch.length === 0) this.#batch = this.#take();
    if (this.#batch.length === 0) return this.#becomeIdle();
    this.#state = WRITING;
    write(this.#fd, this.#batch, this.#written);
  }

  readonly #written = (error: NodeJS.ErrnoException | null, writtenBytes: number): void => {
    if (error !== null) return this.#failed(error);
    this.#state = IDLE;
    this.#fullPipeRetries = 0;
    this.#batch = this.#batch.subarray(writtenBytes);
    const { length } = this.#text;
    const isDue = length > 0 && (length >= this.#options.batchLength || this.#onClosed !== null);
    if (this.#batch.length > 0 || this.#queue.length > 0 || isDue) return this.#writeNext();
    this.#options.onDrained();
    if (this.#state.kind === 'idle') this.#becomeIdle();
  };

  #failed(error: NodeJS.ErrnoException): void {
    this.#state = IDLE;
    if (this.#replaceDescriptor()) return this.#writeNext();
    if (isFullPipe(error)) {
      this.#fullPipeRetries += 1;
      if (this.#fullPipeRetries <= FULL_PIPE_RETRIES) return this.#backOff();
    }
    if (this.#onClosed === null) this.#backOff();
    this.#options.onFailed(error);
    if (this.#onClosed !== null) this.#end(this.#onClosed);
  }

  #backOff(): void {
    if (this.#state.kind === 'backing-off') clearTimeout(this.#state.timer);
    const timer = setTimeout(() => this.#writeNext(), RETRY_MS);
    // Retrying must not keep the process alive.
    if (this.#onClosed === null) timer.unref();
    this.#state = { kind: 'backing-off', timer };
  }

  #becomeIdle(): void {
    if (this.#state.kind === 'backing-off') clearTimeout(this.#state.timer);
    this.#state = IDLE;
    if (this.#onClosed !== null) this.#end(this.#onClosed);
    else if (this.#text !== '') this.#batchTimer ??= setTimeout(this.#batchIsDue, BATCH_MS).unref();
  }

  #end(onClosed: () => void): void {
    this.#state = { kind: 'closed' };
    if (this.#batchTimer !== null) clearTimeout(this.#batchTimer);
    closeUnlessStandard(this.#fd);
    onClosed();
  }

  #seal(): void {
    if (this.#text === '') return;
    this.#queue.push(this.#text);
    this.#queuedLength += this.#text.length;
    this.#text = '';
  }

  /** The next batch, empty if there is none. */
  #take(): Buffer {
    if (this.#queue.length === 0) this.#seal();
    for (let entry = this.#queue.shift(); entry !== undefined; entry = this.#queue.shift()) {
      if (typeof entry === 'string' || Buffer.isBuffer(entry)) {
        this.#queuedLength -= entry.length;
        return typeof entry === 'string' ? Buffer.from(entry) : entry;
      }
      this.#useDescriptor(entry.fd);
      if (this.#queue.length === 0) this.#seal();
    }
    return NOTHING;
  }

  #putBack(batch: Buffer): void {
    this.#queue.unshift(batch);
    this.#queuedLength += batch.length;
  }

  /** Switches to the newest descriptor in the queue, ahead of the lines before it. Returns whether it found one. */
  #replaceDescriptor(): boolean {
    const entries = this.#queue.splice(0);
    let isReplaced = false;
    for (const entry of entries) {
      if (typeof entry === 'string' || Buffer.isBuffer(entry)) {
        this.#queue.push(entry);
        continue;
      }
      this.#useDescriptor(entry.fd);
      isReplaced = true;
    }
    return isReplaced;
  }

  #useDescriptor(fd: number): void {
    const old = this.#fd;
    this.#fd = fd;
    // fs.write() may still be using it, but only while flushSync() runs at the end of the process.
    if (this.#state.kind !== 'writing') closeUnlessStandard(old);
  }
}

function isFullPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EAGAIN' || error.code === 'EBUSY');
}

function closeUnlessStandard(fd: number): void {
  if (fd > STDERR_FD) close(fd);
}
