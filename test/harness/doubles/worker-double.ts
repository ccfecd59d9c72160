// A worker that a test plays: it takes tickets from a generation's pipe, claims them on the board, and sends the test's frames on its own
// channel. It has one slot: one ticket at a time, unless the test takes another one anyway.

import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { connect, Socket } from 'node:net';
import {
  ASK,
  BODY,
  CLOSE,
  DATA,
  END,
  FRAME_HEADER_BYTES,
  GONE,
  HEAD,
  HELLO,
  MESSAGE,
  SKIP,
  TAKEN,
  TEXT,
  TRAILERS,
  TUNNEL,
  WATCH,
} from '../../../src/runqueue/channel-frame.ts';
import { BOARD_HEADER_BYTES, WORKER_SLOT_BYTES, WORKER_SLOTS } from '../../../src/runqueue/claims-board.ts';
import { readTicket, TICKET_BYTES, type Ticket } from '../../../src/runqueue/ticket.ts';
import { within } from '../deadline.ts';

const NAMES: Readonly<Record<number, 'DATA' | 'GONE' | 'TAKEN' | 'MESSAGE' | 'CLOSE'>> = {
  [DATA]: 'DATA',
  [GONE]: 'GONE',
  [TAKEN]: 'TAKEN',
  [MESSAGE]: 'MESSAGE',
  [CLOSE]: 'CLOSE',
};

/** Fields of an ASGI ticket before its header fields. */
const ASGI_PLACES = 10;

export interface Frame {
  readonly type: 'DATA' | 'GONE' | 'TAKEN' | 'MESSAGE' | 'CLOSE';
  readonly flags: number;
  readonly status: number;
  readonly id: number;
  readonly payload: Buffer;
}

/** A queue whose consumers wait for the next item. */
class Inbox<T> {
  readonly #come: T[] = [];
  readonly #waiting: ((one: T) => void)[] = [];

  put(one: T): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#come.push(one);
    else waiting(one);
  }

  take(what: string): Promise<T> {
    const [first] = this.#come;
    if (first !== undefined) {
      this.#come.shift();
      return Promise.resolve(first);
    }
    return within(what, new Promise<T>((resolve) => this.#waiting.push(resolve)));
  }

  get length(): number {
    return this.#come.length;
  }
}

export class WorkerDouble {
  readonly #tickets: Inbox<Ticket> = new Inbox();
  readonly #pipe: Socket;
  readonly #board: number;
  readonly #slot: number;
  readonly #generation: number;
  readonly #gateway: { readonly socket: string; readonly number: number };
  readonly #channels: Set<Socket> = new Set();
  #pending: Buffer = Buffer.alloc(0);
  #channel: WorkerChannelEnd | null = null;
  #keeps = false;

  constructor(
    pipe: string,
    board: string,
    slot: number,
    generation: number,
    gateway: { readonly socket: string; readonly number: number },
  ) {
    // Also opened for writing, so that the pipe never ends, however often the gateway opens and closes it.
    const fd = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
    this.#pipe = new Socket({ fd, readable: true, writable: false });
    this.#pipe.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#board = openSync(board, 'r+');
    this.#slot = slot;
    this.#generation = generation;
    this.#gateway = gateway;
  }

  /** The next ticket, claimed, on the slot's channel. */
  async take(): Promise<TakenTicket> {
    const ticket = await this.#tickets.take('a ticket');
    this.claim(ticket.id);
    if (this.#channel === null || this.#channel.isLost) this.#channel = this.#connect();
    return new TakenTicket(ticket, this.#channel, this);
  }

  get waitingTickets(): number {
    return this.#tickets.length;
  }

  /** From now on claims are not released. */
  keepClaims(): void {
    this.#keeps = true;
  }

  claim(id: number): void {
    if (this.#keeps && id === 0) return;
    const slot = Buffer.alloc(WORKER_SLOT_BYTES);
    slot.writeBigUInt64LE(BigInt(id), 0);
    slot.writeBigUInt64LE(BigInt(this.#gateway.number), 24);
    slot.writeBigUInt64LE(BigInt(process.pid), 32);
    writeSync(this.#board, slot, 0, slot.length, BOARD_HEADER_BYTES + WORKER_SLOT_BYTES * this.#slot);
  }

  /** Whether the gateway has cancelled it on the board. */
  isCancelled({ id, cancel }: Ticket): boolean {
    const entry = Buffer.alloc(8);
    readSync(this.#board, entry, 0, 8, BOARD_HEADER_BYTES + WORKER_SLOT_BYTES * WORKER_SLOTS + 8 * cancel);
    return entry.readBigUInt64LE() === BigInt(id);
  }

  get slotRange(): { readonly slot: number; readonly slots: number } {
    return { slot: this.#slot, slots: 1 };
  }

  /** Like a killed process: its claims stay. */
  die(): void {
    for (const channel of this.#channels) channel.destroy();
    if (this.#pipe.destroyed) return;
    this.#pipe.destroy();
    closeSync(this.#board);
  }

  #connect(): WorkerChannelEnd {
    const socket = connect({ path: this.#gateway.socket, allowHalfOpen: true });
    this.#channels.add(socket);
    const channel = new WorkerChannelEnd(socket);
    const hello = Buffer.alloc(12);
    hello.writeUInt32LE(this.#slot, 0);
    hello.writeUInt32LE(process.pid, 4);
    hello.writeUInt32LE(this.#generation, 8);
    channel.say(HELLO, 0, 0, 0, hello);
    return channel;
  }

  #read(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    for (; this.#pending.length >= TICKET_BYTES; this.#pending = this.#pending.subarray(TICKET_BYTES)) {
      const ticket = readTicket(this.#pending, 0);
      if (typeof ticket === 'string') throw new Error(ticket);
      this.#tickets.put({ ...ticket, body: Buffer.from(ticket.body) });
    }
  }
}

/** The worker's end of a channel. */
export class WorkerChannelEnd {
  readonly socket: Socket;
  readonly frames: Inbox<Frame> = new Inbox();
  #pending: Buffer = Buffer.alloc(0);
  isLost = false;
  readonly #onData = (chunk: Buffer): void => this.#read(chunk);

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', this.#onData);
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isLost = true;
    });
  }

  say(type: number, id: number, flags = 0, status = 0, payload: Buffer = Buffer.alloc(0)): void {
    const header = Buffer.alloc(FRAME_HEADER_BYTES);
    header.writeUInt32LE(FRAME_HEADER_BYTES + payload.length, 0);
    header.writeUInt8(type, 4);
    header.writeUInt8(flags, 5);
    header.writeUInt16LE(status, 6);
    header.writeBigUInt64LE(BigInt(id), 8);
    this.socket.write(Buffer.concat([header, payload]));
  }

  /** Ends the framing: returns the raw socket. */
  raw(): Socket {
    this.isLost = true;
    this.socket.pause();
    this.socket.off('data', this.#onData);
    return this.socket;
  }

  #read(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    while (this.#pending.length >= FRAME_HEADER_BYTES) {
      const length = this.#pending.readUInt32LE(0);
      if (this.#pending.length < length) return;
      const type = NAMES[this.#pending.readUInt8(4)];
      if (type === undefined) throw new Error(`a frame of type ${this.#pending.readUInt8(4)} from the gateway`);
      const [flags, status] = [this.#pending.readUInt8(5), this.#pending.readUInt16LE(6)];
      const id = Number(this.#pending.readBigUInt64LE(8));
      const payload = Buffer.from(this.#pending.subarray(FRAME_HEADER_BYTES, length));
      this.#pending = this.#pending.subarray(length);
      this.frames.put({ type, flags, status, id, payload });
    }
  }
}

/** A ticket that the worker has claimed, and the frames that answer it. */
export class TakenTicket {
  readonly ticket: Ticket;
  readonly channel: WorkerChannelEnd;
  readonly #worker: WorkerDouble;

  constructor(ticket: Ticket, channel: WorkerChannelEnd, worker: WorkerDouble) {
    this.ticket = ticket;
    this.channel = channel;
    this.#worker = worker;
  }

  /** For tickets of ASGI applications, whose first fields are positional. */
  get method(): string | undefined {
    return this.ticket.fields.split('\0')[0];
  }

  get path(): string | undefined {
    return this.ticket.fields.split('\0')[3];
  }

  /** The value of a header field, by its name in lower case. */
  header(name: string): string | undefined {
    const pairs = this.ticket.fields.split('\0').slice(ASGI_PLACES);
    const at = pairs.findIndex((each, index) => index % 2 === 0 && each === name);
    return at < 0 ? undefined : pairs[at + 1];
  }

  ask(): void {
    this.channel.say(ASK, this.ticket.id);
  }

  watch(): void {
    this.channel.say(WATCH, this.ticket.id);
  }

  head(status: number, lines: string, body = '', flags = 0): void {
    const text = Buffer.from(`${status} Reason\r\n${lines}`, 'latin1');
    const length = Buffer.alloc(4);
    length.writeUInt32LE(text.length);
    this.#say(HEAD, flags, status, Buffer.concat([length, text, Buffer.from(body, 'latin1')]));
  }

  body(bytes: string | Buffer, flags = 0): void {
    this.#say(BODY, flags, 0, Buffer.from(bytes as string, 'latin1'));
  }

  trailers(lines: string): void {
    this.#say(TRAILERS, END, 0, Buffer.from(lines, 'latin1'));
  }

  accept(lines = ''): void {
    this.head(101, lines);
  }

  message(message: string | Buffer): void {
    this.#say(MESSAGE, typeof message === 'string' ? TEXT : 0, 0, Buffer.from(message as string));
  }

  close(code: number, reason = ''): void {
    this.#say(CLOSE, END, code, Buffer.from(reason));
  }

  skip(): void {
    this.#say(SKIP, END, 0, Buffer.alloc(0));
  }

  tunnel(): Socket {
    this.channel.say(TUNNEL, this.ticket.id);
    this.#worker.claim(0);
    return this.channel.raw();
  }

  next(): Promise<Frame> {
    return this.channel.frames.take('a frame from the gateway');
  }

  /** The rest of the body, joined; `end` has the flags of its last frame. */
  async rest(): Promise<{ readonly text: string; readonly end: number }> {
    const pieces: Buffer[] = [];
    for (;;) {
      const frame = await this.next();
      if (frame.type !== 'DATA') throw new Error(`${frame.type} in the middle of the body`);
      pieces.push(frame.payload);
      if (frame.flags !== 0) return { text: Buffer.concat(pieces).toString('latin1'), end: frame.flags };
    }
  }

  /** END releases the claim, a moment later than in a worker. */
  #say(type: number, flags: number, status: number, payload: Buffer): void {
    if ((flags & END) !== 0) this.#worker.claim(0);
    this.channel.say(type, this.ticket.id, flags, status, payload);
  }
}
