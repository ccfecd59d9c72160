// Requests that exceed `timeout` in workers that run several concurrently. Such a worker is not killed for one of them: the request is
// expired at the gateway, then logged with the stack in which it hangs. Pure.

/** How long a worker may take to write its stacks after the signal. */
const STACK_WAIT_MS = 300;
/** How long to wait for the gateway to name the request: a busy one answers late, one that hangs never. */
const ANSWER_WAIT_MS = 2000;

export interface OverdueRequest {
  readonly ticket: number;
  /** Identifies the worker in its generation. */
  readonly slot: number;
  readonly pid: number | null;
  /** The thread that runs it, or 0, as in the claim. */
  readonly thread: number;
  readonly ageMs: number;
  readonly sinceMs: number;
  /** Offset in the worker's stack file at which the requested stacks begin. */
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

  /** Requests to log now. Each is returned once. */
  due(nowMs: number): readonly OverdueRequest[] {
    return this.#take(({ sinceMs, what }) => nowMs - sinceMs >= (what === null ? ANSWER_WAIT_MS : STACK_WAIT_MS));
  }

  /** Requests of a worker that has ended, to log now. Each is returned once. */
  ofEnded(slot: number): readonly OverdueRequest[] {
    return this.#take((request) => request.slot === slot);
  }

  /** Whether stacks that were requested from the worker are not in the log yet. */
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

  /** Drops logged requests of this worker that are no longer claimed. */
  keepOnly(slot: number, claimed: ReadonlySet<number>): void {
    for (const request of this.#requests.values()) {
      const isOver = request.slot === slot && request.isLogged && !claimed.has(request.ticket);
      if (isOver) this.#requests.delete(request.ticket);
    }
  }
}
