// The processes that a start needs later, and that begin beside the first forkserver.

import { GatewayProcesses } from '../../arbiter/gateways/gateway-process.ts';
import type { EarlyChild } from '../../arbiter/process/early-child.ts';
import { startEarlyBinder } from '../../arbiter/sockets/binder.ts';
import type { FlagValues } from '../../settings/layers.ts';

export class EarlyProcesses {
  readonly gateways: GatewayProcesses = new GatewayProcesses();
  #binder: EarlyChild | null = null;

  get binder(): EarlyChild | null {
    return this.#binder;
  }

  startGateway(): void {
    this.gateways.startEarly();
  }

  startBinder(python: string): void {
    this.#binder = startEarlyBinder(python);
  }

  /** Ends those that the server has not taken. */
  discard(): void {
    this.gateways.discard();
    this.#binder?.discard();
  }
}

/** Whether the command will serve, as far as its command line says. */
export function willServe({ check_config, print_config, show_origins, daemon }: FlagValues): boolean {
  return ![check_config, print_config, show_origins, daemon].includes(true);
}
