// Whether a client is read. Several may hold it back at the same time, each for its own reason: it is read again when none of them
// does. The connection makes it.

export type Hold =
  /** It has sent too much ahead of the request in service. */
  | 'ahead'
  /** The worker does not take the body as fast as it comes. */
  | 'body'
  | 'tunnel'
  /** The worker does not take messages as fast as they come. */
  | 'messages'
  /** It has had its share of this turn of the event loop. */
  | 'turn';

/**
 * libuv reads from a socket up to 32 times in a row while each read fills its buffer of this size. Only then can one client keep the
 * others waiting.
 */
const FULL_READ_BYTES = 64 * 1024;
/** What the bytes of one read may take before the others have their turn. */
const TURN_MS = 0.5;

/** A socket, or what stands in front of it. */
export interface Flow {
  pause(): void;
  resume(): void;
}

export class InputGate {
  readonly #flow: Flow;
  readonly #holds: Set<Hold> = new Set();

  constructor(flow: Flow) {
    this.#flow = flow;
  }

  holds(why: Hold): boolean {
    return this.#holds.has(why);
  }

  hold(why: Hold): void {
    if (this.#holds.size === 0) this.#flow.pause();
    this.#holds.add(why);
  }

  release(why: Hold): void {
    if (this.#holds.delete(why) && this.#holds.size === 0) this.#flow.resume();
  }

  /** Whatever holds it back. */
  open(): void {
    this.#holds.clear();
    this.#flow.resume();
  }

  /** Takes a chunk by `take`; one whose bytes are much work is the last one in this turn of the event loop. */
  takeTurn(chunk: Buffer, take: (chunk: Buffer) => void): void {
    if (!isFullRead(chunk)) return take(chunk);
    const startMs = performance.now();
    take(chunk);
    if (performance.now() - startMs >= TURN_MS) this.endTurn();
  }

  /** Nothing more in this turn of the event loop. */
  endTurn(): void {
    this.hold('turn');
    setImmediate(() => this.release('turn'));
  }
}

/** Whether more may come in the same turn of the event loop. */
export function isFullRead(chunk: Buffer): boolean {
  return chunk.length >= FULL_READ_BYTES;
}
