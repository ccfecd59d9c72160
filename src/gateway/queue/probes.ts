// Probes: tickets that are not run. Because of the pipe's order, a worker that answers one has seen every earlier ticket taken.

import { writeProbeTicket } from '../../runqueue/ticket.ts';
import type { TicketPipe } from './ticket-pipe.ts';

export class Probes {
  readonly #gateway: number;
  readonly #newId: () => number;
  readonly #out: Map<number, TicketPipe> = new Map();
  /** One is to go out as soon as there is room for it. */
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
  }

  sendOwed(): void {
    const owed = this.#owed;
    this.#owed = null;
    if (owed !== null) this.send(owed);
  }

  forgetOwed(): void {
    this.#owed = null;
  }

  /** Where it was taken from; undefined for one that is not known. */
  taken(probe: number): TicketPipe | undefined {
    const pipe = this.#out.get(probe);
    this.#out.delete(probe);
    return pipe;
  }

  generationGone(generation: number): void {
    for (const [probe, pipe] of this.#out) if (pipe.generation === generation) this.#out.delete(probe);
  }
}
