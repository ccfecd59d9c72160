// The gateway's end of the run queue: requests wait here for room in the ticket pipe, and are outstanding from then on until they
// are answered. Also finds the tickets that were lost with a dying worker.

import type { ClaimsBoard, SlotRange } from '../../runqueue/claims-board.ts';
import { TICKET_STREAMED, TICKET_UPGRADE, writeRunTicket } from '../../runqueue/ticket.ts';
import type { AnswerQueue } from '../exchange/answer-pipe.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { IssuedTicket } from '../exchange/exchange-life.ts';
import { bodyOf, fieldsFor, type Request, waitedMs } from '../exchange/request.ts';
import { Refusal } from '../http1/refusal.ts';
import { NumberedTable } from '../numbered-table.ts';
import { CancelEntries, type CancelRange } from './cancel-entries.ts';
import { LostTickets } from './lost-tickets.ts';
import type { OutstandingTicket } from './outstanding-ticket.ts';
import { PipeAllowance } from './pipe-allowance.ts';
import { Probes } from './probes.ts';
import { isOverdue, type QueuePolicy } from './queue-policy.ts';
import type { TicketPipe } from './ticket-pipe.ts';
import { UntakenTickets } from './untaken-tickets.ts';
import { WaitingRequests } from './waiting-requests.ts';

/** The ticket ids of a gateway process are below those of the next one. */
const IDS_PER_GATEWAY = 2 ** 36;

export class RunQueue implements AnswerQueue {
  readonly #gateway: number;
  readonly #board: ClaimsBoard;
  readonly #lostTickets: LostTickets;
  readonly #untaken: UntakenTickets;
  readonly #waiting: WaitingRequests = new WaitingRequests();
  readonly #outstanding: NumberedTable<OutstandingTicket> = new NumberedTable((ticket) => ticket.id);
  readonly #cancels: CancelEntries;
  readonly #probes: Probes;
  readonly #allowance: PipeAllowance = new PipeAllowance();
  #pipe: TicketPipe | null = null;
  /** How many requests the workers run concurrently. */
  #concurrency = 1;
  /** Outstanding tickets in the current pipe, except those of retiring workers. */
  #inPipe = 0;
  readonly #ofRetiring: Set<IssuedTicket> = new Set();
  #nextId: number;
  /** Tickets below this one may have been run although no worker claims them and no answer has come. */
  #doubtfulBelow = 0;

  /** `whenRead` calls back when everything has been read that workers have sent so far. */
  constructor(
    gateway: number,
    board: ClaimsBoard,
    cancels: CancelRange,
    whenRead: (then: () => void) => void = setImmediate,
  ) {
    this.#gateway = gateway;
    this.#board = board;
    this.#lostTickets = new LostTickets(
      board,
      whenRead,
      (ticket) => this.#outstanding.get(ticket.id) === ticket,
      (tickets) => this.#returned(tickets, 'burn'),
    );
    // The worker may still skip the ticket, so its mark has to stay.
    this.#untaken = new UntakenTickets(board, whenRead, (ticket) => failOverdue(ticket.exchange));
    this.#nextId = gateway * IDS_PER_GATEWAY + 1;
    this.#cancels = new CancelEntries(cancels);
    this.#probes = new Probes(gateway, () => this.#newId());
  }

  find(ticket: number): Exchange | undefined {
    return this.#outstanding.get(ticket)?.exchange;
  }

  /** For the metrics. */
  gauges(nowMs: number): { readonly length: number; readonly oldestMs: number; readonly running: number } {
    // Drops requests at the ends whose clients have left.
    const length = this.#waiting.hasWaiting() ? this.#waiting.length : 0;
    return { length, oldestMs: length === 0 ? 0 : this.#waiting.oldestMs(nowMs), running: this.#outstanding.size };
  }

  /** Every exchange without a complete response; waiting ones are taken out of the line. */
  unanswered(): Exchange[] {
    return [...this.#tickets().map(({ exchange }) => exchange), ...this.#waiting.takeAll()];
  }

  /** Writes to this pipe from now on, including the tickets that were not yet written to the old one. */
  serve(pipe: TicketPipe, concurrency: number): void {
    const old = this.#pipe;
    if (old?.generation === pipe.generation) {
      pipe.close();
      return;
    }
    this.#pipe = pipe;
    this.#concurrency = concurrency;
    this.#inPipe = 0;
    this.#ofRetiring.clear();
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

  /** Lets the exchange wait for a worker. Returns the one to turn away because of it, possibly the same one. */
  enqueue(exchange: Exchange): Exchange | undefined {
    this.#waiting.push(exchange);
    this.#pump(exchange.request.arrivedMs);
    return this.#waiting.takeSurplus();
  }

  /** Removes an exchange that no longer waits, so that it does not cause others to be turned away. */
  drop(exchange: Exchange): void {
    this.#waiting.remove(exchange);
  }

  /** Removes requests that have waited too long from the line, and answers those in the pipe once it is certain that no worker runs them. */
  overdue(nowMs: number): Exchange[] {
    this.#untaken.look(this.#waiting.policy, nowMs);
    return this.#waiting.takeOverdue(nowMs);
  }

  /** The worker has sent the end of the response, or never will. */
  ticketEnded(exchange: Exchange): void {
    const { ticket } = exchange;
    if (ticket === null || !this.#forget(ticket, 'free')) return;
    const nowMs = performance.now();
    this.#allowance.answered(nowMs);
    this.#pump(nowMs);
  }

  /** Marks the ticket so that a worker skips it, or stops sending its response. */
  cancel(exchange: Exchange): void {
    const ticket = this.#ticketOf(exchange);
    if (ticket !== null) this.#board.cancel(ticket.cancel, ticket.id);
  }

  /** Marks the ticket so that a worker skips it; a response that has begun goes on, because the client may only have half-closed. */
  cancelUnlessBegun(exchange: Exchange): void {
    const ticket = this.#ticketOf(exchange);
    if (ticket !== null) this.#board.cancelUnlessBegun(ticket.cancel, ticket.id);
  }

  /** The requests claimed in these slots. */
  claimed(range: SlotRange): Exchange[] {
    return this.#claimedTickets(range).map(({ exchange }) => exchange);
  }

  /** The worker takes no more tickets: its requests no longer count against what the others can run. Returns them. */
  workerRetires(range: SlotRange): Exchange[] {
    const claimed = this.#claimedTickets(range);
    for (const ticket of claimed) {
      if (ticket.pipe !== this.#pipe || this.#ofRetiring.has(ticket)) continue;
      this.#inPipe -= 1;
      this.#ofRetiring.add(ticket);
    }
    this.#pump();
    return claimed.map(({ exchange }) => exchange);
  }

  /**
   * A worker is gone, and everything that it sent has been read. It may have died between taking a ticket and claiming it: a probe is
   * written, to learn when all earlier tickets have been taken.
   */
  workerGone(generation: number): void {
    const pipe = this.#pipe;
    if (pipe !== null && pipe.generation === generation && this.#inPipe > 0) this.#probes.send(pipe);
  }

  /** Answers could not be read. Their tickets look like lost ones, and are found like them, but have been run: they are answered 502. */
  answersDiscarded(): void {
    this.#doubtfulBelow = this.#nextId;
    const pipe = this.#pipe;
    if (pipe !== null && this.#inPipe > 0) this.#probes.send(pipe);
  }

  /** A probe was taken, and so was every ticket before it. */
  probed(probe: number): void {
    const pipe = this.#probes.taken(probe);
    if (pipe === undefined) return;
    this.#lostTickets.lookFor(this.#tickets().filter((ticket) => ticket.pipe === pipe && ticket.id < probe));
  }

  /** A worker read end-of-file on the generation's pipe: every ticket in it has been taken. */
  pipeEmpty(generation: number): void {
    if (this.#pipe?.generation === generation) return;
    this.#lostTickets.lookFor(this.#tickets().filter(({ pipe }) => pipe.generation === generation));
  }

  /**
   * A worker skipped this ticket because it was cancelled. Its client may still be waiting: the ticket was considered lost, and the worker
   * that had it was only slow.
   */
  skipped(exchange: Exchange): void {
    const ticket = this.#ticketOf(exchange);
    if (ticket !== null) this.#returned([ticket], 'free');
  }

  /**
   * Every worker of the generation has exited, and everything that they sent has been read: tickets that were not claimed there never
   * ran, and claimed ones will not be answered.
   */
  generationGone(generation: number): void {
    const stranded = this.#tickets().filter(({ pipe }) => pipe.generation === generation);
    const neverRan = new Set(this.#lostTickets.unclaimed(stranded));
    this.#returned([...neverRan], 'burn');
    for (const ticket of stranded) {
      if (neverRan.has(ticket)) continue;
      ticket.exchange.fail(new Refusal('BadGateway', 'the worker died'), 'worker-died');
      this.ticketEnded(ticket.exchange);
    }
    this.#probes.generationGone(generation);
    this.#cancels.generationGone(generation);
    this.#pump();
  }

  close(): void {
    this.#pipe?.close();
    this.#pipe = null;
  }

  #tickets(): OutstandingTicket[] {
    return this.#outstanding.sorted();
  }

  /** Null once its ticket has ended. */
  #ticketOf(exchange: Exchange): OutstandingTicket | null {
    const { ticket } = exchange;
    return ticket === null ? null : (this.#outstanding.get(ticket.id) ?? null);
  }

  #claimedTickets(range: SlotRange): OutstandingTicket[] {
    return this.#board.claims(range).flatMap(({ ticket }) => this.#outstanding.get(ticket) ?? []);
  }

  /** These tickets were not run. Those whose clients still wait are queued again, at the front; the others are answered. */
  #returned(tickets: readonly OutstandingTicket[], entries: 'free' | 'burn'): void {
    const again: Exchange[] = [];
    for (const ticket of tickets) {
      const { exchange } = ticket;
      this.#forget(ticket, entries);
      if (entries === 'burn' && ticket.id < this.#doubtfulBelow) failAnswerLost(exchange);
      else if (this.#mayWaitAgain(exchange)) again.push(exchange);
      else if (entries === 'free') this.#allowance.answered(performance.now());
    }
    this.#waiting.putBack(again);
    this.#pump();
  }

  /** Returns whether it was outstanding. The cancel entry of a ticket that a worker may still hold is burnt: its mark must stay. */
  #forget(ticket: IssuedTicket, entry: 'free' | 'burn'): boolean {
    if (!this.#outstanding.delete(ticket.id)) return false;
    if (entry === 'free') this.#cancels.giveBack(ticket.cancel);
    else this.#cancels.burn(ticket.cancel, ticket.pipe.generation);
    if (!this.#ofRetiring.delete(ticket) && ticket.pipe === this.#pipe) this.#inPipe -= 1;
    return true;
  }

  /** The pipe has been replaced: tickets not yet written to it go to the new one. */
  #takeBackBatch(pipe: TicketPipe): void {
    const batched = pipe.batched;
    pipe.discardBatch();
    if (batched === 0) return;
    // Ids follow the order of the pipe, so the last ones are the unwritten ones; a probe may be among them.
    const firstId = this.#nextId - batched;
    this.#returned(
      this.#tickets().filter((ticket) => ticket.pipe === pipe && ticket.id >= firstId),
      'free',
    );
  }

  #mayWaitAgain(exchange: Exchange): boolean {
    if (exchange.state.kind !== 'outstanding') return false;
    if (!exchange.client.awaitsAnswer()) {
      failClientLeft(exchange);
      return false;
    }
    if (isOverdue(this.#waiting.policy, waitedMs(exchange.request, performance.now()))) {
      failOverdue(exchange);
      return false;
    }
    exchange.returned();
    return true;
  }

  #pump(nowMs: number = performance.now()): void {
    const pipe = this.#pipe;
    if (pipe === null) return;
    let filled = 0;
    const limit = this.#concurrency + Math.min(this.#allowance.tickets, pipe.capacity - 1);
    while (this.#inPipe < limit && this.#cancels.free > 0 && this.#waiting.hasWaiting()) {
      const offset = pipe.reserve();
      if (offset === null) break;
      const exchange = this.#waiting.takeNext();
      const cancel = this.#cancels.take();
      if (exchange === undefined || cancel === undefined) break;
      const ticket = this.#newTicket(exchange, pipe, cancel, nowMs);
      exchange.dispatched(ticket);
      this.#outstanding.add(ticket);
      if (this.#waiting.policy.timeoutMs > 0) this.#untaken.add(ticket);
      this.#inPipe += 1;
      writeRunTicket(pipe.batch, offset, ticket);
      filled += 1;
    }
    if (filled > 0) pipe.filled(nowMs);
  }

  #newTicket(exchange: Exchange, pipe: TicketPipe, cancel: number, nowMs: number): OutstandingTicket {
    const { request } = exchange;
    const { fields, rawPath } = fieldsFor(request, pipe.dialect);
    // The body may have become complete while the request waited.
    const body = bodyOf(request) ?? request.stream?.takeWhole() ?? null;
    return {
      type: 'dispatched',
      exchange,
      pipe,
      id: this.#newId(),
      gateway: this.#gateway,
      cancel,
      fields,
      rawPath,
      body,
      waitedMs: waitedMs(request, nowMs),
      kind: kindOf(request, body),
    };
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

function kindOf({ stream, head }: Request, body: Buffer | null): number {
  if (stream !== null) return body === null ? TICKET_STREAMED : 0;
  return head.isWebSocket ? TICKET_UPGRADE : 0;
}

/** The request has waited longer than queue_timeout. */
export function failOverdue(exchange: Exchange): void {
  exchange.fail(new Refusal('ServiceUnavailable', 'no worker took the request within queue_timeout'), 'queue-timeout');
}

/** A worker may have run the request, and its answer was lost. */
function failAnswerLost(exchange: Exchange): void {
  exchange.fail(new Refusal('BadGateway', 'the answer of a worker was lost'), 'worker-died');
}

/** The client left before a worker ran the request. */
export function failClientLeft(exchange: Exchange): void {
  exchange.fail(new Refusal('ServiceUnavailable', 'the client disconnected'), 'client-gone');
}
