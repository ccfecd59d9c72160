// Signals that come before there is an arbiter: the command ends at once, as a program does that has no handler, and takes the forkserver
// along, which may be in the middle of the configuration file or of a hook.

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

  /** Somebody else handles them now. */
  handOver(): void {
    for (const signal of SIGNALS) process.off(signal, this.#end);
  }
}
