// A log that is written in the background: the access log and the error log of a gateway. Opens and reopens its file, and
// reports once that lines are held up or dropped, and that all is well again.

import { LineWriter } from './line-writer.ts';
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

/** By size or by time for the many lines of an access log; those of an error log go out immediately. */
const BATCH_LENGTH: Readonly<Record<BackgroundLogOptions['name'], number>> = {
  'access log': 16 * 1024,
  'error log': 0,
};

type Life = 'open' | 'closing' | 'closed';

export class BackgroundLog {
  readonly #options: BackgroundLogOptions;
  /** Whether there is a new file of the name after a rotation: not for standard streams and named pipes. */
  readonly #isReopened: boolean;
  readonly #writer: LineWriter;
  #life: Life = 'open';
  #dropped = 0;
  /** The trouble that lasts and was reported: until a write has succeeded and nothing is left behind it. */
  readonly #reported: Set<'failing' | 'dropping'> = new Set();

  private constructor(options: BackgroundLogOptions, fd: number, isReopened: boolean) {
    this.#options = options;
    this.#isReopened = isReopened;
    this.#writer = new LineWriter(fd, {
      batchLength: BATCH_LENGTH[options.name],
      onFailed: (error) => this.#failed(systemErrorReason(error)),
      onDropped: () => {
        this.#dropped += 1;
        this.#report('dropping', `Lines of the ${options.name} are dropped: too many wait to be written`);
      },
      onDrained: () => this.#recovered(),
    });
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
    if (this.#life === 'open') this.#writer.write(`${line}\n`);
    else this.#dropped += 1;
  }

  /** After a rotation: goes on in a new file of the same name. If there can be none, the old one stays in use. */
  reopen(): null {
    if (!this.#isReopened || this.#life !== 'open') return null;
    const opened = openLogFile(this.#options.target, this.#options.owner);
    if (opened.ok) this.#writer.switchTo(opened.fd);
    else this.#options.onTrouble?.(`${this.#name} is not reopened: ${opened.message}`);
    return null;
  }

  /** Writes what is there before it returns. For the end of the process: a full pipe may hold it up for a second. */
  flushSync(): void {
    this.#writer.flushSync();
  }

  /** Resolves when everything is written, or cannot be. */
  async close(): Promise<void> {
    if (this.#life !== 'open') return;
    this.#life = 'closing';
    await this.#writer.close();
    this.#life = 'closed';
    process.off('exit', this.#flushAtExit);
  }

  readonly #flushAtExit = (): void => this.flushSync();

  #failed(reason: string): void {
    if (this.#life === 'open') this.#report('failing', `${this.#name} can't be written: ${reason}`);
    else this.#options.onTrouble?.(`${this.#name} is closed before all of it could be written: ${reason}`);
  }

  #report(what: 'failing' | 'dropping', message: string): void {
    if (this.#reported.has(what)) return;
    // Before the message, which may be a line of this very log.
    this.#reported.add(what);
    this.#options.onTrouble?.(message);
  }

  get #name(): string {
    return `The ${this.#options.name}`;
  }

  #recovered(): void {
    if (this.#reported.size === 0) return;
    this.#reported.clear();
    this.#options.onTrouble?.(writtenAgain(this.#options.name, this.#dropped));
  }
}
