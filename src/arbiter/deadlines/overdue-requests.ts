// Requests that have run longer than `timeout` in workers that run several at once: such a worker is not killed for one of them. Each is
// expired at the gateway, then logged with the stack that it hangs in. Pure.

/** Between the signal that asks a worker for its stacks and the look at them. */
const STACK_WAIT_MS = 300;
/** A gateway that has much to do answers late which request it was; one that hangs, never. */
const ANSWER_WAIT_MS = 2000;

export interface OverdueRequest {
  readonly ticket: number;
  /** The worker's name among those of its generation. */
  readonly slot: number;
  readonly pid: number | null;
  /** As in the claim: the thread that runs it, or 0. */
  readonly thread: number;
  readonly ageMs: number;
  readonly sinceMs: number;
  /** Where in the worker's stack file the stacks begin that were asked for now. */
  readonly stackFrom: number;
  /** Method and target, once the gateway has answered the client. */
  readonly what: string | null;
  readonly isLogged: boolean;
}

export class OverdueRequests {
  readonly #requests: Map<number, OverdueRequest> = new Map();

  has(ticket: number): boolean {
    return this.#requests.has(ticket);
  }

  add(request: Omit<OverdueRequest, 'what' | 'isLogged'>): void {
    this.#requests.set(request.ticket, { ...request, what: null, isLogged: false });
  }

  answered(ticket: number, what: string): void {
    const request = this.#requests.get(ticket);
    if (request !== undefined) this.#requests.set(ticket, { ...request, what });
  }

  /** Those to be logged now. Each is returned once. */
  due(nowMs: number): readonly OverdueRequest[] {
    return this.#take(({ sinceMs, what }) => nowMs - sinceMs >= (what === null ? ANSWER_WAIT_MS : STACK_WAIT_MS));
  }

  /** Those of a worker that has ended, to be logged now. */
  ofEnded(slot: number): readonly OverdueRequest[] {
    return this.#take((request) => request.slot === slot);
  }

  /** Whether the worker has been asked for stacks that are not in the log yet. */
  awaitsStacks(slot: number): boolean {
    return [...this.#requests.values()].some((request) => request.slot === slot && !request.isLogged);
  }

  #take(isWanted: (request: OverdueRequest) => boolean): readonly OverdueRequest[] {
    const taken = [...this.#requests.values()].filter((each) => !each.isLogged && isWanted(each));
    for (const request of taken) this.#requests.set(request.ticket, { ...request, isLogged: true });
    return taken;
  }

  /** How long ago the request was expired; null if it was not. */
  overdueMs(ticket: number, nowMs: number): number | null {
    const request = this.#requests.get(ticket);
    return request === undefined ? null : nowMs - request.sinceMs;
  }

  /** Drops requests of this worker that are logged and no longer claimed. */
  keepOnly(slot: number, claimed: ReadonlySet<number>): void {
    for (const request of this.#requests.values()) {
      const isOver = request.slot === slot && request.isLogged && !claimed.has(request.ticket);
      if (isOver) this.#requests.delete(request.ticket);
    }
  }
}
