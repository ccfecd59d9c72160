// Makes generations: their numbers, their forkservers, and what all of them share, the slots of the claims board and the ages of
// workers. Used by generations.ts.

import type { FromForkserver } from '../../messages/between-arbiter-and-forkserver.ts';
import { type ClaimsBoard, WORKER_SLOTS } from '../../runqueue/claims-board.ts';
import type { ArbiterStart } from '../arbiter-start.ts';
import { type ForkserverEvents, ForkserverHandle } from '../forkserver/forkserver-handle.ts';
import type { Gateways } from '../gateways/gateways.ts';
import { BoardSlots } from '../workers/board-slots.ts';
import { describeEnd } from '../workers/exit-messages.ts';
import type { ProcessEnd } from '../workers/worker-life.ts';
import type { Worker } from '../workers/worker-roster.ts';
import { Generation, type GenerationEvents } from './generation.ts';

export interface LaunchOwner {
  readonly start: ArbiterStart;
  readonly board: ClaimsBoard;
  readonly gateways: Gateways;
  /** Messages and ends of forkservers belong into the arbiter's queue. */
  forkserverMessage(generation: Generation, message: FromForkserver): void;
  forkserverGone(generation: Generation, how: string): void;
  /** `worker` as it was before its end. */
  workerGone(generation: Generation, worker: Worker, end: ProcessEnd, nowMs: number): void;
}

export class GenerationLaunch {
  readonly #owner: LaunchOwner;
  readonly #slots: BoardSlots = new BoardSlots(WORKER_SLOTS);
  #lastNumber = 0;
  #lastAge = 0;

  constructor(owner: LaunchOwner) {
    this.#owner = owner;
  }

  get lastNumber(): number {
    return this.#lastNumber;
  }

  /** Of the newest worker. */
  get lastAge(): number {
    return this.#lastAge;
  }

  /** With the forkserver that the command has started. */
  first(): Generation {
    return this.#launch((events) => this.#owner.start.firstForkserver(events));
  }

  /** With a new forkserver, which evaluates the configuration file. */
  next(): Generation {
    const { forkserverCommand, configure } = this.#owner.start;
    return this.#launch((events) => {
      const forkserver = new ForkserverHandle(forkserverCommand, events);
      forkserver.send(configure);
      return forkserver;
    });
  }

  #launch(startForkserver: (events: ForkserverEvents) => ForkserverHandle): Generation {
    const { start, board } = this.#owner;
    this.#lastNumber += 1;
    // The events come from the event loop only: by then `generation` is there.
    const forkserver = startForkserver({
      message: (message) => this.#owner.forkserverMessage(generation, message),
      nonsense: (what) => start.log.log('error', `A forkserver said something strange: ${what}`),
      gone: (code, signal) => this.#owner.forkserverGone(generation, describeEnd(code, signal)),
    });
    const { runtimeDir } = start.directories;
    const generation: Generation = new Generation(this.#lastNumber, forkserver, runtimeDir, board, this.#events());
    return generation;
  }

  #events(): GenerationEvents {
    const { start, gateways, workerGone } = this.#owner;
    return {
      allot: (slots) => {
        const slot = this.#slots.take(slots);
        if (slot === null) return null;
        this.#lastAge += 1;
        return { slot, age: this.#lastAge };
      },
      gateways: () => gateways.numbersUp(),
      workerRetires: ({ slot, slots }) => gateways.broadcast({ type: 'worker-retires', slot, slots }),
      workerGone: (generation, worker, end, nowMs) => {
        const { slot, slots } = worker;
        this.#slots.giveBack(worker);
        gateways.broadcast({ type: 'worker-gone', slot, slots, generation: generation.number });
        workerGone(generation, worker, end, nowMs);
      },
      notForked: (worker) => this.#slots.giveBack(worker),
      workersReady: ({ number, concurrency }) => {
        gateways.broadcast({ type: 'workers', generation: number, concurrency });
      },
      expire: ({ gateway, ticket, pid }) => gateways.get(gateway)?.send({ type: 'expire', ticket, pid }),
      log: (level, message) => start.log.log(level, message),
    };
  }
}
