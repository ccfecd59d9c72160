// Which of two arbiters answers at the address of admin_bind during an upgrade: the older one until it stops, then the newer one. Answers of
// both in turn would make counters go back. The older one holds the other end of a socket pair open for as long as it answers.

import type { ChildProcess } from 'node:child_process';
import net from 'node:net';

export class AdminHandover {
  #state: 'awaited' | 'over' = 'over';

  /** `descriptor`: this arbiter's end; null without an older arbiter. */
  constructor(descriptor: number | null) {
    if (descriptor === null) return;
    this.#state = 'awaited';
    const socket = new net.Socket({ fd: descriptor, readable: true, writable: false });
    // The end of the older arbiter, however it ends, closes the other end, too.
    socket
      .on('error', () => {})
      .on('close', () => {
        this.#state = 'over';
      });
    socket.resume();
    socket.unref();
  }

  get isOver(): boolean {
    return this.#state === 'over';
  }
}

/** `child`: the newer arbiter, whose last stream is this arbiter's end. */
export function giveAdminAddress(child: ChildProcess): void {
  child.stdio.at(-1)?.destroy();
}
