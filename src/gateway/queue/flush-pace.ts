// When collected tickets are written: at the end of the event loop's turn, in one system call for all requests of the turn; or each one
// immediately, while turns bring one request only. Then waiting for the end of the turn would cost two microseconds and save nothing.

/** Requests that follow each other this closely are of one turn: the next turn takes longer to come. */
const SAME_TURN_MS = 0.03;
/** So many turns in a row with a single ticket. */
const LONE_TURNS = 8;

export class FlushPace {
  #manner: 'immediately' | 'collecting' = 'collecting';
  #lastMs = 0;
  #loneTurns = 0;

  /** Whether a ticket that was made now is written now. */
  writesNow(nowMs: number): boolean {
    const sinceMs = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    if (this.#manner === 'immediately' && sinceMs < SAME_TURN_MS) {
      this.#manner = 'collecting';
      this.#loneTurns = 0;
    }
    return this.#manner === 'immediately';
  }

  /** A turn has collected so many tickets. */
  collected(tickets: number): void {
    this.#loneTurns = tickets === 1 ? this.#loneTurns + 1 : 0;
    if (this.#loneTurns >= LONE_TURNS) this.#manner = 'immediately';
  }
}
