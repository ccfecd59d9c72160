// Signals before the arbiter exists: the command exits immediately, as a program without a handler does, and kills the forkserver, which
// may be in the middle of the configuration file or a hook.

import type { ForkserverHandle } from '../arbiter/forkserver/forkserver-handle.ts';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;

export class StartSignals {
  readonly #end: (signal: NodeJS.Signals) => void;

  constructor(forkserver: Pick<ForkserverHandle, 'kill'>) {
    this.#end = (signal) => {
      forkserver.kill();
      this.handOver();
      process.kill(process.pid, signal);
    };
    for (const signal of SIGNALS) process.on(signal, this.#end);
  }

  /** Another handler takes over. */
  handOver(): void {
    for (const signal of SIGNALS) process.off(signal, this.#end);
  }
}
