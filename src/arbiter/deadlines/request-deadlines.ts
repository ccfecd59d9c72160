// The deadlines of workers that run several requests concurrently. Such a worker is not killed for one that hangs: the request is expired
// and logged, and the worker is replaced only if nothing else helps. Also detects a blocked event loop.

import { WORKER_MESSAGES } from '../../log/catalog/workers.ts';
import { entry } from '../../log/message.ts';
import { type Claim, type ClaimsBoard, claimAgeMs } from '../../runqueue/claims-board.ts';
import type { Worker, WorkerRoster } from '../workers/worker-roster.ts';
import type { DeadlinesOwner, Limits } from './limits.ts';
import { type OverdueRequest, OverdueRequests } from './overdue-requests.ts';
import type { WorkerStacks } from './worker-stacks.ts';

/** A request that is still running this long after its worker cancelled it cannot be cancelled. */
const CANCEL_GRACE_MS = 5000;
/** By then the worker's last stacks are in the log. */
const STUCK_GRACE_MS = 1000;
/** An event loop that has not turned for this long is blocked; it beats every half second. */
const STALL_MS = 2000;
const STACK_WAIT_MS = 300;
/** Makes a worker write its stacks. */
const STACKS_SIGNAL = 'SIGUSR2';

interface Stall {
  readonly beatMs: number;
  readonly noticedMs: number;
  readonly stackFrom: number;
  readonly isLogged: boolean;
}

export class RequestDeadlines {
  readonly #workers: WorkerRoster;
  readonly #board: ClaimsBoard;
  readonly #stacks: WorkerStacks;
  readonly #owner: DeadlinesOwner;
  readonly #overdue: OverdueRequests = new OverdueRequests();
  /** By worker slot. */
  readonly #stalls: Map<number, Stall> = new Map();

  constructor(workers: WorkerRoster, board: ClaimsBoard, stacks: WorkerStacks, owner: DeadlinesOwner) {
    this.#workers = workers;
    this.#board = board;
    this.#stacks = stacks;
    this.#owner = owner;
  }

  /** The gateway has answered the client. */
  expired(ticket: number, what: string): void {
    this.#overdue.answered(ticket, what);
  }

  /** The worker has ended; its stack file still exists. */
  gone(slot: number): void {
    this.#stalls.delete(slot);
    for (const request of this.#overdue.ofEnded(slot)) this.#logTimeout(request);
    this.#overdue.keepOnly(slot, new Set());
  }

  /** `worker` is ready or retiring. */
  check(worker: Worker, limits: Limits, nowMs: number): void {
    const claims = this.#board.claims(worker);
    this.#expireLate(worker, claims, limits.timeoutMs, nowMs);
    for (const request of this.#overdue.due(nowMs)) this.#logTimeout(request);
    const patienceMs = limits.onDeadline === 'cancel' ? CANCEL_GRACE_MS : 0;
    const hanging = claims.filter(({ ticket }) => (this.#overdue.overdueMs(ticket, nowMs) ?? -1) > patienceMs);
    this.#overdue.keepOnly(worker.slot, new Set(claims.map(({ ticket }) => ticket)));
    if (worker.state.kind === 'retiring') {
      // Kill it if only hanging requests are left, or its time is over.
      const sinceMs = nowMs - worker.state.sinceMs;
      const isStuck = hanging.length > 0 && hanging.length === claims.length && sinceMs > STUCK_GRACE_MS;
      if (sinceMs > limits.graceMs) {
        this.#workers.doom(worker, 'graceful-timeout', 'SIGUSR2', nowMs);
        return;
      }
      if (isStuck) {
        this.#workers.doom(worker, 'stuck', 'SIGABRT', nowMs);
        return;
      }
    } else if (hanging.length > 0) {
      this.#owner.retire(worker, 'timeout', nowMs);
    }
    this.#checkLoop(worker, claims, limits.timeoutMs, nowMs);
  }

  #expireLate(worker: Worker, claims: readonly Claim[], timeoutMs: number, nowMs: number): void {
    if (timeoutMs === 0) return;
    const late = claims.filter((claim) => claimAgeMs(claim, nowMs) > timeoutMs);
    this.#expire(worker, late, nowMs);
  }

  /** Returns whether any of them had not been expired before. */
  #expire(worker: Worker, claims: readonly Claim[], nowMs: number): boolean {
    const late = claims.filter(({ ticket }) => !this.#overdue.has(ticket));
    if (late.length === 0) return false;
    const stackFrom = this.#stacks.size(worker.slot);
    this.#workers.signal(worker, STACKS_SIGNAL);
    for (const claim of late) {
      const { ticket, thread } = claim;
      const ageMs = claimAgeMs(claim, nowMs);
      const pid = worker.process?.pid ?? null;
      this.#overdue.add({ ticket, slot: worker.slot, pid, thread, ageMs, sinceMs: nowMs, stackFrom });
      this.#owner.expire(claim);
    }
    return true;
  }

  /** The worker that ran it may be gone. */
  #logTimeout({ ticket, slot, pid, thread, ageMs, stackFrom, what }: OverdueRequest): void {
    const stack = this.#stacks.ofRequest(slot, stackFrom, ticket, thread);
    const where = stack === '' ? 'It left no stack.' : `What it was doing:\n${stack}`;
    const values = { pid: pid ?? '-', request: what ?? 'a request', seconds: (ageMs / 1000).toFixed(1), stack: where };
    this.#owner.enter(entry(WORKER_MESSAGES.requestTimeout, values));
  }

  /** A handler that blocks the loop stalls all requests of the worker: logs that once, with the stack, and kills the worker after `timeout`. */
  #checkLoop(worker: Worker, claims: readonly Claim[], timeoutMs: number, nowMs: number): void {
    const { slot } = worker;
    const beatMs = this.#board.beatMs(slot);
    const known = this.#stalls.get(slot);
    if (beatMs === 0 || nowMs - beatMs < STALL_MS) {
      this.#stalls.delete(slot);
      return;
    }
    if (known === undefined || known.beatMs !== beatMs) {
      this.#stalls.set(slot, { beatMs, noticedMs: nowMs, stackFrom: this.#stacks.size(slot), isLogged: false });
      this.#workers.signal(worker, STACKS_SIGNAL);
      return;
    }
    const pid = worker.process?.pid ?? '-';
    const seconds = ((nowMs - beatMs) / 1000).toFixed(1);
    if (timeoutMs > 0 && nowMs - beatMs > timeoutMs) {
      // The last beat came before the claim of the blocking request, whose own time may not be over yet. None of the requests can continue,
      // so their clients are answered before the worker is killed. A request held by a slow client has begun its response, which is cut off.
      const waiting = claims.filter(({ heldMs }) => heldMs === 0);
      if (this.#expire(worker, waiting, nowMs)) return;
      // Its final stack would mix with the stacks that it was asked for.
      if (this.#overdue.awaitsStacks(slot)) return;
      this.#owner.enter(entry(WORKER_MESSAGES.loopTimeout, { pid, seconds }));
      this.#workers.doom(worker, 'timeout', 'SIGABRT', nowMs);
      return;
    }
    if (known.isLogged || nowMs - known.noticedMs < STACK_WAIT_MS) return;
    this.#stalls.set(slot, { ...known, isLogged: true });
    const stack = this.#stacks.read(slot, known.stackFrom);
    this.#owner.enter(entry(WORKER_MESSAGES.loopBlocked, { pid, seconds, stack }));
  }
}
