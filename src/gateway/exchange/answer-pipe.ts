// The reading end of the gateway's answer pipe: short answers of all workers, several in one read. RUNQUEUE.md, "Answer pipe".

import fs from 'node:fs';
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import { AnswerDecoder, type AnswerSink } from '../../runqueue/answer-decoder.ts';
import type { ResponseHead } from '../../runqueue/channel-decoder.ts';
import { Refusal } from '../http1/refusal.ts';
import { FAILED_PAGE, failedHead } from '../http1/response/failed-response.ts';
import type { Exchange } from './exchange.ts';
import type { ChannelQueue } from './worker-channel.ts';

/** As much as a pipe holds by default. */
const READ_BYTES = 64 * 1024;

/** What the pipe needs from the run queue. */
export interface AnswerQueue extends ChannelQueue {
  /** Answers to some of the outstanding tickets could not be read. */
  answersDiscarded(): void;
}

export class AnswerPipe implements AnswerSink {
  readonly #fd: number;
  readonly #socket: Socket;
  readonly #queue: AnswerQueue;
  readonly #report: (fault: string) => void;
  readonly #decoder: AnswerDecoder = new AnswerDecoder(this);
  /** Every read uses it again: no part of it is kept after its answers have been passed on. */
  readonly #buffer: Buffer = Buffer.alloc(READ_BYTES);
  #isOpen = true;

  /** Throws if no worker has made the pipe yet. `report` gets what is wrong with bytes that are not an answer. */
  constructor(file: string, queue: AnswerQueue, report: (fault: string) => void) {
    this.#queue = queue;
    this.#report = report;
    // For writing too: a pipe without a writer would be at its end.
    this.#fd = fs.openSync(file, fs.constants.O_RDWR | fs.constants.O_NONBLOCK);
    const onread: OnReadOpts = {
      buffer: this.#buffer,
      callback: (bytes) => {
        this.#read(bytes);
        return true;
      },
    };
    // The constructor takes `onread` like `connect` does; its type does not say so.
    const options: SocketConstructorOpts & { readonly onread: OnReadOpts } = {
      fd: this.#fd,
      readable: true,
      writable: false,
      onread,
    };
    this.#socket = new Socket(options);
    this.#socket.on('error', () => {});
  }

  /** Reads everything that workers have written so far. */
  readEmpty(): void {
    while (this.#isOpen) {
      const bytes = this.#readNow();
      if (bytes === 0) return;
      this.#read(bytes);
    }
  }

  close(): void {
    this.#isOpen = false;
    this.#socket.destroy();
  }

  // AnswerSink

  answered(id: number, pid: number, head: ResponseHead, body: Buffer): void {
    const exchange = this.#queue.find(id);
    if (exchange === undefined) return;
    if (exchange.state.kind === 'outstanding') exchange.respond(head, body, pid);
    this.#queue.ticketEnded(exchange);
  }

  failed(id: number, pid: number, flags: number): void {
    this.answered(id, pid, failedHead(flags), FAILED_PAGE);
  }

  skip(id: number): void {
    const exchange = this.#queue.find(id);
    if (exchange !== undefined) this.#queue.skipped(exchange);
  }

  probed(id: number): void {
    this.#queue.probed(id);
  }

  malformed(id: number, pid: number, fault: string): void {
    this.#report(fault);
    const exchange: Exchange | undefined = this.#queue.find(id);
    if (exchange === undefined) return;
    exchange.fail(new Refusal('BadGateway', 'the worker sent a malformed answer'), 'worker-died', pid);
    this.#queue.ticketEnded(exchange);
  }

  #read(bytes: number): void {
    const fault = this.#decoder.push(this.#buffer, bytes);
    if (fault === null) return;
    this.#report(fault);
    // Each answer is written in one piece, so the first byte after an empty pipe begins one.
    while (this.#readNow() > 0);
    this.#decoder.reset();
    this.#queue.answersDiscarded();
  }

  /** 0 if the pipe is empty. */
  #readNow(): number {
    try {
      return fs.readSync(this.#fd, this.#buffer, 0, READ_BYTES, null);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : '';
      if (code !== 'EAGAIN') throw error;
      return 0;
    }
  }
}
