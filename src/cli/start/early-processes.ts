// The processes that begin before the arbiter, side by side: the first forkserver, the first gateway, and the one that binds.

import type { ChildProcess } from 'node:child_process';
import { isDeepStrictEqual } from 'node:util';
import type { ForkserverCommand } from '../../arbiter/forkserver/forkserver-command.ts';
import { startForkserver } from '../../arbiter/forkserver/forkserver-process.ts';
import { GatewayProcesses } from '../../arbiter/gateways/gateway-process.ts';
import type { EarlyChild } from '../../arbiter/process/early-child.ts';
import { startEarlyBinder } from '../../arbiter/sockets/binder.ts';

export class EarlyProcesses {
  readonly gateways: GatewayProcesses = new GatewayProcesses();
  #forkserver: { readonly command: ForkserverCommand; readonly child: ChildProcess } | null = null;
  #binder: { readonly python: string; readonly child: EarlyChild } | null = null;

  get binder(): EarlyChild | null {
    return this.#binder?.child ?? null;
  }

  startForkserver(command: ForkserverCommand): void {
    this.#forkserver = { command, child: startForkserver(command) };
  }

  startGateway(): void {
    this.gateways.startEarly();
  }

  startBinder(python: string): void {
    if (this.#binder?.python === python) return;
    this.#binder?.child.discard();
    this.#binder = { python, child: startEarlyBinder(python) };
  }

  /** The early one, if this is its command. */
  takeForkserver(command: ForkserverCommand): ChildProcess {
    const early = this.#forkserver;
    this.#forkserver = null;
    // One that could not be started has reported it already.
    if (early?.child.pid !== undefined && isDeepStrictEqual(early.command, command)) return early.child;
    early?.child.kill('SIGKILL');
    return startForkserver(command);
  }

  /** Ends those that were not taken. */
  discard(): void {
    this.#forkserver?.child.kill('SIGKILL');
    this.#forkserver = null;
    this.gateways.discard();
    this.#binder?.child.discard();
  }
}
