// The process of one gateway: sends it messages and listening sockets, reports its messages and its end.

import type { ChildProcess } from 'node:child_process';
import type { FromGateway, ListenerAddress, ToGateway } from '../../messages/between-arbiter-and-gateway.ts';
import { type ListeningHandle, sendListeningHandle } from '../sockets/listening-handle.ts';

export interface GatewayEvents {
  message(gateway: GatewayHandle, message: FromGateway): void;
  gone(gateway: GatewayHandle, code: number | null, signal: NodeJS.Signals | null): void;
}

export class GatewayHandle {
  /** Unique among all gateway processes that this arbiter ever starts. */
  readonly number: number;
  /** Position among the gateways; a replacement takes it over. */
  readonly index: number;
  /** Ids of the listeners sent to it. */
  readonly #listens: Set<number> = new Set();
  readonly #child: ChildProcess;

  constructor(number: number, index: number, child: ChildProcess, events: GatewayEvents) {
    this.number = number;
    this.index = index;
    this.#child = child;
    this.#child.on('message', (message) => events.message(this, message as FromGateway));
    this.#child.on('exit', (code, signal) => events.gone(this, code, signal));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Sends a listening socket, only once: each copy would be another descriptor in the gateway. */
  listen(listener: ListenerAddress, handle: ListeningHandle): void {
    if (this.#listens.has(listener.id)) return;
    this.#listens.add(listener.id);
    this.send({ type: 'listen', listener }, handle);
  }

  send(message: ToGateway, handle?: ListeningHandle): void {
    if (!this.#child.connected) return;
    if (handle === undefined) this.#child.send(message, () => {});
    else sendListeningHandle(this.#child, message, handle);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
