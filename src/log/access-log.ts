// The access log of a gateway, written by SonicBoom: write() never waits, lines go out in the background, by size or by
// time. What a full disk or a stuck reader holds up is kept in memory up to a limit; beyond it lines are dropped and
// counted.

import sonicBoom, { type SonicBoomOpts } from 'sonic-boom';
import { type LogOwner, openLogFile } from './log-file.ts';
import { systemErrorReason } from './system-error-reason.ts';

export interface AccessLogOptions {
  /** `-` for stdout, or the path of a file. */
  readonly target: string;
  readonly owner?: LogOwner;
  /** Told once when writing begins to fail, once when lines begin to be dropped, and once when all is well again. */
  readonly onTrouble?: (message: string) => void;
}

export type OpenedAccessLog =
  | { readonly ok: true; readonly log: AccessLog }
  | { readonly ok: false; readonly message: string };

/** Its types lack write() for contentMode 'buffer', with which it does not measure all its text anew at each line. */
type LineStream = Omit<sonicBoom.SonicBoom, 'write'> & { write(line: Buffer): boolean };

const STDOUT_FD = 1;
const STREAM: SonicBoomOpts & { readonly maxWriteRetries: number } = {
  contentMode: 'buffer',
  minLength: 16 * 1024,
  maxWrite: 64 * 1024,
  maxLength: 4 * 1024 * 1024,
  periodicFlush: 100,
  // Of 100 ms each: a reader that takes nothing for a second shall not hold up the end of the process.
  maxWriteRetries: 10,
};

export class AccessLog {
  readonly #options: AccessLogOptions;
  readonly #stream: LineStream;
  #life: 'open' | 'closing' | 'closed' = 'open';
  #file: 'in use' | 'reopening' = 'in use';
  #dropped = 0;
  /** What has been told of the trouble that lasts: until a write has succeeded and nothing is left behind it. */
  readonly #told: Set<'failing' | 'dropping'> = new Set();
  #recovery: 'none' | 'begun' = 'none';
  #onClosed: () => void = () => {};

  private constructor(options: AccessLogOptions, fd: number) {
    this.#options = options;
    const stream = new sonicBoom.SonicBoom({ ...STREAM, fd }) as unknown as LineStream;
    // Given a path, SonicBoom would open it in the background, where an error comes too late; reopen() needs it.
    this.#stream = fd === STDOUT_FD ? stream : Object.assign(stream, { file: options.target });
    stream.on('error', this.#failed);
    // The first time it is ready with the file that it was given.
    stream.once('ready', () => stream.on('ready', this.#reopened));
    stream.on('close', this.#closed);
    stream.on('drop', () => {
      this.#dropped += 1;
      this.#tell('dropping', 'Lines of the access log are dropped: too many wait to be written');
    });
    stream.on('write', () => {
      if (this.#told.size > 0) this.#recovery = 'begun';
    });
    stream.on('drain', this.#recovered);
    process.on('exit', this.#flushAtExit);
  }

  static open(options: AccessLogOptions): OpenedAccessLog {
    if (options.target === '-') return { ok: true, log: new AccessLog(options, STDOUT_FD) };
    const opened = openLogFile(options.target, options.owner);
    return opened.ok ? { ok: true, log: new AccessLog(options, opened.fd) } : opened;
  }

  /** Lines that were lost for want of room, or came after close(). */
  get dropped(): number {
    return this.#dropped;
  }

  /** One line, without its end. */
  write(line: string): void {
    if (this.#life === 'open') this.#stream.write(Buffer.from(`${line}\n`));
    else this.#dropped += 1;
  }

  /** After a rotation: goes on in a new file of the same name. If there can be none, the old one stays in use. */
  reopen(): void {
    if (this.#options.target === '-' || this.#life !== 'open') return;
    this.#file = 'reopening';
    // Lines from before the rotation belong in the old file; the new one is opened when this write has ended.
    this.#stream.flush();
    this.#stream.reopen();
  }

  /** Writes what is there before it returns. For the end of the process: a full pipe may hold it up for a second. */
  flushSync(): void {
    if (this.#life === 'closed') return;
    try {
      this.#stream.flushSync();
    } catch (error) {
      this.#failed(error as NodeJS.ErrnoException);
    }
  }

  /** Resolves when everything is written, or cannot be. */
  close(): Promise<void> {
    if (this.#life !== 'open') return Promise.resolve();
    this.#life = 'closing';
    return new Promise((resolve) => {
      this.#onClosed = resolve;
      if (this.#file === 'in use') this.#stream.end();
    });
  }

  readonly #flushAtExit = (): void => this.flushSync();

  readonly #failed = (error: NodeJS.ErrnoException): void => {
    const reason = systemErrorReason(error);
    if (error.syscall === 'open') {
      // Left behind by SonicBoom, its listener would close the old file twice at the next reopening.
      this.#stream.removeAllListeners('ready').on('ready', this.#reopened);
      this.#options.onTrouble?.(`The access log is not reopened: '${this.#options.target}' isn't writable [${reason}]`);
      this.#reopened();
    } else if (this.#file === 'reopening') {
      // A write that failed made SonicBoom forget the new file, where there may be room.
      this.#stream.reopen();
    } else if (this.#life === 'closing') {
      this.#options.onTrouble?.(`The access log is closed before all of it could be written: ${reason}`);
      this.#stream.destroy();
      this.#closed();
    } else {
      this.#tell('failing', `The access log can't be written: ${reason}`);
    }
  };

  #tell(what: 'failing' | 'dropping', message: string): void {
    this.#recovery = 'none';
    if (!this.#told.has(what)) this.#options.onTrouble?.(message);
    this.#told.add(what);
  }

  readonly #recovered = (): void => {
    if (this.#recovery === 'none') return;
    this.#recovery = 'none';
    this.#told.clear();
    this.#options.onTrouble?.(`The access log is written again; lines dropped so far: ${this.#dropped}`);
  };

  /** The new file is in use, or the old one for good. */
  readonly #reopened = (): void => {
    if (this.#file === 'in use') return;
    this.#file = 'in use';
    if (this.#life === 'closing') this.#stream.end();
  };

  readonly #closed = (): void => {
    this.#life = 'closed';
    process.off('exit', this.#flushAtExit);
    this.#onClosed();
  };
}
