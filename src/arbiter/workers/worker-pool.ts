// The workers of one generation: forks missing ones, retires surplus ones, handles their reports, and watches their deadlines.

import os from 'node:os';
import type { ErrorLog } from '../../log/error-log.ts';
import type { AboutWorker } from '../../messages/between-arbiter-and-forkserver.ts';
import type { ClaimsBoard } from '../../runqueue/claims-board.ts';
import type { Limits } from '../deadlines/limits.ts';
import { WorkerDeadlines } from '../deadlines/worker-deadlines.ts';
import { WorkerStacks } from '../deadlines/worker-stacks.ts';
import type { Forkserver } from '../forkserver/forkserver.ts';
import type { Gateways } from '../gateways/gateways.ts';
import { type LivingProcess, signalIfAlive, stillLives } from '../process/living-process.ts';
import type { Allotment } from './allotment.ts';
import { bootsNow } from './boot-pace.ts';
import { CrashLoop, isBootCrash } from './crash-loop.ts';
import { workerExitMessages } from './exit-messages.ts';
import type { ProcessEnd, RetireReason } from './worker-life.ts';
import { planWorkers } from './worker-plan.ts';
import { type Worker, WorkerRoster } from './worker-roster.ts';

export interface WorkerPoolOptions {
  readonly generation: number;
  readonly forkserver: Forkserver;
  readonly runtimeDir: string;
  readonly board: ClaimsBoard;
  readonly allotment: Allotment;
  readonly gateways: Gateways;
  readonly log: ErrorLog;
  /** Whether the generation serves. One that is still booting is given up or retried instead, without a warning. */
  isServing(): boolean;
  /** A worker has ended; `worker` is its last state before that. */
  workerGone(worker: Worker, end: ProcessEnd, nowMs: number): void;
}

const URGENT_SIGNALS: readonly number[] = [os.constants.signals.SIGKILL, os.constants.signals.SIGUSR2];

export class WorkerPool {
  readonly workers: WorkerRoster;
  readonly #options: WorkerPoolOptions;
  readonly #stacks: WorkerStacks;
  readonly #deadlines: WorkerDeadlines;
  readonly #crashLoop: CrashLoop = new CrashLoop();
  #slotsPerWorker = 1;
  #noForkBeforeMs = 0;

  constructor(options: WorkerPoolOptions) {
    const { board, log, gateways, runtimeDir } = options;
    this.#options = options;
    this.#stacks = new WorkerStacks(runtimeDir);
    this.workers = new WorkerRoster({
      signal: (process, signal) => this.#signal(process, signal),
      log,
    });
    this.#deadlines = new WorkerDeadlines(this.workers, board, this.#stacks, {
      retire: (worker, reason, nowMs) => this.#retire(worker, reason, nowMs),
      expire: ({ gateway, ticket, pid }) => gateways.get(gateway)?.send({ type: 'expire', ticket, pid }),
      enter: (said) => log.enter(said),
    });
  }

  /** How many requests the ready workers run concurrently. */
  get concurrency(): number {
    return this.workers.count('ready') * this.#slotsPerWorker;
  }

  /** By the claims board, which knows before the worker's report has arrived that it is ready. */
  hasTakenTickets(worker: Worker): boolean {
    return this.#options.board.taken(worker) > 0;
  }

  get longestBootMs(): number {
    return this.#deadlines.longestBootMs;
  }

  /** Its workers are to replace those of `previous`. */
  follow(previous: WorkerPool): void {
    this.#deadlines.follow(previous.longestBootMs);
  }

  setSlotsPerWorker(slots: number): void {
    this.#slotsPerWorker = slots;
  }

  forkNothingBefore(ms: number): void {
    this.#noForkBeforeMs = ms;
  }

  /** Forks missing workers and retires surplus ones. */
  manage(target: number, nowMs: number): void {
    const plan = planWorkers(this.workers.all(), target, nowMs);
    if (this.#options.forkserver.isAlive && nowMs >= this.#noForkBeforeMs) {
      const coming = this.workers.count('forking', 'booting');
      const allowed = this.#crashLoop.allows(plan.fork, coming, nowMs);
      const forks = bootsNow(allowed, this.workers.all(), os.availableParallelism(), nowMs);
      for (let i = 0; i < forks; i += 1) this.#fork(nowMs);
    }
    for (const slot of plan.retire) {
      const worker = this.workers.get(slot);
      if (worker?.state.kind !== 'ready') continue;
      this.#retire(worker, worker.state.successor === 'not-needed' ? 'surplus' : 'succeeded', nowMs);
    }
  }

  #fork(nowMs: number): void {
    const { allotment, board, forkserver, gateways } = this.#options;
    const slots = this.#slotsPerWorker;
    const allotted = allotment.take(slots);
    if (allotted === null) return;
    const { slot, age } = allotted;
    board.giveOut(slot + slots);
    this.#crashLoop.forked(age);
    this.workers.add({ slot, slots }, age, nowMs);
    forkserver.send({ type: 'fork', slot, age, gateways: gateways.numbersUp() });
  }

  #retire(worker: Worker, reason: RetireReason, nowMs: number): void {
    const { slot, slots } = worker;
    if (this.workers.move(slot, { type: 'retire', reason }, nowMs)) {
      this.workers.signal(worker, 'SIGTERM');
      this.#options.gateways.broadcast({ type: 'worker-retires', slot, slots });
    }
    this.#reportConcurrency();
  }

  /** For a hook. Returns whether the worker exists. A worker that gets SIGTERM is replaced. */
  kill(pid: number, signal: number, nowMs: number): boolean {
    const worker = this.workers.byPid(pid);
    if (worker === undefined) return false;
    const isAsked = signal === os.constants.signals.SIGTERM && worker.state.kind === 'ready';
    if (isAsked) this.#retire(worker, 'asked', nowMs);
    else this.workers.signal(worker, signal);
    return true;
  }

  #signal(worker: LivingProcess, signal: number): void {
    const { forkserver } = this.#options;
    // A hanging forkserver would not forward KILL, and a late one would forward USR2 after the request whose stack is wanted was cancelled.
    const isUrgent = URGENT_SIGNALS.includes(signal) && worker.startTicks !== null;
    if (forkserver.isAlive && !isUrgent) forkserver.send({ type: 'signal', pid: worker.pid, signal });
    else signalIfAlive(worker, signal);
  }

  // Reports of the forkserver

  heard(message: AboutWorker, nowMs: number): void {
    if (message.type === 'forked') return this.workers.forked(message.slot, message.pid, nowMs);
    if (message.type === 'not-forked') return this.#notForked(message.slot);
    const worker = this.workers.byPid(message.pid);
    if (worker === undefined) return;
    const { slot, state } = worker;
    switch (message.type) {
      case 'exited':
        return this.#exited(worker, { code: message.code, signal: message.signal }, nowMs);
      case 'spent':
        return this.#retire(worker, 'spent', nowMs);
      case 'wants-successor':
        this.workers.move(slot, { type: message.type, need: message.soon ? 'soon' : 'wanted' }, nowMs);
        return;
      case 'ready':
        if (state.kind === 'booting') this.#deadlines.booted(nowMs - state.sinceMs);
    }
    this.workers.move(slot, { type: message.type }, nowMs);
    this.#reportConcurrency();
  }

  #notForked(slot: number): void {
    const worker = this.workers.get(slot);
    this.workers.remove(slot);
    if (worker !== undefined) this.#options.allotment.giveBack(worker);
  }

  /** A worker whose pid is still unknown is dropped. Its slot is not reused: the worker may have been forked without a report. */
  forkserverDied(): void {
    for (const { slot, process } of this.workers.all()) {
      if (process === null) this.workers.remove(slot);
    }
  }

  #exited(worker: Worker, end: ProcessEnd, nowMs: number): void {
    const { generation, board, allotment, gateways, log, isServing, workerGone } = this.#options;
    const { slot, slots, state: was } = worker;
    this.workers.move(slot, { type: 'exited', end }, nowMs);
    this.workers.remove(slot);
    this.#deadlines.gone(slot);
    const messages = workerExitMessages(worker.process?.pid ?? 0, was, end, this.#stacks.lastWords(slot));
    for (const message of messages) log.enter(message);
    if (isBootCrash(was, end, board.taken(worker), nowMs)) {
      const warning = this.#crashLoop.crashed(nowMs);
      if (isServing()) log.enter(warning);
    }
    allotment.giveBack(worker);
    gateways.broadcast({ type: 'worker-gone', slot, slots, generation });
    workerGone(worker, end, nowMs);
    this.#reportConcurrency();
    this.#stacks.remove(slot);
  }

  #reportConcurrency(): void {
    const { gateways, generation } = this.#options;
    gateways.broadcast({ type: 'workers', generation, concurrency: this.concurrency });
  }

  // Time

  /** A gateway has answered the client of an overdue ticket. */
  expired(ticket: number, what: string, nowMs: number): void {
    this.#deadlines.expired(ticket, what, nowMs);
  }

  /** Checks deadlines, and finds workers whose end no forkserver reports. */
  tick(limits: Limits, nowMs: number): void {
    for (const worker of this.workers.all()) {
      if (worker.process === null) continue;
      if (!this.#options.forkserver.isAlive && !stillLives(worker.process)) {
        this.#exited(worker, { code: 0, signal: null }, nowMs);
        continue;
      }
      if (worker.state.kind === 'ready') this.#crashLoop.isReady(worker.age, nowMs - worker.state.sinceMs);
      this.#deadlines.check(worker, limits, nowMs);
    }
  }

  /** Whether the forkserver has left a request to fork unanswered for longer than `limitMs`. */
  isForkOverdue(limitMs: number, nowMs: number): boolean {
    return this.workers.all().some(({ state }) => state.kind === 'forking' && nowMs - state.sinceMs > limitMs);
  }
}
