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

export class ArrivingAnswers {
  readonly #channels: ReadonlySet<Channel>;
  readonly #readPipe: () => void;
  #accepted = 0;

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
    const untilMs = performance.now() + LIMIT_MS;
    let accepted = this.#accepted;
    let quietTurns = 0;
    const look = (): void => {
      const isQuiet = this.#accepted === accepted && this.#allHaveSaidHello();
      accepted = this.#accepted;
      quietTurns = isQuiet ? quietTurns + 1 : 0;
      if (quietTurns < QUIET_TURNS && performance.now() <= untilMs) {
        setImmediate(look);
        return;
      }
      this.#readPipe();
      then();
    };
    setImmediate(look);
  }

  #allHaveSaidHello(): boolean {
    for (const { worker } of this.#channels) if (worker === null) return false;
    return true;
  }
}
