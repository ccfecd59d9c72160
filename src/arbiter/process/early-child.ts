// A child process that was started before it is known whether it will be needed.

import type { ChildProcess } from 'node:child_process';

export class EarlyChild {
  #child: ChildProcess | null;

  constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Null if it does not live, or has been taken. */
  take(): ChildProcess | null {
    const child = this.#child;
    this.#child = null;
    return child?.connected && child.exitCode === null && child.signalCode === null ? child : null;
  }

  /** Ends it, unless it was taken. */
  discard(): void {
    this.#child?.kill('SIGKILL');
    this.#child = null;
  }
}
