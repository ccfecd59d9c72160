// The body of a request that is dispatched before it is complete: from the client, through its framing, to the worker. Bytes that the
// worker does not accept yet wait here, and the client is read no further than there is room.
//
// Some bytes are read ahead even when the worker accepts none: the end of a connection shows only after all bytes before it.

import type { Awaited } from '../connection/connection-limits.ts';
import type { MemoryBudget } from '../connection/memory-budget.ts';
import type { WatchedTicket } from '../exchange/watched-ticket.ts';
import type { BodyProgress, BodyReader } from '../http1/body/body-progress.ts';
import { toBodyReader } from '../http1/body/body-reader.ts';
import type { Framing } from '../http1/body/framing.ts';
import type { HeadRules } from '../http1/head/head-rules.ts';
import { Refusal } from '../http1/refusal.ts';

/** May wait before WATCH, however little memory there is. */
const WAITING_BYTES = 64 * 1024;
/** The overhead of a waiting piece. */
const PIECE_COST_BYTES = 256;
const NOTHING = Buffer.alloc(0);

type State =
  /** The client has more to send. */
  | 'open'
  | 'whole'
  /** The client disconnected in the middle, or broke a rule or a limit. */
  | 'broken'
  /** Not needed: the response has ended, or the whole body was taken. */
  | 'unwanted';

export interface BodySource {
  readonly framing: Exclude<Framing, { kind: 'none' }>;
  readonly rules: HeadRules;
  /** 0: none. */
  readonly limitBytes: number;
  readonly budget: MemoryBudget;
  /** May wait while memory is available. */
  readonly readAheadBytes: number;
  /** The client waits for `100 Continue`, and gets it when the worker wants the body. */
  readonly awaitsContinue: boolean;
}

/** The client, as the sender of its body. */
export interface BodySender {
  sendContinue(): void;
  /** Stops reading until `resumeReading`. */
  pauseReading(): void;
  resumeReading(): void;
}

export class StreamedBody {
  #receivedBytes = 0;
  readonly #source: BodySource;
  readonly #reader: BodyReader;
  #state: State = 'open';
  readonly #waiting: Buffer[] = [];
  /** Including the overhead of each piece. */
  #waitingBytes = 0;
  #ticket: WatchedTicket | null = null;
  /** Set by `sentBy`. */
  #sender: BodySender | null = null;
  /** The result of `takeWhole`. */
  #whole: Buffer | null = null;
  /** Since when the client has not been expected to send, or null. */
  #heldSinceMs: number | null;
  /** The start of the client's own time: pauses that are not its fault are added. */
  #sinceMs: number;

  constructor(source: BodySource, nowMs: number) {
    this.#source = source;
    this.#sinceMs = nowMs;
    this.#heldSinceMs = source.awaitsContinue ? nowMs : null;
    this.#reader = toBodyReader(source.framing, source.rules, (chunk, start, end) => this.#add(chunk, start, end));
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Whether more bytes of it will arrive. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** The body, if it was taken as a whole. */
  get whole(): Buffer | null {
    return this.#whole;
  }

  /** The request is in service: from now on the connection controls the client. */
  sentBy(sender: BodySender): void {
    this.#sender = sender;
    if (this.#isFull()) sender.pauseReading();
  }

  /** Reads the client's bytes: `done` says where the body ended. */
  push(chunk: Buffer, start: number): BodyProgress {
    const progress = this.#reader.push(chunk, start);
    const { limitBytes } = this.#source;
    if (limitBytes > 0 && this.#receivedBytes > limitBytes)
      return { kind: 'refused', refusal: new Refusal('ContentTooLarge', `over ${limitBytes} bytes`) };
    if (progress.kind === 'done' && this.#state === 'open') {
      this.#state = 'whole';
      this.#pour();
    }
    if (this.#isFull()) this.#hold();
    return progress;
  }

  /** The client stopped sending in the middle of it. */
  cut(): Refusal {
    return this.#reader.cut() ?? new Refusal('IncompleteRequest', 'body');
  }

  /** It will stay incomplete. */
  abort(): void {
    if (this.#state === 'open') this.#ticket?.aborted();
    this.#end('broken');
  }

  /** The response has ended without it. */
  discard(): void {
    if (this.#state !== 'broken') this.#end('unwanted');
  }

  /** The whole body, if it was complete before its ticket was written; the caller takes over the memory's share of the budget. */
  takeWhole(): Buffer | null {
    if (this.#state !== 'whole' || this.#ticket !== null) return null;
    const bytes = this.#waiting.length === 1 ? (this.#waiting[0] ?? NOTHING) : Buffer.concat(this.#waiting);
    this.#forget();
    this.#source.budget.add(bytes.length);
    this.#state = 'unwanted';
    this.#whole = bytes;
    return bytes;
  }

  /** The worker wants it. */
  flowTo(ticket: WatchedTicket, nowMs: number): void {
    this.#ticket = ticket;
    if (this.#state === 'broken') return ticket.aborted();
    ticket.onRoom = () => this.#roomAgain(performance.now());
    if (this.#state === 'open' && this.#source.awaitsContinue) this.#sender?.sendContinue();
    this.#roomAgain(nowMs);
  }

  #roomAgain(nowMs: number): void {
    this.#pour();
    if (!this.#isFull()) this.#release(nowMs);
  }

  /** Sends the waiting bytes, as far as there is room. */
  #pour(): void {
    const ticket = this.#ticket;
    if (ticket === null || (this.#state !== 'open' && this.#state !== 'whole')) return;
    let sent = 0;
    for (const piece of this.#waiting) {
      if (ticket.isFull) break;
      ticket.piece(piece);
      this.#weigh(-piece.length - PIECE_COST_BYTES);
      sent += 1;
    }
    this.#waiting.splice(0, sent);
    if (this.#state !== 'whole' || this.#waiting.length > 0) return;
    ticket.bodyEnd();
    this.#state = 'unwanted';
  }

  /** The values by which the client's limits are measured. */
  awaited(nowMs: number): Awaited {
    if (this.#state !== 'open' || this.#heldSinceMs !== null) return { kind: 'nothing' };
    return { kind: 'body', elapsedMs: nowMs - this.#sinceMs, receivedBytes: this.#receivedBytes };
  }

  #isFull(): boolean {
    if (this.#state !== 'open') return false;
    const { budget, readAheadBytes } = this.#source;
    if (this.#ticket?.isFull === false) return false;
    const leastBytes = this.#ticket === null ? WAITING_BYTES : 0;
    return this.#waitingBytes >= (budget.isSpent ? leastBytes : Math.max(leastBytes, readAheadBytes));
  }

  /** The client is not being read, and so cannot be late. */
  #hold(): void {
    this.#heldSinceMs ??= performance.now();
    this.#sender?.pauseReading();
  }

  #add(chunk: Buffer, start: number, end: number): void {
    this.#receivedBytes += end - start;
    if (this.#state !== 'open') return;
    if (this.#ticket?.isFull === false && this.#waiting.length === 0)
      return this.#ticket.piece(chunk.subarray(start, end));
    // A copy: a small piece must not keep the whole read buffer alive.
    this.#waiting.push(Buffer.from(chunk.subarray(start, end)));
    this.#weigh(end - start + PIECE_COST_BYTES);
  }

  #weigh(bytes: number): void {
    this.#waitingBytes += bytes;
    this.#source.budget.add(bytes);
  }

  #end(state: State): void {
    this.#state = state;
    this.#forget();
    this.#release(performance.now());
  }

  #forget(): void {
    this.#weigh(-this.#waitingBytes);
    this.#waiting.length = 0;
  }

  #release(nowMs: number): void {
    if (this.#heldSinceMs === null) return;
    this.#sinceMs += nowMs - this.#heldSinceMs;
    this.#heldSinceMs = null;
    this.#sender?.resumeReading();
  }
}
