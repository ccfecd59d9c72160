// The gateway's end of the run queue: requests wait here for room in the ticket pipe, and are outstanding from then on until they
// are answered. Also finds the tickets that a dying worker took along.

import type { ClaimsBoard, SlotRange } from '../../runqueue/claims-board.ts';
import { writeRunTicket } from '../../runqueue/ticket.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { Refusal } from '../http1/refusal.ts';
import { CancelEntries, type CancelRange } from './cancel-entries.ts';
import { LostTickets } from './lost-tickets.ts';
import { PipeAllowance } from './pipe-allowance.ts';
import { Probes } from './probes.ts';
import { isOverdue, type QueuePolicy } from './queue-policy.ts';
import type { TicketPipe } from './ticket-pipe.ts';
import { UntakenTickets } from './untaken-tickets.ts';
import { WaitingRequests } from './waiting-requests.ts';

/** Ids of one gateway process's tickets lie below those of the next one. */
const IDS_PER_GATEWAY = 2 ** 36;

export class RunQueue {
  readonly #gateway: number;
  readonly #board: ClaimsBoard;
  readonly #lostTickets: LostTickets;
  readonly #untaken: UntakenTickets;
  readonly #waiting: WaitingRequests = new WaitingRequests();
  readonly #outstanding: Map<number, Exchange> = new Map();
  readonly #cancels: CancelEntries;
  readonly #probes: Probes;
  readonly #allowance: PipeAllowance = new PipeAllowance();
  #pipe: TicketPipe | null = null;
  /** How many requests the workers run at once. */
  #concurrency = 1;
  /** Outstanding tickets in the current pipe, but for those of workers that are leaving. */
  #inPipe = 0;
  readonly #leaving: Set<Exchange> = new Set();
  #nextId: number;

  constructor(gateway: number, board: ClaimsBoard, cancels: CancelRange) {
    this.#gateway = gateway;
    this.#board = board;
    this.#lostTickets = new LostTickets(
      board,
      (exchange, ticket) => this.#outstanding.get(ticket) === exchange,
      (exchanges) => this.#queueAgain(exchanges, 'burn'),
    );
    // The ticket is out until a worker has skipped it: its mark has to stay.
    this.#untaken = new UntakenTickets(board, failOverdue);
    this.#nextId = gateway * IDS_PER_GATEWAY + 1;
    this.#cancels = new CancelEntries(cancels);
    this.#probes = new Probes(gateway, () => this.#newId());
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get outstanding(): number {
    return this.#outstanding.size;
  }

  find(ticket: number): Exchange | undefined {
    return this.#outstanding.get(ticket);
  }

  /** Every exchange that has not got its whole response yet; those that wait are taken out of the line. */
  unanswered(): Exchange[] {
    return [...this.#outstanding.values(), ...this.#waiting.takeAll()];
  }

  /** Writes to this pipe from now on; what the old one has not been given yet goes to the new one. */
  serve(pipe: TicketPipe, concurrency: number): void {
    const old = this.#pipe;
    if (old?.generation === pipe.generation) {
      pipe.close();
      return;
    }
    this.#pipe = pipe;
    this.#concurrency = concurrency;
    this.#inPipe = 0;
    this.#leaving.clear();
    this.#probes.forgetOwed();
    pipe.onRoom = () => this.#roomAgain();
    if (old !== null) {
      this.#takeBackBatch(old);
      old.close();
    }
    this.#pump();
  }

  setConcurrency(generation: number, concurrency: number): void {
    if (this.#pipe?.generation !== generation) return;
    this.#concurrency = concurrency;
    this.#pump();
  }

  setPolicy(policy: QueuePolicy): void {
    this.#waiting.policy = policy;
  }

  /** Lets the exchange wait for a worker. Returns the one that has to be turned away for it, which may be the same. */
  enqueue(exchange: Exchange): Exchange | undefined {
    this.#waiting.push(exchange);
    this.#pump();
    return this.#waiting.takeSurplus();
  }

  /** The exchange waits no more: its client has left. Those that do wait are not turned away on its account. */
  drop(exchange: Exchange): void {
    this.#waiting.remove(exchange);
  }

  /** Takes those out of the line that have waited too long, and answers those in the pipe as soon as it is certain that no worker runs them. */
  overdue(nowMs: number): Exchange[] {
    this.#untaken.look(this.#waiting.policy, nowMs);
    return this.#waiting.takeOverdue(nowMs);
  }

  /** The worker has sent the end of the response, or skipped the ticket, or the gateway has answered itself. */
  settle(exchange: Exchange): void {
    if (!this.#outstanding.delete(exchange.ticket)) return;
    this.#cancels.giveBack(exchange.cancel);
    this.#uncount(exchange);
    this.#allowance.answered(performance.now());
    this.#pump();
  }

  /** Marks the ticket so that a worker skips it, or stops sending its response. */
  cancel(exchange: Exchange): void {
    if (this.#outstanding.get(exchange.ticket) === exchange) this.#board.cancel(exchange.cancel, exchange.ticket);
  }

  /** Marks the ticket so that a worker skips it; a response that has begun goes on, for the client may only have stopped sending. */
  cancelUnlessBegun(exchange: Exchange): void {
    if (this.#outstanding.get(exchange.ticket) === exchange)
      this.#board.cancelUnlessBegun(exchange.cancel, exchange.ticket);
  }

  /** What is claimed in these slots. */
  claimed(range: SlotRange): Exchange[] {
    return this.#board.claims(range).flatMap(({ ticket }) => this.#outstanding.get(ticket) ?? []);
  }

  /** A worker takes no more: what it still runs takes no place of those that others can run. Returns that. */
  leaving(range: SlotRange): Exchange[] {
    const claimed = this.claimed(range);
    for (const exchange of claimed) {
      if (exchange.pipe !== this.#pipe || this.#leaving.has(exchange)) continue;
      this.#inPipe -= 1;
      this.#leaving.add(exchange);
    }
    this.#pump();
    return claimed;
  }

  /**
   * A worker is gone, and everything that it sent has been read. It may have died between taking a ticket and claiming it: a probe goes
   * out to learn when all tickets written so far have been taken.
   */
  workerGone(generation: number): void {
    const pipe = this.#pipe;
    if (pipe !== null && pipe.generation === generation && this.#inPipe > 0) this.#probes.send(pipe);
  }

  /** A probe was taken, so every ticket before it was. */
  probed(probe: number): void {
    const pipe = this.#probes.taken(probe);
    if (pipe === undefined) return;
    this.#lostTickets.lookFor([...this.#outstanding.values()].filter((e) => e.pipe === pipe && e.ticket < probe));
  }

  /** A worker has read end-of-file on the generation's pipe: every ticket that was in it has been taken. */
  pipeEmpty(generation: number): void {
    if (this.#pipe?.generation === generation) return;
    this.#lostTickets.lookFor([...this.#outstanding.values()].filter((e) => e.pipe?.generation === generation));
  }

  /** A worker says that it has not run this ticket, because it was cancelled. */
  skipped(exchange: Exchange): void {
    // Its client may still wait: the ticket was taken for lost, and the worker that had it was only slow.
    if (exchange.state === 'outstanding' && exchange.client.awaitsAnswer()) this.#queueAgain([exchange], 'free');
    else this.settle(exchange);
  }

  /**
   * No worker of the generation is left, and everything that they sent has been read: what was not claimed there never ran, and
   * what was claimed will not be answered.
   */
  generationGone(generation: number): void {
    const stranded = [...this.#outstanding.values()].filter((exchange) => exchange.pipe?.generation === generation);
    const neverRan = new Set(this.#lostTickets.unclaimed(stranded));
    this.#queueAgain([...neverRan], 'burn');
    for (const exchange of stranded) {
      if (neverRan.has(exchange)) continue;
      exchange.fail(new Refusal('BadGateway', 'the worker has died'), 'worker-died');
      this.settle(exchange);
    }
    this.#probes.generationGone(generation);
    this.#cancels.generationGone(generation);
    this.#pump();
  }

  close(): void {
    this.#pipe?.close();
    this.#pipe = null;
  }

  /** The entries of tickets that may still be in some worker's hands are burnt: their marks must stay. */
  #queueAgain(exchanges: readonly Exchange[], entries: 'free' | 'burn'): void {
    const again: Exchange[] = [];
    for (const exchange of exchanges) {
      this.#outstanding.delete(exchange.ticket);
      this.#uncount(exchange);
      if (entries === 'free') this.#cancels.giveBack(exchange.cancel);
      else this.#cancels.burn(exchange.cancel, exchange.pipe?.generation ?? 0);
      if (this.#mayWaitAgain(exchange)) again.push(exchange);
    }
    this.#waiting.putBack(again);
    this.#pump();
  }

  #uncount(exchange: Exchange): void {
    if (!this.#leaving.delete(exchange) && exchange.pipe === this.#pipe) this.#inPipe -= 1;
  }

  #takeBackBatch(pipe: TicketPipe): void {
    const batched = pipe.batched;
    pipe.discardBatch();
    if (batched === 0) return;
    // Ids are given in the order of the pipe, so the last ones are those that were not written; a probe may be among them.
    const firstId = this.#nextId - batched;
    const back = [...this.#outstanding.values()].filter((e) => e.pipe === pipe && e.ticket >= firstId);
    for (const exchange of back) {
      this.#outstanding.delete(exchange.ticket);
      this.#cancels.giveBack(exchange.cancel);
    }
    this.#waiting.putBack(back.filter((exchange) => this.#mayWaitAgain(exchange)));
  }

  /** A ticket has come back without having been run. A client that has left meanwhile does not wait for another one. */
  #mayWaitAgain(exchange: Exchange): boolean {
    if (exchange.state !== 'outstanding') return false;
    if (!exchange.client.awaitsAnswer()) {
      exchange.fail(new Refusal('ServiceUnavailable', 'the client has left'), 'client-gone');
      return false;
    }
    if (isOverdue(this.#waiting.policy, exchange.waitedMs(performance.now()))) {
      failOverdue(exchange);
      return false;
    }
    exchange.state = 'waiting';
    return true;
  }

  #pump(): void {
    const pipe = this.#pipe;
    if (pipe === null) return;
    const limit = this.#concurrency + Math.min(this.#allowance.tickets, pipe.capacity - 1);
    while (this.#inPipe < limit && this.#cancels.free > 0 && this.#waiting.someoneWaits()) {
      const place = pipe.place();
      if (place === null) return;
      const exchange = this.#waiting.takeNext();
      const cancel = this.#cancels.take();
      if (exchange === undefined || cancel === undefined) return;
      const kind = exchange.dispatched();
      if (exchange.dialect !== pipe.dialect) exchange.translate(pipe.dialect);
      exchange.ticket = this.#newId();
      exchange.cancel = cancel;
      exchange.pipe = pipe;
      this.#outstanding.set(exchange.ticket, exchange);
      if (this.#waiting.policy.timeoutMs > 0) this.#untaken.add(exchange);
      this.#inPipe += 1;
      const address = { id: exchange.ticket, gateway: this.#gateway, cancel };
      const { fields, body, rawPath, queuedMs } = exchange;
      writeRunTicket(place.buffer, place.offset, address, fields, body, rawPath, Math.trunc(queuedMs), kind);
    }
  }

  #roomAgain(): void {
    this.#probes.sendOwed();
    this.#pump();
  }

  #newId(): number {
    const id = this.#nextId;
    this.#nextId += 1;
    return id;
  }
}

/** It has waited longer than queue_timeout. */
export function failOverdue(exchange: Exchange): void {
  exchange.fail(new Refusal('ServiceUnavailable', 'waited too long for a worker'), 'queue-timeout');
}
