// The body of a request that is dispatched before it is whole: from the client, through its framing, to the worker. Until the worker
// says WATCH a little of it waits here; the client is read no further than there is room. The connection makes it and feeds it.

import type { Awaited } from './connection-limits.ts';
import type { BodyProgress, BodyReader } from './http/body-progress.ts';
import { toBodyReader } from './http/body-reader.ts';
import type { Framing } from './http/framing.ts';
import type { HeadRules } from './http/head-rules.ts';
import { Refusal } from './http/refusal.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { WatchedTicket } from './watched-ticket.ts';

const WAITING_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);

type State =
  /** More is to come from the client. */
  | 'open'
  | 'whole'
  /** The client has left in the middle, or has broken a rule or a limit. */
  | 'broken'
  /** Nobody wants it: the response has ended, or the whole body was taken. */
  | 'unwanted';

export interface BodySource {
  readonly framing: Exclude<Framing, { kind: 'none' }>;
  readonly rules: HeadRules;
  /** 0: none. */
  readonly limitBytes: number;
  readonly budget: MemoryBudget;
  /** The client waits for `100 Continue`; it is called when the worker wants the body. */
  readonly sendContinue: (() => void) | null;
  /** The client is not read any further, until `resume`. */
  readonly pause: () => void;
  readonly resume: () => void;
}

export class StreamedBody {
  #receivedBytes = 0;
  readonly #source: BodySource;
  readonly #reader: BodyReader;
  #state: State = 'open';
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #ticket: WatchedTicket | null = null;
  /** Since when the client is not expected to send, or null. */
  #heldSinceMs: number | null;
  /** The client's own time starts here: times of being held are added to it. */
  #sinceMs: number;

  constructor(source: BodySource, nowMs: number) {
    this.#source = source;
    this.#sinceMs = nowMs;
    this.#heldSinceMs = source.sendContinue === null ? null : nowMs;
    this.#reader = toBodyReader(source.framing, source.rules, (chunk, start, end) => this.#add(chunk, start, end));
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Whether bytes of it are still to come. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Takes what the client has sent: `done` says where the body ended. */
  push(chunk: Buffer, start: number): BodyProgress {
    const progress = this.#reader.push(chunk, start);
    const { limitBytes } = this.#source;
    if (limitBytes > 0 && this.#receivedBytes > limitBytes)
      return { kind: 'refused', refusal: new Refusal('ContentTooLarge', `over ${limitBytes} bytes`) };
    if (progress.kind === 'done' && this.#state === 'open') {
      this.#state = 'whole';
      this.#ticket?.piece(NOTHING, 'last');
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
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#state = 'unwanted';
    return bytes;
  }

  /** The worker wants it. */
  flowTo(ticket: WatchedTicket, nowMs: number): void {
    this.#ticket = ticket;
    if (this.#state === 'broken') return ticket.aborted();
    ticket.onRoom = () => this.#release(performance.now());
    for (const piece of this.#waiting) ticket.piece(piece, 'middle');
    this.#forget();
    if (this.#state === 'whole') return ticket.piece(NOTHING, 'last');
    if (this.#state !== 'open') return;
    this.#source.sendContinue?.();
    if (!this.#isFull()) this.#release(nowMs);
  }

  /** What the client's limits are to be measured by. */
  awaited(nowMs: number): Awaited {
    if (this.#state !== 'open' || this.#heldSinceMs !== null) return { kind: 'nothing' };
    return { kind: 'body', elapsedMs: nowMs - this.#sinceMs, receivedBytes: this.#receivedBytes };
  }

  #isFull(): boolean {
    if (this.#state !== 'open') return false;
    return this.#ticket === null ? this.#waitingBytes >= WAITING_BYTES : this.#ticket.isFull;
  }

  /** The client is not read from now on, and so is not late. */
  #hold(): void {
    this.#heldSinceMs ??= performance.now();
    this.#source.pause();
  }

  #add(chunk: Buffer, start: number, end: number): void {
    this.#receivedBytes += end - start;
    if (this.#state !== 'open') return;
    if (this.#ticket !== null) return this.#ticket.piece(chunk.subarray(start, end), 'middle');
    // A copy: a small piece shall not keep the whole of what was read alive.
    this.#waiting.push(Buffer.from(chunk.subarray(start, end)));
    this.#waitingBytes += end - start;
    this.#source.budget.add(end - start);
  }

  #end(state: State): void {
    this.#state = state;
    this.#forget();
    this.#release(performance.now());
  }

  #forget(): void {
    this.#source.budget.add(-this.#waitingBytes);
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #release(nowMs: number): void {
    if (this.#heldSinceMs === null) return;
    this.#sinceMs += nowMs - this.#heldSinceMs;
    this.#heldSinceMs = null;
    this.#source.resume();
  }
}
