// Signals before the arbiter exists: the command exits immediately, as a program without a handler does, and kills the processes
// that it has started. The forkserver may be in the middle of the configuration file or a hook.

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;

export class StartSignals {
  readonly #end: (signal: NodeJS.Signals) => void;

  constructor(killChildren: () => void) {
    this.#end = (signal) => {
      killChildren();
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
