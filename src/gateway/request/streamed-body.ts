// The body of a request that is dispatched before it is whole: from the client, through its framing, to the worker. What the worker does
// not take yet waits here, and the client is read no further than there is room. The connection makes it and feeds it.
//
// Some of it is read ahead even when the worker takes nothing: the end of a connection shows only behind all bytes that came before it.

import type { Awaited } from '../connection/connection-limits.ts';
import type { MemoryBudget } from '../connection/memory-budget.ts';
import type { WatchedTicket } from '../exchange/watched-ticket.ts';
import type { BodyProgress, BodyReader } from '../http1/body/body-progress.ts';
import { toBodyReader } from '../http1/body/body-reader.ts';
import type { Framing } from '../http1/body/framing.ts';
import type { HeadRules } from '../http1/head/head-rules.ts';
import { Refusal } from '../http1/refusal.ts';

/** Waits before WATCH, however little memory there is. */
const WAITING_BYTES = 64 * 1024;
/** What a piece that waits takes beside its bytes. */
const PIECE_COST_BYTES = 256;
const NOTHING = Buffer.alloc(0);

type State =
  /** More is to come from the client. */
  | 'open'
  | 'whole'
  /** The client has disconnected in the middle, or has broken a rule or a limit. */
  | 'broken'
  /** Nobody wants it: the response has ended, or the whole body was taken. */
  | 'unwanted';

export interface BodySource {
  readonly framing: Exclude<Framing, { kind: 'none' }>;
  readonly rules: HeadRules;
  /** 0: none. */
  readonly limitBytes: number;
  readonly budget: MemoryBudget;
  /** May wait while there is memory. */
  readonly readAheadBytes: number;
  /** The client waits for `100 Continue`, which it gets when the worker wants the body. */
  readonly awaitsContinue: boolean;
}

/** The client, as far as its body goes. */
export interface BodySender {
  sendContinue(): void;
  /** It is not read any further, until `resumeReading`. */
  pauseReading(): void;
  resumeReading(): void;
}

export class StreamedBody {
  #receivedBytes = 0;
  readonly #source: BodySource;
  readonly #reader: BodyReader;
  #state: State = 'open';
  readonly #waiting: Buffer[] = [];
  /** With the cost of each piece. */
  #waitingBytes = 0;
  #ticket: WatchedTicket | null = null;
  /** From `sentBy` on. */
  #sender: BodySender | null = null;
  /** What `takeWhole` has returned. */
  #whole: Buffer | null = null;
  /** Since when the client is not expected to send, or null. */
  #heldSinceMs: number | null;
  /** The client's own time starts here: times of being held are added to it. */
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

  /** Whether bytes of it are still to come. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** The body, if it was taken as a whole. */
  get whole(): Buffer | null {
    return this.#whole;
  }

  /** The request is in service: the connection takes over what is done with the client. */
  sentBy(sender: BodySender): void {
    this.#sender = sender;
    if (this.#isFull()) sender.pauseReading();
  }

  /** Takes what the client has sent: `done` says where the body ended. */
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

  /** The client sends no more, in the middle of it. */
  cut(): Refusal {
    return this.#reader.cut() ?? new Refusal('IncompleteRequest', 'body');
  }

  /** It will not become whole. */
  abort(): void {
    if (this.#state === 'open') this.#ticket?.aborted();
    this.#end('broken');
  }

  /** The response has ended without it. */
  discard(): void {
    if (this.#state !== 'broken') this.#end('unwanted');
  }

  /** The whole body, if it has come before its ticket was written; the memory's share of the budget is the caller's from now on. */
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

  /** Sends what waits, as far as there is room for it. */
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

  /** What the client's limits are to be measured by. */
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

  /** The client is not read from now on, and so is not late. */
  #hold(): void {
    this.#heldSinceMs ??= performance.now();
    this.#sender?.pauseReading();
  }

  #add(chunk: Buffer, start: number, end: number): void {
    this.#receivedBytes += end - start;
    if (this.#state !== 'open') return;
    if (this.#ticket?.isFull === false && this.#waiting.length === 0)
      return this.#ticket.piece(chunk.subarray(start, end));
    // A copy: a small piece shall not keep the whole of what was read alive.
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
