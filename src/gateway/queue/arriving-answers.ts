// Whether everything that workers have sent so far has been read. A worker releases its claim when it has sent the end of an answer; until
// that has been read, a ticket without a claim looks as if no worker had run it.

/** Turns of the event loop in which no channel arrived: what was in the channels has been read in them. */
const QUIET_TURNS = 3;
/** A worker that was stopped between its connect() and its HELLO is not waited for. */
const LIMIT_MS = 200;

interface Channel {
  /** Null until HELLO. */
  readonly worker: object | null;
}

interface Wait {
  readonly then: () => void;
  readonly untilMs: number;
  quietTurns: number;
}

export class ArrivingAnswers {
  readonly #channels: ReadonlySet<Channel>;
  readonly #readPipe: () => void;
  readonly #waits: Wait[] = [];
  #accepted = 0;
  /** The channels accepted by the last look. */
  #seen = 0;

  /** `readPipe` reads the answer pipe until it is empty. */
  constructor(channels: ReadonlySet<Channel>, readPipe: () => void) {
    this.#channels = channels;
    this.#readPipe = readPipe;
  }

  /** A channel was accepted. Its bytes are read one turn later, and there may be more channels in the backlog. */
  channelAccepted(): void {
    this.#accepted += 1;
  }

  /** Calls `then` after everything that was sent before this call has been read. Keeps the order of calls. */
  whenRead(then: () => void): void {
    if (this.#waits.length === 0) setImmediate(() => this.#look());
    this.#waits.push({ then, untilMs: performance.now() + LIMIT_MS, quietTurns: 0 });
  }

  /** Every turn of the event loop while something waits. */
  #look(): void {
    const isQuiet = this.#accepted === this.#seen && this.#allHaveSaidHello();
    this.#seen = this.#accepted;
    for (const wait of this.#waits) wait.quietTurns = isQuiet ? wait.quietTurns + 1 : 0;
    const nowMs = performance.now();
    // A later call has no earlier limit and no more quiet turns: those that are done are the first.
    const going = this.#waits.findIndex(({ quietTurns, untilMs }) => quietTurns < QUIET_TURNS && nowMs <= untilMs);
    const done = this.#waits.splice(0, going === -1 ? this.#waits.length : going);
    if (this.#waits.length > 0) setImmediate(() => this.#look());
    if (done.length > 0) this.#readPipe();
    for (const { then } of done) then();
  }

  #allHaveSaidHello(): boolean {
    for (const { worker } of this.#channels) if (worker === null) return false;
    return true;
  }
}
