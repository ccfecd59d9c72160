// The writing end of the lifeline, a named pipe. No other process has it open for writing, so its end-of-file notifies workers that
// the arbiter is gone, however it ended.

import fs from 'node:fs';

export class Lifeline {
  #fd: number | null = null;

  /** Call it once a forkserver has made the pipe. */
  hold(path: string): void {
    if (this.#fd !== null) return;
    try {
      this.#fd = fs.openSync(path, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK);
    } catch {
      // ENXIO: its reader, the forkserver, has just died. The next generation's forkserver will read it.
    }
  }

  close(): void {
    if (this.#fd !== null) fs.closeSync(this.#fd);
    this.#fd = null;
  }
}
