// A log written in the background: a gateway's access log and error log. Opens and reopens its file, and reports once when writing
// fails, when lines are dropped, and when writing works again.

import { LOG_MESSAGES } from './catalog/logs.ts';
import { LineWriter } from './line-writer.ts';
import { type LogOwner, openLogFile, openStandardStream, type StandardStream } from './log-file.ts';
import { type Entry, entry } from './message.ts';
import { systemErrorReason } from './system-error-reason.ts';

export interface BackgroundLogOptions {
  readonly name: 'access log' | 'error log';
  /** `-` for stdout (stderr for the error log), or the path of a file. */
  readonly target: string;
  readonly owner?: LogOwner;
  /** Called once when writing begins to fail, once when lines begin to be dropped, and once when writing works again. */
  readonly onTrouble?: (trouble: Entry) => void;
}

export type OpenedBackgroundLog =
  | { readonly ok: true; readonly log: BackgroundLog }
  | { readonly ok: false; readonly message: string };

/** The many lines of an access log are batched by size or time; those of an error log are written immediately. */
const BATCH_LENGTH: Readonly<Record<BackgroundLogOptions['name'], number>> = {
  'access log': 16 * 1024,
  'error log': 0,
};

type Life = 'open' | 'closing' | 'closed';

export class BackgroundLog {
  readonly #options: BackgroundLogOptions;
  /** Whether rotation creates a new file of the same name: false for standard streams and named pipes. */
  readonly #isReopened: boolean;
  readonly #writer: LineWriter;
  #life: Life = 'open';
  #dropped = 0;
  /** Reported trouble that still lasts: it ends when a write succeeds and no batch waits behind it. */
  readonly #reported: Set<'failing' | 'dropping'> = new Set();

  private constructor(options: BackgroundLogOptions, fd: number, isReopened: boolean) {
    this.#options = options;
    this.#isReopened = isReopened;
    this.#writer = new LineWriter(fd, {
      batchLength: BATCH_LENGTH[options.name],
      onFailed: (error) => this.#failed(systemErrorReason(error)),
      onDropped: () => {
        this.#dropped += 1;
        this.#report('dropping', entry(LOG_MESSAGES.logLinesDropped, { log: options.name }));
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

  /** Number of lines dropped for lack of room or because they came after close(). */
  get dropped(): number {
    return this.#dropped;
  }

  /** One line, without its end. */
  write(line: string): void {
    if (this.#life === 'open') this.#writer.write(`${line}\n`);
    else this.#dropped += 1;
  }

  /** After a rotation: continues in a new file of the same name. If that cannot be opened, reports it and keeps the old one. */
  reopen(): null {
    if (!this.#isReopened || this.#life !== 'open') return null;
    const opened = openLogFile(this.#options.target, this.#options.owner);
    if (opened.ok) this.#writer.switchTo(opened.fd);
    else this.#trouble(entry(LOG_MESSAGES.logNotReopened, { log: this.#options.name, reason: opened.message }));
    return null;
  }

  /** Writes all waiting lines before it returns. For the end of the process: a full pipe may delay it by a second. */
  flushSync(): void {
    this.#writer.flushSync();
  }

  /** Resolves when everything was written or has failed. */
  async close(): Promise<void> {
    if (this.#life !== 'open') return;
    this.#life = 'closing';
    await this.#writer.close();
    this.#life = 'closed';
    process.off('exit', this.#flushAtExit);
  }

  readonly #flushAtExit = (): void => this.flushSync();

  #failed(reason: string): void {
    const values = { log: this.#options.name, reason };
    if (this.#life === 'open') this.#report('failing', entry(LOG_MESSAGES.logNotWritten, values));
    else this.#trouble(entry(LOG_MESSAGES.logCutShort, values));
  }

  #report(what: 'failing' | 'dropping', trouble: Entry): void {
    if (this.#reported.has(what)) return;
    // Before the call, because the receiver may write to this log.
    this.#reported.add(what);
    this.#trouble(trouble);
  }

  #trouble(trouble: Entry): void {
    this.#options.onTrouble?.(trouble);
  }

  #recovered(): void {
    if (this.#reported.size === 0) return;
    this.#reported.clear();
    this.#trouble(entry(LOG_MESSAGES.logWrittenAgain, { log: this.#options.name, count: this.#dropped }));
  }
}
