// Sends bytes one at a time, like a client that tries to tie up a server.

import { pause } from '../deadline.ts';
import type { HttpConnection } from './http-connection.ts';

export class SlowSender {
  readonly #connection: HttpConnection;
  readonly #everyMs: number;
  #state: 'sending' | 'stopping' = 'sending';
  readonly #done: Promise<number>;

  /** Starts immediately, and sends until it has no more bytes or is stopped. */
  constructor(connection: HttpConnection, bytes: string | Iterable<string>, everyMs: number = 50) {
    this.#connection = connection;
    this.#everyMs = everyMs;
    this.#done = this.#send(bytes);
  }

  /** Resolves with the number of pieces when all are sent. */
  done(): Promise<number> {
    return this.#done;
  }

  async stop(): Promise<void> {
    this.#state = 'stopping';
    await this.#done;
  }

  async #send(pieces: Iterable<string>): Promise<number> {
    let sent = 0;
    for (const piece of pieces) {
      if (this.#state !== 'sending' || this.#connection.socket.destroyed) break;
      /** Starts immediately, and sends until all bytes are sent or stop() is called. */
      // The other side may close while this one is sending; the test checks the response.
      await this.#connection.send(piece).catch(() => {});
      sent += 1;
      await pause(this.#everyMs);
    }
    return sent;
  }
}
