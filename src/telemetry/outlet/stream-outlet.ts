// Sends messages over a TCP connection, as they are: the caller terminates them. Connects in the background, and reconnects when the
// connection is lost.

import net, { type Socket } from 'node:net';
import { KEPT_BYTES, type Outlet, RETRY_MS } from './outlet.ts';

export class StreamOutlet implements Outlet {
  readonly #host: string;
  readonly #port: number;
  #socket: Socket;
  #isClosed = false;
  #dropped = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
    this.#socket = this.#connect();
  }

  get dropped(): number {
    return this.#dropped;
  }

  send(message: string): void {
    // The socket buffers writes until it is connected.
    if (this.#isClosed || this.#socket.destroyed || this.#socket.writableLength > KEPT_BYTES) {
      this.#dropped += 1;
      return;
    }
    this.#socket.write(message, (error) => {
      if (error) this.#dropped += 1;
    });
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#socket.end();
  }

  #connect(): Socket {
    const socket = net.connect({ host: this.#host, port: this.#port });
    socket.unref();
    // A receiver that goes away resets the connection; `close` follows.
    socket.on('error', () => {});
    socket.resume();
    socket.on('close', () => {
      if (this.#isClosed) return;
      this.#timer = setTimeout(() => {
        this.#socket = this.#connect();
      }, RETRY_MS);
      this.#timer.unref();
    });
    return socket;
  }
}
