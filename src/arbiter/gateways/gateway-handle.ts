// The arbiter's view of one gateway process: starts it, sends it messages and listening sockets, reports what it says and its end.

import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FromGateway, ListenerAddress, ToGateway } from '../../messages/between-arbiter-and-gateway.ts';
import { type ListeningHandle, sendListeningHandle } from '../sockets/listening-handle.ts';

const GATEWAY_MAIN = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', 'gateway', 'main.js');

/** Node writes the process title over the arguments. */
const TITLE_ROOM = '-'.repeat(128);

export interface GatewayEvents {
  message(gateway: GatewayHandle, message: FromGateway): void;
  gone(gateway: GatewayHandle, code: number | null, signal: NodeJS.Signals | null): void;
}

export class GatewayHandle {
  /** Unique among all gateway processes of this arbiter's life. */
  readonly number: number;
  /** Place among the gateways, which a replacement takes over. */
  readonly index: number;
  /** Ids of the listeners that it has been given. */
  readonly #listens: Set<number> = new Set();
  readonly #child: ChildProcess;

  constructor(number: number, index: number, events: GatewayEvents) {
    this.number = number;
    this.index = index;
    this.#child = fork(GATEWAY_MAIN, [TITLE_ROOM], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child.on('message', (message) => events.message(this, message as FromGateway));
    this.#child.on('exit', (code, signal) => events.gone(this, code, signal));
    // A gateway that has just died cannot be written to; its exit says so.
    this.#child.on('error', () => {});
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Gives it a listening socket, once: each copy that is sent is a descriptor of its own over there. */
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
