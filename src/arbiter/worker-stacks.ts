// The files in which workers leave their stacks: a C handler of faulthandler writes there, even when the interpreter is stuck.

import fs from 'node:fs';
import path from 'node:path';
import { PYTHON_DIR } from '../python-dir.ts';
import { applicationStack } from './application-stack.ts';
import { requestStack } from './request-stack.ts';

export class WorkerStacks {
  readonly #runtimeDir: string;

  constructor(runtimeDir: string) {
    this.#runtimeDir = runtimeDir;
  }

  /** All that the worker has written, without Tunicorn's own frames; empty if nothing. `from` leaves out what was there before. */
  read(slot: number, from: number = 0): string {
    return applicationStack(this.#text(slot).slice(from), PYTHON_DIR);
  }

  /** The stack of one request, among those written since `from`. */
  ofRequest(slot: number, from: number, ticket: number, thread: number): string {
    return applicationStack(requestStack(this.#text(slot).slice(from), ticket, thread), PYTHON_DIR);
  }

  /** How much there is, for a later `from`. */
  size(slot: number): number {
    return this.#text(slot).length;
  }

  remove(slot: number): void {
    fs.rmSync(this.#path(slot), { force: true });
  }

  #text(slot: number): string {
    try {
      return fs.readFileSync(this.#path(slot), 'latin1');
    } catch {
      return ''; // It died before it made the file.
    }
  }

  #path(slot: number): string {
    return path.join(this.#runtimeDir, `stack-${slot}`);
  }
}
