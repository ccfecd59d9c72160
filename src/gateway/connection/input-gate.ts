// Whether the client is being read. Several parts can pause reading at the same time, each for its own reason; reading resumes when
// none of them does.

export type Hold =
  /** The client has sent too much ahead of the request in service. */
  | 'ahead'
  /** The worker reads the body more slowly than it arrives. */
  | 'body'
  | 'tunnel'
  /** The worker reads messages more slowly than they arrive. */
  | 'messages'
  /** The client has had its share of this turn of the event loop. */
  | 'turn';

/**
 * libuv reads from a socket up to 32 times in a row while each read fills its buffer, which has this size. Only then can one client keep
 * the others waiting.
 */
const FULL_READ_BYTES = 64 * 1024;
/** How long the bytes of one read may take before other clients have their turn. */
const TURN_MS = 0.5;

/** A socket, or a stream in front of it. */
export interface Flow {
  pause(): void;
  resume(): void;
}

export class InputGate {
  readonly #flow: Flow;
  /** Null: none so far, as in most connections. */
  #holds: Set<Hold> | null = null;

  constructor(flow: Flow) {
    this.#flow = flow;
  }

  holds(why: Hold): boolean {
    return this.#holds?.has(why) === true;
  }

  hold(why: Hold): void {
    this.#holds ??= new Set();
    if (this.#holds.size === 0) this.#flow.pause();
    this.#holds.add(why);
  }

  release(why: Hold): void {
    if (this.#holds?.delete(why) === true && this.#holds.size === 0) this.#flow.resume();
  }

  /** Drops all reasons to pause. */
  open(): void {
    this.#holds?.clear();
    this.#flow.resume();
  }

  /** Passes a chunk to `take`; if it was expensive, it is the last one in this turn of the event loop. */
  takeTurn(chunk: Buffer, take: (chunk: Buffer) => void): void {
    if (!isFullRead(chunk)) return take(chunk);
    const startMs = performance.now();
    take(chunk);
    if (performance.now() - startMs >= TURN_MS) this.endTurn();
  }

  /** Reads nothing more in this turn of the event loop. */
  endTurn(): void {
    this.hold('turn');
    setImmediate(() => this.release('turn'));
  }
}

/** Whether more may come in the same turn of the event loop. */
export function isFullRead(chunk: Buffer): boolean {
  return chunk.length >= FULL_READ_BYTES;
}
