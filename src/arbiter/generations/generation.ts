// One generation: a forkserver, the workers that it forks, and their ticket pipe. The arbiter tells it what to do; it reports
// through `GenerationEvents` and never acts by itself but in `tick`.

import os from 'node:os';
import path from 'node:path';
import { illegalMove } from '../../log/illegal-move.ts';
import type { ToForkserverAboutHooks } from '../../messages/about-hooks.ts';
import type { AboutWorker, WorkerSettings } from '../../messages/between-arbiter-and-forkserver.ts';
import type { Claim, ClaimsBoard } from '../../runqueue/claims-board.ts';
import type { WorkerClass } from '../../settings/for-processes/worker-classes.ts';
import { BootPatience } from '../deadlines/boot-patience.ts';
import type { Limits } from '../deadlines/limits.ts';
import { WorkerDeadlines } from '../deadlines/worker-deadlines.ts';
import { WorkerStacks } from '../deadlines/worker-stacks.ts';
import type { ForkserverHandle } from '../forkserver/forkserver-handle.ts';
import { type LivingProcess, signalIfAlive, stillLives } from '../process/living-process.ts';
import { CrashLoop, isBootCrash } from '../workers/crash-loop.ts';
import { workerExitMessages } from '../workers/exit-messages.ts';
import type { ProcessEnd, RetireReason, WorkerState } from '../workers/worker-life.ts';
import { planWorkers } from '../workers/worker-plan.ts';
import { type Worker, WorkerRoster } from '../workers/worker-roster.ts';
import { bootsNow, describePace } from './boot-pace.ts';
import { type GenerationState, mayFollow } from './generation-life.ts';
import { TicketPipeEnd } from './ticket-pipe-end.ts';

/** After its workers have been killed, a forkserver has so long to report their ends and to leave. */
const FORKSERVER_LEAVE_MS = 1000;
/** The same of a generation that is given up, whose workers may call their last hook first. */
const GIVEN_UP_MS = 3000;

/** What a generation asks of the arbiter. */
export interface GenerationEvents {
  /** Fresh slots of the claims board, that many in a row, and an age; null when the board is full. */
  allot(slots: number): { readonly slot: number; readonly age: number } | null;
  gateways(): readonly number[];
  /** It is told to leave, and takes no more. */
  workerRetires(worker: Worker): void;
  /** `worker` as it was before its end. */
  workerGone(generation: Generation, worker: Worker, end: ProcessEnd, nowMs: number): void;
  notForked(worker: Worker): void;
  /** The number of ready workers has changed. */
  workersReady(generation: Generation): void;
  /** A request has run longer than `timeout`: have the gateway answer its client. */
  expire(claim: Claim): void;
  log(level: 'debug' | 'info' | 'warning' | 'error' | 'critical', message: string): void;
}

export class Generation {
  readonly number: number;
  readonly forkserver: ForkserverHandle;
  readonly tickets: TicketPipeEnd;
  readonly workers: WorkerRoster;
  settings: WorkerSettings | null = null;
  /** Milliseconds; 0 = no limit. */
  timeoutMs = 0;
  /** What becomes of the worker of a request that runs longer. */
  onDeadline: WorkerClass['onDeadline'] = 'kill';
  target = 0;
  /** Those that the user has set; the others are not worth a message. */
  hooks: ReadonlySet<string> = new Set();
  /** The last hook, on_exit, keeps the forkserver until it has been called. */
  lastHook: 'none' | 'to-come' | 'under-way' = 'none';
  /** Tickets that the pipe holds. */
  capacity = 16;
  /** The forkserver has died: its workers go on, but nobody reports their ends. */
  forkserverState: 'alive' | 'dead' = 'alive';
  #state: GenerationState = { kind: 'configuring' };
  readonly #board: ClaimsBoard;
  readonly #events: GenerationEvents;
  readonly #stacks: WorkerStacks;
  readonly #deadlines: WorkerDeadlines;
  readonly #crashLoop: CrashLoop = new CrashLoop();
  readonly #patience: BootPatience = new BootPatience();
  #noForkBeforeMs = 0;
  /** Numbers of workers that nworkers_changed is being told of. */
  readonly #resizes: number[] = [];

  constructor(
    number: number,
    forkserver: ForkserverHandle,
    runtimeDir: string,
    board: ClaimsBoard,
    events: GenerationEvents,
  ) {
    this.number = number;
    this.forkserver = forkserver;
    this.tickets = new TicketPipeEnd(path.join(runtimeDir, `tickets-${number}`));
    this.#board = board;
    this.#events = events;
    this.#stacks = new WorkerStacks(runtimeDir);
    this.workers = new WorkerRoster({
      signal: (process, signal) => this.#signal(process, signal),
      log: events.log,
    });
    this.#deadlines = new WorkerDeadlines(this.workers, board, this.#stacks, this.#patience, {
      retire: (worker, reason, nowMs) => this.#retire(worker, reason, nowMs),
      expire: events.expire,
      log: events.log,
    });
  }

  get state(): GenerationState {
    return this.#state;
  }

  move(next: GenerationState): void {
    if (mayFollow(this.#state, next)) this.#state = next;
    else illegalMove(this.#events, `generation ${this.number}: '${next.kind}' in state '${this.#state.kind}'`);
  }

  /** How many requests its ready workers run at once. */
  get concurrency(): number {
    return this.workers.count('ready') * this.#slots;
  }

  get #slots(): number {
    return this.settings?.slots ?? 1;
  }

  get #graceMs(): number {
    return (this.settings?.graceful_timeout ?? 0) * 1000;
  }

  /** What is new for its `server` object; nobody looks at that without a hook. */
  tellFacts(facts: (ToForkserverAboutHooks & { type: 'facts' })['facts']): void {
    if (this.hooks.size > 0 && this.forkserverState === 'alive') this.forkserver.send({ type: 'facts', facts });
  }

  // How many workers

  /** By one more or one less than it will be when the hook has heard of those before. */
  resizeBy(by: 1 | -1, nowMs: number): void {
    const old = this.#wanted;
    // As Gunicorn: TTOU stops at one worker.
    if (by > 0 || old > 1) this.resizeTo(old + by, nowMs);
  }

  /** Once the hook nworkers_changed has been called. */
  resizeTo(target: number, nowMs: number): void {
    const old = this.#wanted;
    if (!this.hooks.has('nworkers_changed') || this.forkserverState === 'dead') return this.resize(target, nowMs);
    this.#resizes.push(target);
    this.forkserver.send({ type: 'hook', hook: 'nworkers_changed', new: target, old });
  }

  /** The target, with those changes that nworkers_changed has still to be told of. */
  get #wanted(): number {
    return this.#resizes.at(-1) ?? this.target;
  }

  /** nworkers_changed has been called. */
  resized(nowMs: number): void {
    const target = this.#resizes.shift();
    if (target !== undefined) this.resize(target, nowMs);
  }

  resize(target: number, nowMs: number): void {
    this.target = target;
    this.tellFacts({ workers: target });
    this.manage(nowMs);
  }

  forkNothingBefore(ms: number): void {
    this.#noForkBeforeMs = ms;
  }

  /** Its first workers are forked. */
  begin(nowMs: number): void {
    this.move({ kind: 'booting' });
    const pace = describePace(this.number, this.target, os.availableParallelism());
    if (pace !== null) this.#events.log('info', pace);
    this.manage(nowMs);
  }

  /** Forks what is missing and retires what is too much. */
  manage(nowMs: number): void {
    if (this.#state.kind !== 'booting' && this.#state.kind !== 'serving') return;
    const plan = planWorkers(this.workers.all(), this.target, nowMs);
    if (this.forkserverState === 'alive' && nowMs >= this.#noForkBeforeMs) {
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
    const slots = this.#slots;
    const allotted = this.#events.allot(slots);
    if (allotted === null) return;
    const { slot, age } = allotted;
    this.#crashLoop.forked(age);
    this.workers.add({ slot, slots }, age, nowMs);
    this.forkserver.send({ type: 'fork', slot, age, gateways: this.#events.gateways() });
  }

  #retire(worker: Worker, reason: RetireReason, nowMs: number): void {
    if (this.workers.move(worker.slot, { type: 'retire', reason }, nowMs)) {
      this.workers.signal(worker, 'SIGTERM');
      this.#events.workerRetires(worker);
    }
    this.#events.workersReady(this);
  }

  /** For a hook. A worker that is asked to leave is succeeded at once. */
  killWorker(pid: number, signal: number, nowMs: number): boolean {
    const worker = this.workers.byPid(pid);
    if (worker === undefined) return false;
    if (signal === os.constants.signals.SIGTERM && worker.state.kind === 'ready') {
      this.#retire(worker, 'asked', nowMs);
      this.manage(nowMs);
    } else this.workers.signal(worker, signal);
    return true;
  }

  #signal(worker: LivingProcess, signal: number): void {
    // A forkserver that hangs would not pass it on.
    const isKill = signal === os.constants.signals.SIGKILL && worker.startTicks !== null;
    if (this.forkserverState === 'alive' && !isKill) this.forkserver.send({ type: 'signal', pid: worker.pid, signal });
    else signalIfAlive(worker, signal);
  }

  // What its forkserver says of its workers

  heard(message: AboutWorker, nowMs: number): void {
    if (message.type === 'forked') return this.workers.forked(message.slot, message.pid, nowMs);
    if (message.type === 'not-forked') return this.#notForked(message.slot);
    const worker = this.workers.byPid(message.pid);
    if (worker === undefined) return;
    if (message.type === 'exited') {
      return this.#exited(worker, { code: message.code, signal: message.signal }, nowMs);
    }
    if (message.type === 'ready' && worker.state.kind === 'booting')
      this.#patience.booted(nowMs - worker.state.sinceMs);
    if (message.type === 'spent') return this.#retire(worker, 'spent', nowMs);
    if (message.type === 'wants-successor') {
      this.workers.move(worker.slot, { type: message.type, need: message.soon ? 'soon' : 'wanted' }, nowMs);
      return;
    }
    this.workers.move(worker.slot, { type: message.type }, nowMs);
    if (message.type === 'ready' || message.type === 'exiting') this.#events.workersReady(this);
  }

  #notForked(slot: number): void {
    const worker = this.workers.get(slot);
    this.workers.remove(slot);
    if (worker !== undefined) this.#events.notForked(worker);
  }

  /** A worker that has no pid by now will have none. Its slot is not used again: it may have been forked without a word. */
  forkserverDied(): void {
    this.forkserverState = 'dead';
    for (const { slot, process } of this.workers.all()) {
      if (process === null) this.workers.remove(slot);
    }
  }

  #exited(worker: Worker, end: ProcessEnd, nowMs: number): void {
    const { slot, state: was } = worker;
    this.workers.move(slot, { type: 'exited', end }, nowMs);
    this.workers.remove(slot);
    this.#deadlines.gone(slot);
    const obituary = workerExitMessages(worker.process?.pid ?? 0, was, end, this.#stacks.lastWords(slot));
    for (const { level, message } of obituary) this.#events.log(level, message);
    if (isBootCrash(was, end, this.#board.taken(worker), nowMs)) this.#crashed(nowMs);
    this.#events.workerGone(this, worker, end, nowMs);
    this.#events.workersReady(this);
    this.#stacks.remove(slot);
  }

  #crashed(nowMs: number): void {
    const what = this.#crashLoop.crashed(nowMs);
    // A generation that is only booting is given up, or tried again without a word.
    if (this.#state.kind === 'serving') this.#events.log('warning', what);
  }

  // Time

  /** The gateway has answered the client of an overdue ticket. */
  expired(ticket: number, what: string, nowMs: number): void {
    this.#deadlines.expired(ticket, what, nowMs);
  }

  /** Deadlines, and ends that nobody reports. Called a few times a second. */
  tick(nowMs: number): void {
    const graceMs = this.#graceMs;
    this.#endLate(graceMs, nowMs);
    const limits: Limits = { timeoutMs: this.timeoutMs, graceMs, onDeadline: this.onDeadline };
    for (const worker of this.workers.all()) {
      if (worker.process === null) continue;
      if (this.forkserverState === 'dead' && !stillLives(worker.process)) {
        this.#exited(worker, { code: 0, signal: null }, nowMs);
        continue;
      }
      if (worker.state.kind === 'ready') this.#crashLoop.isReady(worker.age, nowMs - worker.state.sinceMs);
      this.#deadlines.check(worker, limits, nowMs);
    }
    this.manage(nowMs);
  }

  // Its end

  /** Nothing that has been told to leave, and no forkserver that is to answer, is waited for without end. */
  #endLate(graceMs: number, nowMs: number): void {
    const state = this.#state;
    if (state.kind === 'draining') {
      const overtimeMs = nowMs - state.sinceMs - graceMs;
      if (overtimeMs > 0) this.killAll(nowMs);
      if (overtimeMs > FORKSERVER_LEAVE_MS) this.#killForkserver();
    } else if (state.kind === 'given-up') {
      if (nowMs - state.sinceMs > GIVEN_UP_MS) this.#killForkserver();
    } else if (
      this.timeoutMs > 0 &&
      this.workers.all().some(({ state }) => isUnanswered(state, this.timeoutMs, nowMs))
    ) {
      this.#events.log(
        'critical',
        `The forkserver (pid:${this.forkserver.pid}) has not forked a worker within timeout (${this.timeoutMs / 1000} s); it is killed.`,
      );
      this.#killForkserver();
    }
  }

  /** One that still has to call on_exit has the time that the arbiter's end gives it. */
  #killForkserver(): void {
    if (this.forkserverState === 'alive' && this.lastHook === 'none') this.forkserver.kill();
  }

  /** For what applications do at SIGTERM, such as to end their streams: the workers go on taking tickets. */
  announceEnd(): void {
    this.workers.signalAll('SIGURG');
  }

  /** Lets the workers finish what they have been given; the pipe's end-of-file tells them when that is all. */
  drain(nowMs: number): void {
    if (!mayFollow(this.#state, { kind: 'draining', sinceMs: nowMs })) return;
    this.move({ kind: 'draining', sinceMs: nowMs });
    this.announceEnd();
    for (const worker of this.workers.all()) {
      // It has not taken a ticket yet; waiting for its imports would only keep the generation from its end.
      if (worker.state.kind === 'booting') this.workers.doom(worker, 'not-needed', 'SIGKILL', nowMs);
    }
    this.tickets.release();
    this.#letForkserverGo();
  }

  /** Ends the workers at once and lets the forkserver go: for a generation that must not serve. */
  giveUp(reason: string, nowMs: number): void {
    this.move({ kind: 'given-up', sinceMs: nowMs, reason });
    const hasHook = this.hooks.has('worker_exit');
    for (const worker of this.workers.all()) {
      // One that has booted, or has a hook for its end, gets a moment to end by itself.
      const how = hasHook || worker.state.kind === 'ready' ? 'SIGQUIT' : 'SIGKILL';
      this.workers.doom(worker, 'given-up', how, nowMs);
    }
    this.tickets.release();
    this.#letForkserverGo();
  }

  /** As giveUp(), of a generation that nothing has gone wrong with: what its forkserver evaluates or imports is not waited for. */
  breakOff(reason: string, nowMs: number): void {
    this.giveUp(reason, nowMs);
    if (this.workers.size > 0) return;
    // The first one writes the arbiter's last lines to the log, if Python does, and calls on_exit.
    if (this.number === 1) this.forkserver.interrupt();
    else this.#killForkserver();
  }

  /** The time to finish is over. */
  killAll(nowMs: number): void {
    for (const worker of this.workers.all()) {
      const isDoomed = worker.state.kind === 'doomed';
      if (isDoomed) this.workers.kill(worker.slot, nowMs);
      else this.workers.doom(worker, 'graceful-timeout', 'SIGUSR2', nowMs);
    }
  }

  /** on_exit has been called, or never will be. */
  lastHookDone(): void {
    this.lastHook = 'none';
    this.#letForkserverGo();
  }

  #letForkserverGo(): void {
    if (this.lastHook === 'none') this.forkserver.send({ type: 'leave' });
  }
}

function isUnanswered(state: WorkerState, limitMs: number, nowMs: number): boolean {
  return state.kind === 'forking' && nowMs - state.sinceMs > limitMs;
}
