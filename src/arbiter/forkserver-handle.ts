// The arbiter's view of one forkserver: starts the process, sends it messages, reports its messages and its end.

import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import {
  type FromForkserver,
  parseFromForkserver,
  type ToForkserver,
} from '../messages/between-arbiter-and-forkserver.ts';

/** Where python/tunicorn is, seen from dist/arbiter/ and from build/src/arbiter/ alike. */
export const PYTHON_DIR: string = findPythonDir(path.dirname(fileURLToPath(import.meta.url)));

/** Room for the process title (python/tunicorn/process_title.py writes over the arguments). */
const TITLE_ROOM = '-'.repeat(128);

const START = `
import sys
sys.path[:1] = []
sys.path.append(sys.argv[1])
sys.argv[:] = ['tunicorn']
from tunicorn.forkserver import main
main()
`;

export interface ForkserverEvents {
  message(message: FromForkserver): void;
  /** The link said something that is not a message. */
  nonsense(what: string): void;
  gone(code: number | null, signal: NodeJS.Signals | null): void;
}

export class ForkserverHandle {
  readonly #child: ChildProcess;
  readonly #link: Duplex;

  constructor(python: string, cwd: string, events: ForkserverEvents) {
    this.#child = spawn(python, ['-c', START, PYTHON_DIR, TITLE_ROOM], {
      cwd,
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
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
    // Not `exit`, which may come before the last bytes of the link have been read. Workers do not hold the link open.
    this.#child.on('close', (code, signal) => events.gone(code, signal));
    // Could not be started, or not be signalled: `close` follows in the first case and means the same.
    this.#child.on('error', () => {});
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  send(message: ToForkserver): void {
    if (this.#link.writable) this.#link.write(`${JSON.stringify(message)}\n`);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

function findPythonDir(from: string): string {
  // dist/arbiter is two levels below the root, build/src/arbiter (the tests' build) three.
  const up = path.basename(path.dirname(path.dirname(from))) === 'build' ? '../../..' : '../..';
  return path.resolve(from, up, 'python');
}
