// The process of one gateway: starts it, sends it messages and listening sockets, reports its messages and its end.

import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import type { FromGateway, ListenerAddress, ToGateway } from '../../messages/between-arbiter-and-gateway.ts';
import { INSTALLATION_DIR } from '../../python-dir.ts';
import { type ListeningHandle, sendListeningHandle } from '../sockets/listening-handle.ts';

const GATEWAY_PROGRAM = path.join(INSTALLATION_DIR, 'bin', 'gateway.cjs');

/** Node writes the process title over the arguments. */
const TITLE_ROOM = '-'.repeat(128);

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

  constructor(number: number, index: number, events: GatewayEvents) {
    this.number = number;
    this.index = index;
    this.#child = fork(GATEWAY_PROGRAM, [TITLE_ROOM], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child.on('message', (message) => events.message(this, message as FromGateway));
    this.#child.on('exit', (code, signal) => events.gone(this, code, signal));
    // A write to a gateway that has just died. `exit` reports its end.
    this.#child.on('error', () => {});
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
