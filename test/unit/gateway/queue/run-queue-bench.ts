// A run queue with a real board and real pipes in a directory of its own, and the worker's side of both, played by the test.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Exchange } from '../../../../src/gateway/exchange/exchange.ts';
import { Refusal } from '../../../../src/gateway/http1/refusal.ts';
import { RunQueue } from '../../../../src/gateway/queue/run-queue.ts';
import { TicketPipe } from '../../../../src/gateway/queue/ticket-pipe.ts';
import {
  BOARD_HEADER_BYTES,
  ClaimsBoard,
  monotonicMs,
  WORKER_SLOT_BYTES,
  WORKER_SLOTS,
} from '../../../../src/runqueue/claims-board.ts';
import { boardPath } from '../../../../src/runqueue/runtime-files.ts';
import { readTicket, TICKET_BYTES, type Ticket } from '../../../../src/runqueue/ticket.ts';
import { eventually } from '../../../harness/deadline.ts';
import { type ExchangeParts, newExchange, type TestExchange } from '../exchange/exchange-double.ts';

export const GATEWAY = 3;
export const FIRST_CANCEL = 10;
/** The kernel's default capacity of a pipe. */
export const DEFAULT_CAPACITY = 16;

const BAD_GATEWAY = new Refusal('BadGateway', 'the worker has died');
const TOO_MANY = new Refusal('ServiceUnavailable', 'too many requests wait');
const CLIENT_LEFT = new Refusal('ServiceUnavailable', 'the client has left');

/** The reading end of one generation's pipe. */
export class PipeReader {
  #fd: number | null;
  readonly #buffer: Buffer = Buffer.alloc(TICKET_BYTES);

  constructor(path: string) {
    this.#fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  }

  /** Reads as a worker does: a ticket, `empty`, or `end` if no process has the writing end. */
  read(): Ticket | 'empty' | 'end' {
    assert.ok(this.#fd !== null);
    let bytes: number;
    try {
      bytes = fs.readSync(this.#fd, this.#buffer, 0, TICKET_BYTES, null);
    } catch (error) {
      assert.ok(error instanceof Error && 'code' in error && error.code === 'EAGAIN', String(error));
      return 'empty';
    }
    if (bytes === 0) return 'end';
    assert.equal(bytes, TICKET_BYTES);
    const ticket = readTicket(Buffer.from(this.#buffer), 0);
    assert.ok(typeof ticket !== 'string', String(ticket));
    return ticket;
  }

  /** The next ticket, whenever it arrives. */
  take(): Promise<Ticket> {
    return eventually('a ticket', () => {
      const ticket = this.read();
      return typeof ticket === 'string' ? undefined : ticket;
    });
  }

  async takeMany(count: number): Promise<Ticket[]> {
    const tickets: Ticket[] = [];
    while (tickets.length < count) tickets.push(await this.take());
    return tickets;
  }

  /** The contents of the pipe once everything of this turn of the event loop has been written. */
  async takeAll(): Promise<Ticket[]> {
    await turn();
    const tickets: Ticket[] = [];
    for (let ticket = this.read(); typeof ticket !== 'string'; ticket = this.read()) tickets.push(ticket);
    return tickets;
  }

  close(): void {
    if (this.#fd !== null) fs.closeSync(this.#fd);
    this.#fd = null;
  }
}

/** Batches are written at the end of a turn. */
export async function turn(): Promise<void> {
  await new Promise(setImmediate);
  await new Promise(setImmediate);
}

export class Bench {
  readonly dir: string;
  readonly board: ClaimsBoard;
  readonly queue: RunQueue;
  /** Calls back when everything that workers have sent was read. */
  whenRead: (then: () => void) => void = setImmediate;
  /** Names of the requests for which there was no room. */
  readonly turnedAway: string[] = [];
  readonly #boardFd: number;
  readonly #exchanges: Map<string, TestExchange> = new Map();

  constructor(t: TestContext, cancels = 200) {
    this.dir = fs.mkdtempSync(join(tmpdir(), 'tunicorn-queue-'));
    const owner = { userId: process.geteuid?.() ?? 0, groupId: process.getegid?.() ?? 0 };
    this.board = ClaimsBoard.create(this.dir, 1, owner);
    this.#boardFd = fs.openSync(boardPath(this.dir), 'r+');
    this.queue = new RunQueue(GATEWAY, this.board, { first: FIRST_CANCEL, count: cancels }, (then) =>
      this.whenRead(then),
    );
    t.after(() => {
      this.queue.close();
      this.board.close();
      fs.closeSync(this.#boardFd);
      fs.rmSync(this.dir, { recursive: true });
    });
  }

  /** Makes the pipe of a generation; returns both its ends. */
  pipe(t: TestContext, generation: number, capacity: number): { reader: PipeReader; pipe: TicketPipe } {
    const path = join(this.dir, `tickets-${generation}`);
    execFileSync('mkfifo', [path]);
    const reader = new PipeReader(path);
    t.after(() => reader.close());
    const pipe = TicketPipe.open(this.dir, generation, capacity);
    assert.ok(pipe !== null);
    return { reader, pipe };
  }

  serve(t: TestContext, generation: number, workers: number, capacity = DEFAULT_CAPACITY): PipeReader {
    const { reader, pipe } = this.pipe(t, generation, capacity);
    this.queue.serve(pipe, workers);
    return reader;
  }

  /** Enqueues a request that carries its name in its fields. */
  enqueue(name: string, parts: ExchangeParts = {}): TestExchange {
    const exchange = newExchange({ ...parts, fields: `NAME\0${name}` });
    this.#exchanges.set(name, exchange);
    const turnedAway = this.queue.enqueue(exchange);
    if (turnedAway !== undefined) {
      this.turnedAway.push(nameOf(turnedAway));
      turnedAway.fail(TOO_MANY, 'overload');
    }
    return exchange;
  }

  /** How many tickets are out, answered by the gateway or not. */
  get outstanding(): number {
    return this.#count(({ ticket }) => ticket !== null && this.queue.find(ticket.id) !== undefined);
  }

  get waiting(): number {
    return this.#count(({ state }) => state.kind === 'waiting');
  }

  #count(isCounted: (exchange: TestExchange) => boolean): number {
    return [...this.#exchanges.values()].filter(isCounted).length;
  }

  enqueueAll(names: readonly string[]): TestExchange[] {
    return names.map((name) => this.enqueue(name));
  }

  /** Answers a ticket as its worker would. */
  answer(ticket: Ticket): void {
    const exchange = this.queue.find(ticket.id);
    assert.ok(exchange !== undefined, `ticket ${ticket.id} (${nameOf(ticket)}) is not outstanding`);
    exchange.respond({ status: 200, flags: 1, lines: '200 OK\r\n' }, Buffer.alloc(0), 1);
    this.queue.ticketEnded(exchange);
  }

  /** Like the gateway at the end of a worker. */
  workerGone(generation: number, slot: number): Exchange | undefined {
    const [running] = this.queue.claimed({ slot, slots: 1 });
    this.queue.workerGone(generation);
    if (running === undefined) return undefined;
    running.fail(BAD_GATEWAY, 'worker-died');
    this.queue.ticketEnded(running);
    return running;
  }

  /** Like the gateway when a client leaves. */
  leave(exchange: TestExchange): void {
    if (exchange.state.kind === 'waiting') this.queue.drop(exchange);
    else this.queue.cancel(exchange);
    exchange.abandon();
  }

  /** Like the gateway some time after a client's half-close. */
  stopSending(exchange: TestExchange): void {
    exchange.client.awaits = false;
    if (exchange.state.kind !== 'waiting') return this.queue.cancelUnlessBegun(exchange);
    this.queue.drop(exchange);
    exchange.fail(CLIENT_LEFT, 'client-gone');
  }

  // The worker's side of the board

  claim(slot: number, ticket: number): void {
    const at = BOARD_HEADER_BYTES + WORKER_SLOT_BYTES * slot;
    this.#writeWord(at + 24, GATEWAY);
    this.#writeWord(at + 8, Math.floor(monotonicMs() * 1e6));
    this.#writeWord(at, ticket);
  }

  release(slot: number): void {
    this.#writeWord(BOARD_HEADER_BYTES + WORKER_SLOT_BYTES * slot, 0);
  }

  isCancelled(ticket: Ticket): boolean {
    return this.cancelled(ticket.cancel) === ticket.id;
  }

  cancelled(entry: number): number {
    return Number(this.cancelledWord(entry));
  }

  /** The entry as it is on the board. */
  cancelledWord(entry: number): bigint {
    const word = Buffer.alloc(8);
    fs.readSync(this.#boardFd, word, 0, 8, BOARD_HEADER_BYTES + WORKER_SLOT_BYTES * WORKER_SLOTS + 8 * entry);
    return word.readBigUInt64LE();
  }

  #writeWord(at: number, value: number): void {
    const word = Buffer.alloc(8);
    word.writeBigUInt64LE(BigInt(value));
    fs.writeSync(this.#boardFd, word, 0, 8, at);
  }
}

function nameOf(ticket: Ticket | Exchange): string {
  if ('kind' in ticket && ticket.kind === 'probe') return '(probe)';
  const { fields } = 'request' in ticket ? ticket.request : ticket;
  return fields.split('\0')[1] ?? '';
}

export function namesOf(tickets: readonly (Ticket | Exchange)[]): string[] {
  return tickets.map((ticket) => nameOf(ticket));
}

/** `r1`, `r2`, … */
export function requests(count: number, first = 1): string[] {
  return Array.from({ length: count }, (_, index) => `r${first + index}`);
}
