// The arbiter's view of one forkserver: starts the process, sends it messages, reports its messages and its end.

import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import {
  type FromForkserver,
  parseFromForkserver,
  type ToForkserver,
} from '../../messages/between-arbiter-and-forkserver.ts';
import { OPEN_FILES_VARIABLE } from '../../messages/environment-variables.ts';
import { hasTerminal } from '../deadlines/debugging.ts';
import type { ForkserverCommand } from './forkserver-command.ts';

const LOG_ROOM_BYTES = 4 * 1024 * 1024;
const LEAVE_MS = 1000;
/** After its end, for what it has sent and the arbiter has not read yet. */
const LAST_BYTES_MS = 1000;

export interface ForkserverEvents {
  message(message: FromForkserver): void;
  /** The link said something that is not a message. */
  nonsense(what: string): void;
  gone(code: number | null, signal: NodeJS.Signals | null): void;
}

export class ForkserverHandle {
  readonly #child: ChildProcess;
  readonly #link: Duplex;

  constructor(command: ForkserverCommand, events: ForkserverEvents) {
    const { file, args, cwd, openFiles } = command;
    const env = openFiles === null ? command.env : { ...command.env, [OPEN_FILES_VARIABLE]: String(openFiles) };
    this.#child = spawn(file, args, {
      cwd,
      env,
      // A debugger in the only worker reads from the terminal; anything else on standard input is not the server's.
      stdio: [hasTerminal() ? 'inherit' : 'ignore', 'inherit', 'inherit', 'pipe'],
    });
    this.#link = this.#child.stdio[3] as Duplex;
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
    // A write to a forkserver that has just died: its end is reported below.
    this.#link.on('error', () => {});
    // Not `exit`, which may come before the last bytes of the link have been read. Workers do not hold the link open; what hooks
    // have forked may, and is not waited for.
    let isGone = false;
    const gone = (code: number | null, signal: NodeJS.Signals | null): void => {
      if (isGone) return;
      isGone = true;
      this.#link.destroy();
      events.gone(code, signal);
    };
    this.#child.on('close', gone);
    this.#child.on('exit', (code, signal) => setTimeout(gone, LAST_BYTES_MS, code, signal).unref());
    // Could not be started, or not be signalled: `close` follows in the first case and means the same.
    this.#child.on('error', () => {});
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  send(message: ToForkserver): void {
    if (this.#link.writable) this.#link.write(`${JSON.stringify(message)}\n`);
  }

  /** For log lines: those that it has not taken yet must not pile up. */
  get hasRoom(): boolean {
    return this.#link.writable && this.#link.writableLength < LOG_ROOM_BYTES;
  }

  /** Lets it finish what it has been sent, and waits for its end; a second at most. */
  async leave(): Promise<void> {
    const gone = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    this.#link.end();
    const patience = setTimeout(() => this.kill(), LEAVE_MS);
    await gone;
    clearTimeout(patience);
  }

  /** Ends the import of the application, if that is under way. */
  interrupt(): void {
    this.#child.kill('SIGINT');
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
