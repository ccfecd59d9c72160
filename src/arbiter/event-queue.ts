// A queue of events that are handled one after the other.

export class EventQueue<Event> {
  readonly #waiting: Event[] = [];
  readonly #handle: (event: Event) => void;
  #state: 'idle' | 'busy' | 'ended' = 'idle';

  constructor(handle: (event: Event) => void) {
    this.#handle = handle;
  }

  /** A handler may post events, too: they are handled after it returns, never inside it. */
  post(event: Event): void {
    this.#waiting.push(event);
    if (this.#state !== 'idle') return;
    this.#state = 'busy';
    for (let next = this.#next(); next !== undefined; next = this.#next()) this.#handle(next);
    if (this.#state === 'busy') this.#state = 'idle';
  }

  /** Handles no more events, not even those already queued. */
  end(): void {
    this.#state = 'ended';
  }

  #next(): Event | undefined {
    return this.#state === 'ended' ? undefined : this.#waiting.shift();
  }
}
