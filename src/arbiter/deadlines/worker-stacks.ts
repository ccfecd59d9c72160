// The files in which workers leave their stacks: a C handler of faulthandler writes there, even when the interpreter is stuck.

import fs from 'node:fs';
import path from 'node:path';
import { PYTHON_DIR } from '../../python-dir.ts';
import { applicationStack, hasSameFrames, lastStacks } from './application-stack.ts';
import { requestStack } from './request-stack.ts';

export class WorkerStacks {
  readonly #runtimeDir: string;
  /** By worker slot: how much of it has been looked at. */
  readonly #told: Map<number, number> = new Map();
  /** By worker slot: what of it is in the log. */
  readonly #logged: Map<number, string> = new Map();

  constructor(runtimeDir: string) {
    this.#runtimeDir = runtimeDir;
  }

  /** All that the worker has written since `from`, without Tunicorn's own frames; empty if nothing. It counts as told. */
  read(slot: number, from: number): string {
    return this.#logs(slot, applicationStack(this.#tell(slot).slice(from), PYTHON_DIR));
  }

  /** The stack of one request, among those written since `from`, which count as told. */
  ofRequest(slot: number, from: number, ticket: number, thread: number): string {
    return this.#logs(slot, applicationStack(requestStack(this.#tell(slot).slice(from), ticket, thread), PYTHON_DIR));
  }

  /** What a worker that has ended has left; null if the log has the same stack already. */
  lastWords(slot: number): string | null {
    const stack = applicationStack(lastStacks(this.#text(slot), this.#told.get(slot) ?? 0), PYTHON_DIR);
    return hasSameFrames(stack, this.#logged.get(slot) ?? '') ? null : stack;
  }

  /** How much there is, for a later `from`. */
  size(slot: number): number {
    return this.#text(slot).length;
  }

  remove(slot: number): void {
    fs.rmSync(this.#path(slot), { force: true });
    this.#told.delete(slot);
    this.#logged.delete(slot);
  }

  #logs(slot: number, stack: string): string {
    this.#logged.set(slot, `${this.#logged.get(slot) ?? ''}\n${stack}`);
    return stack;
  }

  #tell(slot: number): string {
    const text = this.#text(slot);
    this.#told.set(slot, text.length);
    return text;
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
