// A notify socket like systemd's, for one scenario.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { LineLog } from '../line-log.ts';
import { root, venvPython } from '../project.ts';
import type { Scene } from '../scenario.ts';

export interface Notice {
  readonly pid: number;
  /** Notices such as `READY=1`, by name. */
  readonly fields: ReadonlyMap<string, string>;
}

export class NotifySocket {
  readonly address: string;
  readonly #log: LineLog;
  readonly #listener: ChildProcess;

  private constructor(address: string, log: LineLog, listener: ChildProcess) {
    this.address = address;
    this.#log = log;
    this.#listener = listener;
  }

  static async open(scene: Scene, address: string = scene.path('notify.sock')): Promise<NotifySocket> {
    const log = new LineLog();
    const child = spawn(venvPython, [`${root}/test/harness/doubles/notify_listener.py`, address], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    scene.defer(() => void child.kill('SIGKILL'));
    child.stdout.setEncoding('utf8').on('data', (text: string) => log.append(text));
    await log.waitFor(/listening/);
    return new NotifySocket(address, log, child);
  }

  /** Closes the socket: nothing listens any more. */
  async close(): Promise<void> {
    const ended = once(this.#listener, 'exit');
    this.#listener.kill('SIGKILL');
    await ended;
  }

  mark(): number {
    return this.#log.mark();
  }

  /** The notices so far. */
  notices(since: number = 1): readonly Notice[] {
    return this.#log.lines.slice(since).map(parseNotice);
  }

  /** Waits for the first notice whose text matches. */
  async waitFor(pattern: RegExp, since: number = 1): Promise<Notice> {
    const match = await this.#log.waitFor(pattern, since);
    return parseNotice(match.input);
  }
}

function parseNotice(line: string): Notice {
  const [pid, text] = JSON.parse(line) as [number, string];
  const fields = text.split('\n').map((assignment): [string, string] => {
    const [name = '', ...value] = assignment.split('=');
    return [name, value.join('=')];
  });
  return { pid, fields: new Map(fields) };
}
