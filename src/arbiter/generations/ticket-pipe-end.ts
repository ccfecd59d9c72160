// The arbiter's hold on the writing end of a generation's ticket pipe: a gateway's crash is not mistaken for a drain as long as it lasts.

import fs from 'node:fs';

export class TicketPipeEnd {
  readonly path: string;
  #fd: number | null = null;

  constructor(path: string) {
    this.path = path;
  }

  /** The forkserver has made the pipe; false if it is gone. */
  hold(): boolean {
    try {
      this.#fd = fs.openSync(this.path, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK);
      return true;
    } catch {
      return false; // ENXIO: the reading end has died with the forkserver, whose end will be heard of.
    }
  }

  /** With the gateways' gone too, idle workers read end-of-file. */
  release(): void {
    if (this.#fd === null) return;
    fs.closeSync(this.#fd);
    this.#fd = null;
    fs.rmSync(this.path, { force: true });
  }
}
