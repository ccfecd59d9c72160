// One channel: the stream socket on which a worker answers tickets, one at a time. Incoming frames go to their exchange; the gateway
// sends through the ticket's WatchedTicket, or raw through a tunnel.

import type { Socket } from 'node:net';
import { ChannelDecoder, type ChannelSink, type ResponseHead } from '../../runqueue/channel-decoder.ts';
import {
  dataFrame,
  END,
  goneFrame,
  MESSAGE_COST_BYTES,
  TEXT,
  takenFrame,
  UNACKNOWLEDGED_BYTES,
} from '../../runqueue/channel-frame.ts';
import type { MemoryBudget } from '../connection/memory-budget.ts';
import { FAILED_PAGE, failedHead } from '../http1/response/failed-response.ts';
import type { UpgradedTunnel } from '../upgraded/upgraded.ts';
import { ChannelOutput } from './channel-output.ts';
import type { Exchange } from './exchange.ts';
import { WatchedTicket } from './watched-ticket.ts';

const SWITCHING_PROTOCOLS = 101;

/** What a channel needs from the run queue. */
export interface ChannelQueue {
  /** The exchange of an outstanding ticket. */
  find(ticket: number): Exchange | undefined;
  /** The worker is done with the ticket. */
  ticketEnded(exchange: Exchange): void;
  /** The worker skipped the ticket, because it was cancelled. */
  skipped(exchange: Exchange): void;
  probed(ticket: number): void;
}

/** What a channel needs from the gateway. */
export interface ChannelOwner {
  readonly budget: MemoryBudget;
  readonly queue: ChannelQueue;
  /** A worker has said HELLO. */
  channelOpened(): void;
  channelClosed(channel: WorkerChannel, why: string | null): void;
}

export class WorkerChannel implements ChannelSink {
  /** Set by HELLO. */
  worker: { readonly slot: number; readonly pid: number; readonly generation: number } | null = null;
  readonly #socket: Socket;
  readonly #output: ChannelOutput;
  readonly #owner: ChannelOwner;
  readonly #queue: ChannelQueue;
  readonly #decoder: ChannelDecoder;
  /** Bytes of the current response (hints, body and messages) that have passed through here. */
  #passedBytes = 0;
  #broken: string | null = null;
  /** Number of chunks read. */
  #chunks = 0;
  #exited = false;
  /** From WATCH to END. */
  #watched: WatchedTicket | null = null;
  #tunnel: { readonly exchange: Exchange; readonly tunnel: UpgradedTunnel } | null = null;

  constructor(socket: Socket, owner: ChannelOwner) {
    this.#socket = socket;
    this.#owner = owner;
    this.#queue = owner.queue;
    this.#output = new ChannelOutput(socket, owner.budget);
    this.#output.onRoom = () => {
      if (this.#tunnel !== null) this.#tunnel.tunnel.channelHasRoom();
      else this.#watched?.onRoom();
    };
    this.#decoder = new ChannelDecoder(this);
    socket.on('data', (chunk: Buffer) => {
      this.#chunks += 1;
      this.#broken ??= this.#decoder.push(chunk);
      if (this.#broken !== null) socket.destroy();
    });
    socket.on('end', () => this.#ended());
    // A worker that dies resets the channel; `close` follows.
    socket.on('error', () => {});
    socket.on('close', () => this.#closed());
  }

  /** Whether it has become a tunnel: then it no longer shows what its worker is doing. */
  get isTunnel(): boolean {
    return this.#tunnel !== null;
  }

  hello(slot: number, pid: number, generation: number): void {
    this.worker = { slot, pid, generation };
    this.#owner.channelOpened();
  }

  ask(id: number): void {
    const exchange = this.#queue.find(id);
    const state = exchange?.state;
    if (state?.kind !== 'outstanding') this.#output.write(goneFrame(id));
    else this.#output.write(dataFrame(id, state.ticket.fields, state.ticket.body));
  }

  watch(id: number): void {
    const ticket = new WatchedTicket(this.#output, id);
    this.#watched = ticket;
    const exchange = this.#queue.find(id);
    if (exchange === undefined) ticket.gone();
    else exchange.watch(ticket);
  }

  hints(id: number, lines: string): void {
    this.#passedBytes += lines.length;
    const exchange = this.#queue.find(id);
    exchange?.hint(lines);
    this.#holdBack(exchange);
  }

  head(id: number, head: ResponseHead, body: Buffer): void {
    const { status, flags } = head;
    this.#passedBytes += body.length;
    const exchange = this.#queue.find(id);
    if ((flags & END) !== 0) this.#stopWatching();
    if (status === SWITCHING_PROTOCOLS && (flags & END) === 0) this.#accept(id, exchange, head);
    if (exchange?.state.kind === 'outstanding') exchange.respond(head, body, this.#workerPid);
    this.#after(id, flags, exchange);
  }

  failed(id: number, flags: number): void {
    const exchange = this.#queue.find(id);
    this.#stopWatching();
    if (exchange?.state.kind === 'outstanding') exchange.respond(failedHead(flags), FAILED_PAGE, this.#workerPid);
    this.#after(id, flags, exchange);
  }

  body(id: number, flags: number, piece: Buffer): void {
    this.#passedBytes += piece.length;
    const exchange = this.#queue.find(id);
    if ((flags & END) !== 0) this.#stopWatching();
    if (exchange?.state.kind === 'responding') exchange.continue(flags, piece);
    this.#after(id, flags, exchange);
  }

  trailers(id: number, lines: string): void {
    const exchange = this.#queue.find(id);
    this.#stopWatching();
    if (exchange?.state.kind === 'responding') exchange.trail(lines);
    this.#after(id, END, exchange);
  }

  message(id: number, flags: number, piece: Buffer, isLast: boolean): void {
    this.#passedBytes += piece.length + (isLast ? MESSAGE_COST_BYTES : 0);
    const exchange = this.#queue.find(id);
    if (exchange === undefined) return;
    exchange.webSocket?.send(piece, (flags & TEXT) !== 0, isLast);
    this.#holdBack(exchange);
  }

  closes(id: number, code: number, reason: Buffer): void {
    const exchange = this.#queue.find(id);
    this.#stopWatching();
    exchange?.webSocket?.close(code, reason);
    this.#after(id, END, exchange);
  }

  tunnel(id: number): void {
    const exchange = this.#queue.find(id);
    const tunnel = exchange?.openTunnel(this.#socket, this.#output, this.#workerPid) ?? null;
    if (tunnel !== null && exchange !== undefined) this.#tunnel = { exchange, tunnel };
    else this.#socket.destroy();
  }

  raw(bytes: Buffer): void {
    this.#tunnel?.tunnel.fromWorker(bytes);
  }

  skip(id: number): void {
    this.#stopWatching();
    const exchange = this.#queue.find(id);
    if (exchange !== undefined) this.#queue.skipped(exchange);
  }

  probed(id: number): void {
    this.#queue.probed(id);
  }

  close(): void {
    this.#socket.destroy();
  }

  /**
   * The worker's process has exited. Its end of the channel may stay open forever in a child that it forked, so the end of the stream is
   * not awaited; but the bytes that the worker sent are in the socket, and are read first.
   */
  workerExited(): void {
    if (this.#exited) return;
    this.#exited = true;
    this.#closeWhenRead(-1);
  }

  /** `seen`: the number of chunks read by the previous turn of the event loop. */
  #closeWhenRead(seen: number): void {
    if (this.#socket.destroyed || this.#tunnel !== null) return;
    // A slow client has paused the channel.
    if (this.#socket.isPaused()) this.#socket.once('resume', () => this.#closeWhenRead(-1));
    else if (this.#chunks === seen) this.#socket.destroy();
    else {
      const chunks = this.#chunks;
      setImmediate(() => this.#closeWhenRead(chunks));
    }
  }

  /** No ticket is answered before HELLO. */
  get #workerPid(): number {
    return this.worker?.pid ?? 0;
  }

  /** The client may have left, or been answered with 504, while the application was deciding. */
  #accept(id: number, exchange: Exchange | undefined, head: ResponseHead): void {
    if (exchange?.request.head.isWebSocket === false) return;
    this.#watched ??= new WatchedTicket(this.#output, id);
    if (exchange?.state.kind === 'outstanding') exchange.accept(this.#watched, head, this.#workerPid);
    else this.#watched.gone();
  }

  #stopWatching(): void {
    const watched = this.#watched;
    this.#watched = null;
    watched?.over();
  }

  #after(id: number, flags: number, exchange: Exchange | undefined): void {
    if ((flags & END) !== 0) {
      // A worker that has sent much waits for this before it takes another ticket: bytes that a slow client leaves unread in the channel
      // must never delay another client's response.
      if (this.#passedBytes > UNACKNOWLEDGED_BYTES) this.#output.write(takenFrame(id));
      this.#passedBytes = 0;
      if (exchange !== undefined) this.#queue.ticketEnded(exchange);
    } else {
      this.#holdBack(exchange);
    }
  }

  #holdBack(exchange: Exchange | undefined): void {
    if (exchange === undefined || exchange.state.kind === 'finished' || this.#passedBytes <= UNACKNOWLEDGED_BYTES)
      return;
    if (exchange.client.holdsBack(() => this.#socket.resume())) this.#socket.pause();
  }

  #ended(): void {
    if (this.#tunnel === null) {
      this.#socket.end();
      return;
    }
    this.#tunnel.tunnel.workerEnded();
    // The worker is free for other tickets.
    this.#queue.ticketEnded(this.#tunnel.exchange);
  }

  #closed(): void {
    this.#output.close();
    this.#stopWatching();
    if (this.#tunnel !== null) {
      this.#tunnel.tunnel.channelClosed();
      this.#queue.ticketEnded(this.#tunnel.exchange);
    }
    this.#owner.channelClosed(this, this.#broken);
  }
}
