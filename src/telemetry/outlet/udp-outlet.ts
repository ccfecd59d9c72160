// Sends datagrams to a host and port. Resolves the name in the background, and again every few minutes and after a failure, to follow a
// receiver that moves.

import dgram, { type Socket } from 'node:dgram';
import dns from 'node:dns';
import { KEPT_BYTES, KEPT_MESSAGES, type Outlet, RETRY_MS } from './outlet.ts';

const RESOLVE_ANEW_MS = 300_000;

type State =
  /** The name is being resolved, for the first time or after a failure; messages are kept meanwhile. */
  | { readonly kind: 'resolving'; readonly kept: string[] }
  | { readonly kind: 'open'; readonly socket: Socket; readonly address: string }
  | { readonly kind: 'closed' };

export class UdpOutlet implements Outlet {
  readonly #host: string;
  readonly #port: number;
  #state: State = { kind: 'resolving', kept: [] };
  #dropped = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
    this.#resolve();
  }

  get dropped(): number {
    return this.#dropped;
  }

  send(message: string): void {
    const state = this.#state;
    if (state.kind === 'open') this.#sendBy(state.socket, message);
    else if (state.kind === 'resolving' && state.kept.length < KEPT_MESSAGES) state.kept.push(message);
    else this.#dropped += 1;
  }

  close(): void {
    const state = this.#state;
    this.#state = { kind: 'closed' };
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (state.kind === 'open') state.socket.close();
    else if (state.kind === 'resolving') this.#dropped += state.kept.length;
  }

  #sendBy(socket: Socket, message: string): void {
    // Node queues datagrams that the kernel does not accept, without a limit.
    if (socket.getSendQueueSize() > KEPT_BYTES) {
      this.#dropped += 1;
      return;
    }
    socket.send(message, this.#sent);
  }

  /** An error answers an earlier datagram (ECONNREFUSED: nothing is listening), or the datagram was too long. */
  readonly #sent = (error: Error | null): void => {
    if (error !== null) this.#dropped += 1;
  };

  #resolve(): void {
    // IPv4 first, as programs without IPv6 would resolve it: syslog and StatsD servers listen there.
    dns.lookup(this.#host, { order: 'ipv4first' }, (error, address, family) => {
      const state = this.#state;
      if (state.kind === 'closed') return;
      this.#later(error === null ? RESOLVE_ANEW_MS : RETRY_MS);
      if (error !== null || (state.kind === 'open' && state.address === address)) return;
      this.#connect(address, family === 6 ? 'udp6' : 'udp4');
    });
  }

  #connect(address: string, family: 'udp4' | 'udp6'): void {
    const socket = dgram.createSocket(family);
    socket.unref();
    socket.on('error', () => {});
    socket.connect(this.#port, address, (error?: Error) => {
      const state = this.#state;
      if (error !== undefined || state.kind === 'closed') {
        socket.close();
        return;
      }
      this.#state = { kind: 'open', socket, address };
      if (state.kind === 'open') state.socket.close();
      else for (const message of state.kept) this.#sendBy(socket, message);
    });
  }

  #later(ms: number): void {
    this.#timer = setTimeout(() => this.#resolve(), ms);
    this.#timer.unref();
  }
}
