// A connection that a WSGI application has taken for itself: raw bytes between the client and the worker's channel, both ways, each no
// faster than the other side takes them; the end of either direction is passed on. The connection makes it after TUNNEL.

import type { Socket } from 'node:net';
import type { ClientOutput } from './client-output.ts';
import type { Exchange } from './exchange.ts';
import type { TakenOver } from './taken-over.ts';

/** With more than this in the channel's socket, the client is not read any further. */
const CHANNEL_BUFFER_BYTES = 64 * 1024;
/** When one side is gone, the other has this long to take what it is still owed. */
const LAST_BYTES_MS = 5000;

/** Bytes of a tunnel are not spooled: the application is held back. */
const CLIENT_LIMITS = { responseBufferBytes: 64 * 1024, responseSpoolBytes: 0 };

/** The client's side of a tunnel. */
export interface TunnelClient {
  write(bytes: Buffer): void;
  holdsBack(resume: () => void): boolean;
  pause(): void;
  resume(): void;
  /** Nothing more will be written. */
  end(): void;
  destroy(): void;
}

export function tunnelClient(socket: Socket, output: ClientOutput): TunnelClient {
  return {
    write: (bytes) => output.write(bytes, CLIENT_LIMITS),
    holdsBack: (resume) => output.holdsBack(CLIENT_LIMITS, resume),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    end: () => socket.end(),
    destroy: () => socket.destroy(),
  };
}

export class Tunnel implements TakenOver {
  readonly kind = 'tunnel';
  readonly #client: TunnelClient;
  readonly #channel: Socket;
  readonly #exchange: Exchange;
  #timer: NodeJS.Timeout | null = null;

  constructor(exchange: Exchange, client: TunnelClient, channel: Socket) {
    this.#exchange = exchange;
    this.#client = client;
    this.#channel = channel;
  }

  fromClient(bytes: Buffer): void {
    this.#exchange.requestBytes += bytes.length;
    if (bytes.length === 0 || !this.#channel.writable) return;
    this.#channel.write(bytes);
    if (this.#channel.writableLength > CHANNEL_BUFFER_BYTES) this.#client.pause();
  }

  /** The client shuts down its sending side. */
  clientEnded(): void {
    this.#channel.end();
  }

  fromWorker(bytes: Buffer): void {
    this.#exchange.sentBytes += bytes.length;
    this.#client.write(bytes);
    if (this.#client.holdsBack(() => this.#channel.resume())) this.#channel.pause();
  }

  /** The worker shuts down its sending side, or is gone. */
  workerEnded(): void {
    this.#client.end();
  }

  /** The channel has taken everything that the client has sent so far. */
  channelDrained(): void {
    this.#client.resume();
  }

  channelClosed(): void {
    this.#client.end();
    this.#client.resume();
    this.#endBy(LAST_BYTES_MS);
  }

  get generation(): number {
    return this.#exchange.pipe?.generation ?? 0;
  }

  holdsBack(): boolean {
    return false;
  }

  drained(): void {}

  retire(_delayMs: number, limitMs: number): void {
    this.#endBy(limitMs);
  }

  checkTime(): void {}

  closed(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    // What the client has sent before it left is still for the worker, which may take its time.
    this.#channel.end();
    this.#channel.resume();
    this.#exchange.closed();
  }

  #endBy(limitMs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#client.destroy(), limitMs);
  }
}
