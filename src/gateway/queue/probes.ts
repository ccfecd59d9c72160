// Probes: tickets that are not run. Since the pipe keeps its order, a worker that answers one proves that every earlier ticket was taken.

import { writeProbeTicket } from '../../runqueue/ticket.ts';
import type { TicketPipe } from './ticket-pipe.ts';

export class Probes {
  readonly #gateway: number;
  readonly #newId: () => number;
  readonly #out: Map<number, TicketPipe> = new Map();
  /** A probe to be written as soon as there is room. */
  #owed: TicketPipe | null = null;

  constructor(gateway: number, newId: () => number) {
    this.#gateway = gateway;
    this.#newId = newId;
  }

  send(pipe: TicketPipe): void {
    const offset = pipe.reserve();
    if (offset === null) {
      this.#owed = pipe;
      return;
    }
    const id = this.#newId();
    this.#out.set(id, pipe);
    writeProbeTicket(pipe.batch, offset, { id, gateway: this.#gateway, cancel: 0 });
    pipe.filled(performance.now());
  }

  sendOwed(): void {
    const owed = this.#owed;
    this.#owed = null;
    if (owed !== null) this.send(owed);
  }

  forgetOwed(): void {
    this.#owed = null;
  }

  /** The pipe that it was taken from; undefined for an unknown probe. */
  taken(probe: number): TicketPipe | undefined {
    const pipe = this.#out.get(probe);
    this.#out.delete(probe);
    return pipe;
  }

  generationGone(generation: number): void {
    for (const [probe, pipe] of this.#out) if (pipe.generation === generation) this.#out.delete(probe);
  }
}
