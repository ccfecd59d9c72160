// The arbiter's copy of the writing end of a generation's ticket pipe. While it is open, workers do not mistake a gateway's crash for a drain.

import fs from 'node:fs';

export class TicketPipeEnd {
  readonly path: string;
  #fd: number | null = null;

  constructor(path: string) {
    this.path = path;
  }

  /** The forkserver has made the pipe. Returns false if it is gone. */
  hold(): boolean {
    try {
      this.#fd = fs.openSync(this.path, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK);
      return true;
    } catch {
      return false; // ENXIO: the reading end died with the forkserver, whose end is reported separately.
    }
  }

  /** Once the gateways have closed theirs too, idle workers read end-of-file. */
  release(): void {
    if (this.#fd === null) return;
    fs.closeSync(this.#fd);
    this.#fd = null;
    fs.rmSync(this.path, { force: true });
  }
}
