// The deadlines of a worker: for its boot, its request and its exit. Checked a few times a second.

import { WORKER_MESSAGES } from '../../log/catalog/workers.ts';
import { entry } from '../../log/message.ts';
import { type ClaimsBoard, claimAgeMs } from '../../runqueue/claims-board.ts';
import type { Worker, WorkerRoster } from '../workers/worker-roster.ts';
import { BootPatience } from './boot-patience.ts';
import type { DeadlinesOwner, Limits } from './limits.ts';
import { RequestDeadlines } from './request-deadlines.ts';
import type { WorkerStacks } from './worker-stacks.ts';

const ABORT_GRACE_MS = 1000;
const EXPIRE_GRACE_MS = 1000;
const ASK_AGAIN_MS = 200;
/** How long a worker may take to write its stack. */
const STACK_WAIT_MS = 300;

export class WorkerDeadlines {
  readonly #workers: WorkerRoster;
  readonly #board: ClaimsBoard;
  readonly #owner: DeadlinesOwner;
  readonly #patience: BootPatience = new BootPatience();
  readonly #requests: RequestDeadlines;

  constructor(workers: WorkerRoster, board: ClaimsBoard, stacks: WorkerStacks, owner: DeadlinesOwner) {
    this.#workers = workers;
    this.#board = board;
    this.#owner = owner;
    this.#requests = new RequestDeadlines(workers, board, stacks, owner);
  }

  get longestBootMs(): number {
    return this.#patience.longestMs;
  }

  /** `longestBootMs`: of the generation that serves while this one boots. */
  follow(longestBootMs: number): void {
    this.#patience.follow(longestBootMs);
  }

  /** A worker has become ready. */
  booted(tookMs: number): void {
    this.#patience.booted(tookMs);
  }

  check(worker: Worker, limits: Limits, nowMs: number): void {
    const { slot, state } = worker;
    const sinceMs = state.kind === 'gone' ? 0 : nowMs - state.sinceMs;
    if (state.kind === 'doomed') {
      const skipsAbort = state.step === 'to-abort' && state.reason === 'graceful-timeout';
      if (skipsAbort) {
        if (sinceMs > STACK_WAIT_MS) this.#workers.kill(slot, nowMs);
      } else if (state.step === 'to-abort' && sinceMs > EXPIRE_GRACE_MS) this.#abort(worker, 'a request', nowMs);
      else if (state.step === 'aborted' && sinceMs > ABORT_GRACE_MS) this.#workers.kill(slot, nowMs);
      return;
    }
    // A signal that arrives between two system calls does not interrupt the second.
    if (state.kind === 'retiring' && nowMs - state.askedAtMs >= ASK_AGAIN_MS) {
      this.#workers.signal(worker, 'SIGTERM');
      this.#workers.move(slot, { type: 'asked-again' }, nowMs);
    }
    if (state.kind === 'booting' && limits.timeoutMs > 0) {
      const limitMs = this.#patience.limitMs(limits.timeoutMs);
      if (sinceMs > limitMs) this.#bootedTooSlowly(worker, limits.timeoutMs, limitMs, nowMs);
      return;
    }
    if (state.kind === 'exiting') {
      // Its stacks show what it is waiting for.
      if (sinceMs > limits.graceMs) this.#workers.doom(worker, 'slow-exit', 'SIGABRT', nowMs);
      return;
    }
    if (state.kind !== 'ready' && state.kind !== 'retiring') return;
    if (limits.onDeadline === 'kill') this.#checkRequest(worker, limits.timeoutMs, nowMs);
    else this.#requests.check(worker, limits, nowMs);
  }

  /** The gateway has answered the client of an overdue ticket; now the worker can be killed. */
  expired(ticket: number, what: string, nowMs: number): void {
    this.#requests.expired(ticket, what);
    for (const worker of this.#workers.all()) {
      if (worker.state.kind !== 'doomed' || worker.state.step !== 'to-abort') continue;
      const claim = this.#board.claim(worker.slot);
      if (claim.ticket !== ticket) continue;
      this.#abort(worker, `${what} after ${(claimAgeMs(claim, nowMs) / 1000).toFixed(1)} s`, nowMs);
    }
  }

  gone(slot: number): void {
    this.#requests.gone(slot);
  }

  /** For workers that run one request at a time. The client is answered before the worker is killed, by `expired`. */
  #checkRequest({ slot }: Worker, timeoutMs: number, nowMs: number): void {
    const claim = this.#board.claim(slot);
    if (timeoutMs === 0 || claim.ticket === 0 || claimAgeMs(claim, nowMs) <= timeoutMs) return;
    if (this.#workers.move(slot, { type: 'doom', reason: 'timeout' }, nowMs)) {
      this.#owner.expire(claim);
    }
  }

  #bootedTooSlowly(worker: Worker, timeoutMs: number, limitMs: number, nowMs: number): void {
    this.#patience.tooSlow();
    const limit = limitMs > timeoutMs ? seconds(limitMs) : `timeout (${seconds(timeoutMs)})`;
    const next = seconds(this.#patience.limitMs(timeoutMs));
    const pid = worker.process?.pid ?? '-';
    this.#owner.enter(entry(WORKER_MESSAGES.bootTooSlow, { pid, limit, next }));
    this.#workers.doom(worker, 'slow-boot', 'SIGABRT', nowMs);
  }

  #abort(worker: Worker, what: string, nowMs: number): void {
    this.#owner.enter(entry(WORKER_MESSAGES.workerTimeout, { pid: worker.process?.pid ?? '-', what }));
    this.#workers.abort(worker.slot, 'SIGABRT', nowMs);
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
