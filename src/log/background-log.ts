// A log that is written in the background, by SonicBoom: the access log and the error log of a gateway. write() never
// waits. What a full disk or a stuck reader holds up is kept in memory up to a limit; beyond it lines are dropped and
// counted.

import sonicBoom, { type SonicBoomOpts } from 'sonic-boom';
import { type LogOwner, openLogFile, openStandardStream, type StandardStream } from './log-file.ts';
import { systemErrorReason } from './system-error-reason.ts';
import { writtenAgain } from './written-again.ts';

export interface BackgroundLogOptions {
  readonly name: 'access log' | 'error log';
  /** `-` for stdout or, in the case of the error log, stderr; or the path of a file. */
  readonly target: string;
  readonly owner?: LogOwner;
  /** Told once when writing begins to fail, once when lines begin to be dropped, and once when all is well again. */
  readonly onTrouble?: (message: string) => void;
}

export type OpenedBackgroundLog =
  | { readonly ok: true; readonly log: BackgroundLog }
  | { readonly ok: false; readonly message: string };

/** Its types lack write() for contentMode 'buffer', with which it does not measure all its text anew at each line. */
type LineStream = Omit<sonicBoom.SonicBoom, 'write'> & { write(line: Buffer): boolean };

const BATCH_BYTES = 16 * 1024;
const STREAM: SonicBoomOpts & { readonly maxWriteRetries: number } = {
  contentMode: 'buffer',
  maxWrite: 64 * 1024,
  maxLength: 4 * 1024 * 1024,
  // By size or by time for the many lines of an access log; those of an error log go out at once, and this tries again.
  periodicFlush: 100,
  // Of 100 ms each: a reader that takes nothing for a second shall not hold up the end of the process.
  maxWriteRetries: 10,
};

export class BackgroundLog {
  readonly #options: BackgroundLogOptions;
  /** Whether there is a new file of the name after a rotation: not for standard streams and named pipes. */
  readonly #isReopened: boolean;
  readonly #stream: LineStream;
  #life: 'open' | 'closing' | 'closed' = 'open';
  #file: 'in use' | 'reopening' = 'in use';
  #dropped = 0;
  /** What has been told of the trouble that lasts: until a write has succeeded and nothing is left behind it. */
  readonly #told: Set<'failing' | 'dropping'> = new Set();
  #recovery: 'none' | 'begun' = 'none';
  #onClosed: () => void = () => {};

  private constructor(options: BackgroundLogOptions, fd: number, isReopened: boolean) {
    this.#options = options;
    this.#isReopened = isReopened;
    const minLength = options.name === 'access log' ? BATCH_BYTES : 0;
    const stream = new sonicBoom.SonicBoom({ ...STREAM, minLength, fd }) as unknown as LineStream;
    // Given a path, SonicBoom would open it in the background, where an error comes too late; reopen() needs it.
    this.#stream = isReopened ? Object.assign(stream, { file: options.target }) : stream;
    stream.on('error', this.#failed);
    // The first time it is ready with the file that it was given.
    stream.once('ready', () => stream.on('ready', this.#reopened));
    stream.on('close', this.#closed);
    stream.on('drop', () => {
      this.#dropped += 1;
      this.#tell('dropping', `Lines of the ${options.name} are dropped: too many wait to be written`);
    });
    stream.on('write', () => {
      if (this.#told.size > 0) this.#recovery = 'begun';
    });
    stream.on('drain', this.#recovered);
    process.on('exit', this.#flushAtExit);
  }

  static open(options: BackgroundLogOptions): OpenedBackgroundLog {
    if (options.target === '-') {
      const stream: StandardStream = options.name === 'access log' ? 'stdout' : 'stderr';
      return { ok: true, log: new BackgroundLog(options, openStandardStream(stream), false) };
    }
    const opened = openLogFile(options.target, options.owner);
    if (!opened.ok) return opened;
    return { ok: true, log: new BackgroundLog(options, opened.fd, opened.kind === 'file') };
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

  /** After a rotation: goes on in a new file of the same name. If there can be none, says so later, and the old one stays in use. */
  reopen(): null {
    if (!this.#isReopened || this.#life !== 'open') return null;
    this.#file = 'reopening';
    // Lines from before the rotation belong in the old file; the new one is opened when this write has ended.
    this.#stream.flush();
    this.#stream.reopen();
    return null;
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
      this.#options.onTrouble?.(`${this.#name} is not reopened: '${this.#options.target}' isn't writable [${reason}]`);
      this.#reopened();
    } else if (this.#file === 'reopening') {
      // A write that failed made SonicBoom forget the new file, where there may be room.
      this.#stream.reopen();
    } else if (this.#life === 'closing') {
      this.#options.onTrouble?.(`${this.#name} is closed before all of it could be written: ${reason}`);
      this.#stream.destroy();
      this.#closed();
    } else {
      this.#tell('failing', `${this.#name} can't be written: ${reason}`);
    }
  };

  #tell(what: 'failing' | 'dropping', message: string): void {
    this.#recovery = 'none';
    if (this.#told.has(what)) return;
    // Before it is told: who is told may write it to this very log.
    this.#told.add(what);
    this.#options.onTrouble?.(message);
  }

  get #name(): string {
    return `The ${this.#options.name}`;
  }

  readonly #recovered = (): void => {
    if (this.#recovery === 'none') return;
    this.#recovery = 'none';
    this.#told.clear();
    this.#options.onTrouble?.(writtenAgain(this.#options.name, this.#dropped));
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
