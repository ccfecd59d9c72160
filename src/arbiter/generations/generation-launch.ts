// Creates generations: numbers them and starts their forkservers.

import type { ClaimsBoard } from '../../runqueue/claims-board.ts';
import type { ArbiterStart } from '../arbiter-start.ts';
import { type ForkserverEvents, ForkserverHandle } from '../forkserver/forkserver-handle.ts';
import { startForkserver } from '../forkserver/forkserver-process.ts';
import type { Gateways } from '../gateways/gateways.ts';
import type { Allotment } from '../workers/allotment.ts';
import { Generation, type GenerationOptions } from './generation.ts';

export interface LaunchOptions extends Pick<GenerationOptions, 'post' | 'workerGone'> {
  readonly start: ArbiterStart;
  readonly board: ClaimsBoard;
  readonly allotment: Allotment;
  readonly gateways: Gateways;
}

export class GenerationLaunch {
  readonly #options: LaunchOptions;
  #lastNumber = 0;

  constructor(options: LaunchOptions) {
    this.#options = options;
  }

  /** Uses the forkserver that the command has started. */
  first(): Generation {
    return this.#launch(this.#options.start.firstForkserver);
  }

  /** Starts a new forkserver, which evaluates the configuration file. */
  next(): Generation {
    const { forkserverCommand, configure } = this.#options.start;
    return this.#launch((events) => {
      const forkserver = new ForkserverHandle(startForkserver(forkserverCommand), events);
      forkserver.send(configure);
      return forkserver;
    });
  }

  #launch(startForkserver: (events: ForkserverEvents) => ForkserverHandle): Generation {
    const { start, ...shared } = this.#options;
    this.#lastNumber += 1;
    return new Generation({
      ...shared,
      number: this.#lastNumber,
      runtimeDir: start.directories.runtimeDir,
      log: start.log,
      startForkserver,
    });
  }
}
