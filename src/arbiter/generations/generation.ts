// One generation: a forkserver, the workers that it forks, and their ticket pipe. The arbiter drives it; only `tick` acts on its own.

import os from 'node:os';
import { GENERATION_MESSAGES } from '../../log/catalog/generations.ts';
import type { ErrorLog } from '../../log/error-log.ts';
import { illegalMove } from '../../log/illegal-move.ts';
import type { FromForkserver, WorkerSettings } from '../../messages/between-arbiter-and-forkserver.ts';
import type { ClaimsBoard } from '../../runqueue/claims-board.ts';
import { ticketsPath } from '../../runqueue/runtime-files.ts';
import type { ResolvedSettings } from '../../settings/for-processes/resolved-settings.ts';
import { mayBeDebugged } from '../deadlines/debugging.ts';
import type { Limits } from '../deadlines/limits.ts';
import { Forkserver } from '../forkserver/forkserver.ts';
import type { ForkserverEvents, ForkserverHandle } from '../forkserver/forkserver-handle.ts';
import type { Gateways } from '../gateways/gateways.ts';
import type { Allotment } from '../workers/allotment.ts';
import { describePace } from '../workers/boot-pace.ts';
import { describeEnd } from '../workers/exit-messages.ts';
import type { ProcessEnd } from '../workers/worker-life.ts';
import { WorkerPool } from '../workers/worker-pool.ts';
import type { Worker, WorkerRoster } from '../workers/worker-roster.ts';
import { WorkerTarget } from '../workers/worker-target.ts';
import { endLate } from './generation-end.ts';
import { type GenerationState, isEnding, mayFollow } from './generation-life.ts';
import { TicketPipeEnd } from './ticket-pipe-end.ts';

const NO_LIMITS: Limits = { timeoutMs: 0, graceMs: 0, onDeadline: 'kill' };

/** Events of its forkserver, for the arbiter's queue. */
export type GenerationEvent =
  | { readonly type: 'forkserver-message'; readonly generation: Generation; readonly message: FromForkserver }
  | { readonly type: 'forkserver-gone'; readonly generation: Generation; readonly how: string };

export interface GenerationOptions {
  readonly number: number;
  readonly runtimeDir: string;
  readonly board: ClaimsBoard;
  readonly allotment: Allotment;
  readonly gateways: Gateways;
  readonly log: ErrorLog;
  readonly startForkserver: (events: ForkserverEvents) => ForkserverHandle;
  readonly post: (event: GenerationEvent) => void;
  /** A worker has ended; `worker` is its last state before that. */
  readonly workerGone: (generation: Generation, worker: Worker, end: ProcessEnd, nowMs: number) => void;
}

export class Generation {
  readonly number: number;
  readonly forkserver: Forkserver;
  readonly tickets: TicketPipeEnd;
  readonly #log: ErrorLog;
  readonly pool: WorkerPool;
  readonly #target: WorkerTarget;
  #state: GenerationState = { kind: 'configuring' };
  #resolved: ResolvedSettings | null = null;
  #limits: Limits = NO_LIMITS;
  /** How many tickets fit in the pipe. */
  #capacity = 0;

  constructor(options: GenerationOptions) {
    const { number, log, runtimeDir, startForkserver, post, workerGone, ...shared } = options;
    this.number = number;
    this.tickets = new TicketPipeEnd(ticketsPath(runtimeDir, number));
    this.#log = log;
    const process = startForkserver({
      message: (message) => post({ type: 'forkserver-message', generation: this, message }),
      nonsense: (what) => log.say(GENERATION_MESSAGES.malformedMessage, { generation: number, problem: what }),
      gone: (code, signal) => post({ type: 'forkserver-gone', generation: this, how: describeEnd(code, signal) }),
    });
    this.forkserver = new Forkserver(process, log);
    this.#target = new WorkerTarget(this.forkserver);
    this.pool = new WorkerPool({
      ...shared,
      generation: number,
      forkserver: this.forkserver,
      runtimeDir,
      log,
      isServing: () => this.#state.kind === 'serving',
      workerGone: (worker, end, nowMs) => workerGone(this, worker, end, nowMs),
    });
  }

  get state(): GenerationState {
    return this.#state;
  }

  move(next: GenerationState): void {
    if (mayFollow(this.#state, next)) this.#state = next;
    else illegalMove(this.#log, `generation ${this.number}: '${next.kind}' in state '${this.#state.kind}'`);
  }

  get workers(): WorkerRoster {
    return this.pool.workers;
  }

  /** How many workers it should have. */
  get target(): number {
    return this.#target.current;
  }

  get capacity(): number {
    return this.#capacity;
  }

  // Its settings

  /** Null until the configuration file has been evaluated. */
  get resolved(): ResolvedSettings | null {
    return this.#resolved;
  }

  /** Seconds. */
  get gracefulTimeout(): number {
    return this.#resolved?.settings.graceful_timeout ?? 0;
  }

  configure(resolved: ResolvedSettings): void {
    const { settings, workerClass } = resolved;
    if (this.#resolved !== null) illegalMove(this.#log, `generation ${this.number}: its settings are set twice`);
    this.#resolved = resolved;
    this.#limits = {
      timeoutMs: mayBeDebugged(settings) ? 0 : settings.timeout * 1000,
      graceMs: settings.graceful_timeout * 1000,
      onDeadline: workerClass.onDeadline,
    };
  }

  /** Has the forkserver make the pipe, and load the application if it is preloaded. */
  prepare(workers: number, settings: WorkerSettings): void {
    this.#target.begin(workers);
    this.pool.setSlotsPerWorker(settings.slots);
    this.move({ kind: 'preparing' });
    this.forkserver.send({ type: 'prepare', settings });
  }

  /** The forkserver has made the pipe. Returns false if it has died since. */
  holdPipe(capacity: number): boolean {
    this.#capacity = capacity;
    return this.tickets.hold();
  }

  // How many workers

  resizeBy(by: 1 | -1, nowMs: number): void {
    if (this.#target.requestBy(by)) this.manage(nowMs);
  }

  /** Takes effect once the hook nworkers_changed has been called. */
  resizeTo(target: number, nowMs: number): void {
    if (this.#target.request(target)) this.manage(nowMs);
  }

  /** nworkers_changed has been called. */
  resized(nowMs: number): void {
    if (this.#target.confirm()) this.manage(nowMs);
  }

  /** Without calling the hook. */
  resize(target: number, nowMs: number): void {
    this.#target.set(target);
    this.manage(nowMs);
  }

  /** Forks the first workers. */
  begin(nowMs: number): void {
    this.move({ kind: 'booting' });
    const pace = describePace(this.number, this.target, os.availableParallelism());
    if (pace !== null) this.#log.enter(pace);
    this.manage(nowMs);
  }

  /** Forks missing workers and retires surplus ones. */
  manage(nowMs: number): void {
    switch (this.#state.kind) {
      case 'booting':
      case 'rebinding':
      case 'switching':
      case 'serving':
        this.pool.manage(this.target, nowMs);
    }
  }

  /** For a hook. Returns whether the worker belongs to this generation. */
  killWorker(pid: number, signal: number, nowMs: number): boolean {
    const isOurs = this.pool.kill(pid, signal, nowMs);
    if (isOurs) this.manage(nowMs);
    return isOurs;
  }

  forkserverDied(): void {
    this.forkserver.died();
    this.pool.forkserverDied();
  }

  // Time

  /** Checks deadlines, and finds workers whose end no forkserver reports. Called a few times a second. */
  tick(nowMs: number): void {
    if (isEnding(this.#state)) endLate(this, this.#limits, nowMs);
    else this.#checkForkserver(nowMs);
    this.pool.tick(this.#limits, nowMs);
    this.manage(nowMs);
  }

  /** A forkserver that hangs forks nothing and reports nothing. */
  #checkForkserver(nowMs: number): void {
    const { timeoutMs } = this.#limits;
    if (timeoutMs === 0 || !this.pool.isForkOverdue(timeoutMs, nowMs)) return;
    const values = { pid: this.forkserver.pid ?? '-', seconds: timeoutMs / 1000 };
    this.#log.say(GENERATION_MESSAGES.forkserverHangs, values);
    this.forkserver.killUnlessHeld();
  }
}
