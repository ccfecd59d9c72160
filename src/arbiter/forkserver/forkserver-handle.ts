// The process of one forkserver: sends it messages, reports its messages and its end.

import type { ChildProcess } from 'node:child_process';
import type { Duplex } from 'node:stream';
import {
  type FromForkserver,
  LINK_DESCRIPTOR,
  parseFromForkserver,
  type ToForkserver,
} from '../../messages/between-arbiter-and-forkserver.ts';

const LOG_ROOM_BYTES = 4 * 1024 * 1024;
const LEAVE_MS = 1000;
/** After its end, to read the bytes still in the link. */
const LAST_BYTES_MS = 1000;

export interface ForkserverEvents {
  message(message: FromForkserver): void;
  /** A line of the link is not a message; `what` says why. */
  nonsense(what: string): void;
  gone(code: number | null, signal: NodeJS.Signals | null): void;
}

export class ForkserverHandle {
  readonly #child: ChildProcess;
  readonly #link: Duplex;

  constructor(child: ChildProcess, events: ForkserverEvents) {
    this.#child = child;
    this.#link = child.stdio[LINK_DESCRIPTOR] as Duplex;
    let unfinished = '';
    this.#link.setEncoding('utf8');
    this.#link.on('data', (text: string) => {
      const lines = (unfinished + text).split('\n');
      unfinished = lines.pop() ?? '';
      for (const line of lines) {
        const message = parseFromForkserver(line);
        if (typeof message === 'string') events.nonsense(message);
        else events.message(message);
      }
    });
    // A write to a forkserver that has just died. Its end is reported below.
    this.#link.on('error', () => {});
    // Not `exit`, which may come before the last bytes of the link have been read. Workers do not hold the link open; processes
    // forked by hooks may, and must not delay this.
    let isGone = false;
    const gone = (code: number | null, signal: NodeJS.Signals | null): void => {
      if (isGone) return;
      isGone = true;
      this.#link.destroy();
      events.gone(code, signal);
    };
    this.#child.on('close', gone);
    this.#child.on('exit', (code, signal) => setTimeout(gone, LAST_BYTES_MS, code, signal).unref());
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  send(message: ToForkserver): void {
    if (this.#link.writable) this.#link.write(`${JSON.stringify(message)}\n`);
  }

  /** Whether it can take log lines: unread ones must not pile up. */
  get hasRoom(): boolean {
    return this.#link.writable && this.#link.writableLength < LOG_ROOM_BYTES;
  }

  /** Lets it handle the messages sent so far, and waits up to a second for its end. */
  async leave(): Promise<void> {
    const gone = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    this.#link.end();
    const patience = setTimeout(() => this.kill(), LEAVE_MS);
    await gone;
    clearTimeout(patience);
  }

  /** Interrupts the import of the application, if it is importing. */
  interrupt(): void {
    this.#child.kill('SIGINT');
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
