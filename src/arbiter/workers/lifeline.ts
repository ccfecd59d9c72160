// The writing end of the lifeline, a named pipe that no other process has open for writing: its end tells workers that the arbiter
// has gone, whatever has become of it.

import fs from 'node:fs';

export class Lifeline {
  #fd: number | null = null;

  /** A forkserver has made the pipe by now. */
  hold(path: string): void {
    if (this.#fd !== null) return;
    try {
      this.#fd = fs.openSync(path, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK);
    } catch {
      // ENXIO: the forkserver that was to read it has just died; the next generation's will do.
    }
  }

  close(): void {
    if (this.#fd !== null) fs.closeSync(this.#fd);
    this.#fd = null;
  }
}
