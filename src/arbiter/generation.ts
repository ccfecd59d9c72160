// One generation: a forkserver, the workers that it forks, and their ticket pipe. The arbiter tells it what to do; it reports
// through `GenerationEvents` and never acts by itself but in `tick`.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { ToForkserverAboutHooks } from '../messages/about-hooks.ts';
import type { FromForkserver, WorkerSettings } from '../messages/between-arbiter-and-forkserver.ts';
import { type ClaimsBoard, claimAgeMs, type SlotRange } from '../runqueue/claims-board.ts';
import type { WorkerClass } from '../settings/worker-classes.ts';
import { afterCrash, type Backoff, hasProved, NO_BACKOFF, PROVEN_AFTER_MS } from './boot-backoff.ts';
import type { ForkserverHandle } from './forkserver-handle.ts';
import { type LivingProcess, livingProcess, stillLives } from './living-process.ts';
import { RequestDeadlines } from './request-deadlines.ts';
import { moveWorker, type ProcessEnd, type RetireReason, type WorkerEvent, type WorkerState } from './worker-life.ts';
import { workerObituary } from './worker-obituary.ts';
import { planWorkers } from './worker-plan.ts';
import { WorkerStacks } from './worker-stacks.ts';

const ABORT_GRACE_MS = 1000;
const EXPIRE_GRACE_MS = 1000;
const TELL_AGAIN_MS = 200;

/** `slot` is its first one, and its name here. */
export interface Worker extends SlotRange {
  readonly age: number;
  readonly process: LivingProcess | null;
  readonly state: WorkerState;
}

export type GenerationState =
  | { readonly kind: 'configuring' }
  /** The serving generation is asked for what hooks have set on its `server`. */
  | { readonly kind: 'inheriting' }
  | { readonly kind: 'settling' }
  /** nworkers_changed is being called. */
  | { readonly kind: 'counting' }
  | { readonly kind: 'preparing' }
  /** when_ready or on_reload is being called. */
  | { readonly kind: 'announcing' }
  /** The pipe is there, and the application loaded if it is to be preloaded; the gateways may not be up yet. */
  | { readonly kind: 'prepared' }
  | { readonly kind: 'booting' }
  | { readonly kind: 'serving' }
  | { readonly kind: 'draining'; readonly sinceMs: number }
  | { readonly kind: 'given-up'; readonly reason: string }
  | { readonly kind: 'gone' };

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
  /** So many requests its ready workers run at once. */
  workersReady(generation: Generation, concurrency: number): void;
  /** A request has run longer than `timeout`: have the gateway answer its client. */
  expire(gateway: number, ticket: number): void;
  log(level: 'debug' | 'info' | 'warning' | 'error' | 'critical', message: string): void;
}

export class Generation {
  readonly number: number;
  readonly forkserver: ForkserverHandle;
  readonly runtimeDir: string;
  readonly workers: Map<number, Worker> = new Map();
  state: GenerationState = { kind: 'configuring' };
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
  readonly #board: ClaimsBoard;
  readonly #events: GenerationEvents;
  readonly #stacks: WorkerStacks;
  readonly #deadlines: RequestDeadlines;
  #ticketsFd: number | null = null;
  #backoff: Backoff = NO_BACKOFF;
  #newestAge = 0;
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
    this.runtimeDir = runtimeDir;
    this.#board = board;
    this.#events = events;
    this.#stacks = new WorkerStacks(runtimeDir);
    this.#deadlines = new RequestDeadlines(board, this.#stacks, {
      signal: (worker, signal) => this.#signal(worker, signal),
      retire: (worker, nowMs) => this.#retire(worker, 'timeout', nowMs),
      end: (worker, reason, how, nowMs) => {
        if (!this.#move(worker.slot, { type: 'doom', reason }, nowMs)) return;
        if (how === 'kill') return this.#kill(worker.slot, nowMs);
        this.#signal(worker, 'SIGABRT');
        this.#move(worker.slot, { type: 'aborted' }, nowMs);
      },
      expire: events.expire,
      log: events.log,
    });
  }

  get ticketsPath(): string {
    return path.join(this.runtimeDir, `tickets-${this.number}`);
  }

  /** Holds the writing end, so that a gateway's crash is not mistaken for a drain. The forkserver has made the pipe; false if it is gone. */
  holdTickets(): boolean {
    try {
      this.#ticketsFd = fs.openSync(this.ticketsPath, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK);
      return true;
    } catch {
      return false; // ENXIO: the reading end has died with the forkserver, whose end will be heard of.
    }
  }

  /** Lets go of the writing end; with the gateways' gone too, idle workers read end-of-file. */
  releaseTickets(): void {
    if (this.#ticketsFd === null) return;
    fs.closeSync(this.#ticketsFd);
    this.#ticketsFd = null;
    fs.rmSync(this.ticketsPath, { force: true });
  }

  count(...kinds: readonly WorkerState['kind'][]): number {
    let count = 0;
    for (const worker of this.workers.values()) if (kinds.includes(worker.state.kind)) count += 1;
    return count;
  }

  workerByPid(pid: number): Worker | undefined {
    for (const worker of this.workers.values()) if (worker.process?.pid === pid) return worker;
    return undefined;
  }

  /** How many requests its ready workers run at once. */
  get concurrency(): number {
    return this.count('ready') * this.#slots;
  }

  get #slots(): number {
    return this.settings?.slots ?? 1;
  }

  /** What is new for its `server` object; nobody looks at that without a hook. */
  tellFacts(facts: (ToForkserverAboutHooks & { type: 'facts' })['facts']): void {
    if (this.hooks.size > 0 && this.forkserverState === 'alive') this.forkserver.send({ type: 'facts', facts });
  }

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

  /** For a hook. A worker that is asked to leave is succeeded at once. */
  killWorker(pid: number, signal: number, nowMs: number): boolean {
    const worker = this.workerByPid(pid);
    if (worker === undefined) return false;
    if (signal === os.constants.signals.SIGTERM && worker.state.kind === 'ready') {
      this.#retire(worker, 'asked', nowMs);
      this.manage(nowMs);
    } else this.#signalNumber(worker, signal);
    return true;
  }

  forkNothingBefore(ms: number): void {
    this.#noForkBeforeMs = ms;
  }

  /** Forks what is missing and retires what is too much. */
  manage(nowMs: number): void {
    if (this.state.kind !== 'booting' && this.state.kind !== 'serving') return;
    const plan = planWorkers([...this.workers.values()], this.target);
    const earliestMs = Math.max(this.#backoff.notBeforeMs, this.#noForkBeforeMs);
    if (this.forkserverState === 'alive' && nowMs >= earliestMs) {
      // After a crash one at a time: the next one shows whether it was the last.
      const fork =
        this.#backoff.crashes > 0 ? Math.min(plan.fork, this.count('forking', 'booting') > 0 ? 0 : 1) : plan.fork;
      for (let i = 0; i < fork; i += 1) this.#fork(nowMs);
    }
    for (const slot of plan.retire) {
      const worker = this.workers.get(slot);
      if (worker?.state.kind !== 'ready') continue;
      this.#retire(worker, worker.state.successor === 'wanted' ? 'succeeded' : 'surplus', nowMs);
    }
  }

  /** What a message of the forkserver says about a worker. */
  heard(message: FromForkserver, nowMs: number): void {
    if (message.type === 'forked') {
      const worker = this.workers.get(message.slot);
      if (worker === undefined) return;
      this.workers.set(worker.slot, { ...worker, process: livingProcess(message.pid) });
      this.#move(worker.slot, { type: 'forked' }, nowMs);
      return;
    }
    if (message.type === 'not-forked') {
      const worker = this.workers.get(message.slot);
      this.workers.delete(message.slot);
      if (worker !== undefined) this.#events.notForked(worker);
      return;
    }
    if (message.type !== 'ready' && message.type !== 'wants-successor' && message.type !== 'exited') return;
    const worker = this.workerByPid(message.pid);
    if (worker === undefined) return;
    if (message.type === 'exited') {
      this.#exited(worker, { code: message.code, signal: message.signal }, nowMs);
      return;
    }
    this.#move(worker.slot, { type: message.type }, nowMs);
    if (message.type === 'ready') this.#events.workersReady(this, this.concurrency);
  }

  /** Lets the workers finish what they have been given; the pipe's end-of-file tells them when that is all. */
  drain(nowMs: number): void {
    if (this.state.kind === 'draining' || this.state.kind === 'given-up' || this.state.kind === 'gone') return;
    this.state = { kind: 'draining', sinceMs: nowMs };
    for (const worker of this.workers.values()) {
      // It has not taken a ticket yet; waiting for its imports would only keep the generation from its end.
      if (worker.state.kind === 'booting' && this.#move(worker.slot, { type: 'doom', reason: 'drained' }, nowMs)) {
        this.#kill(worker.slot, nowMs);
      }
    }
    this.releaseTickets();
    this.#letForkserverGo();
  }

  /** Kills the workers at once and lets the forkserver go: for a generation that must not serve. */
  giveUp(reason: string, nowMs: number): void {
    this.state = { kind: 'given-up', reason };
    for (const worker of this.workers.values()) {
      if (!this.#move(worker.slot, { type: 'doom', reason: 'given-up' }, nowMs)) continue;
      if (!this.hooks.has('worker_exit')) {
        this.#kill(worker.slot, nowMs);
        continue;
      }
      // It gets a moment to call its hook.
      this.#signal(worker, 'SIGQUIT');
      this.#move(worker.slot, { type: 'aborted' }, nowMs);
    }
    this.releaseTickets();
    this.#letForkserverGo();
  }

  #letForkserverGo(): void {
    if (this.lastHook === 'none') this.forkserver.send({ type: 'leave' });
  }

  /** on_exit has been called, or never will be. */
  lastHookDone(): void {
    this.lastHook = 'none';
    this.#letForkserverGo();
  }

  signalAll(signal: NodeJS.Signals): void {
    for (const worker of this.workers.values()) this.#signal(worker, signal);
  }

  killAll(reason: 'graceful-timeout' | 'given-up', nowMs: number): void {
    for (const worker of this.workers.values()) {
      if (this.#move(worker.slot, { type: 'doom', reason }, nowMs)) this.#kill(worker.slot, nowMs);
      else if (worker.state.kind === 'doomed') this.#kill(worker.slot, nowMs);
    }
  }

  /** The gateway has answered the client of an overdue ticket; now the worker can be killed. */
  expired(ticket: number, method: string, target: string, nowMs: number): void {
    this.#deadlines.expired(ticket, `${method} ${target}`);
    for (const worker of this.workers.values()) {
      if (worker.state.kind !== 'doomed' || worker.state.step !== 'to-abort') continue;
      const claim = this.#board.claim(worker.slot);
      if (claim.ticket === ticket) this.#abort(worker, `${method} ${target}`, claimAgeMs(claim, nowMs), nowMs);
    }
  }

  /** Deadlines, and ends that nobody reports. Called a few times a second. */
  tick(nowMs: number): void {
    if (this.state.kind === 'draining') {
      const graceMs = (this.settings?.graceful_timeout ?? 0) * 1000;
      if (nowMs - this.state.sinceMs > graceMs) this.killAll('graceful-timeout', nowMs);
    }
    for (const worker of [...this.workers.values()]) {
      if (worker.process === null) continue;
      if (this.forkserverState === 'dead' && !stillLives(worker.process)) {
        this.#exited(worker, { code: 0, signal: null }, nowMs);
        continue;
      }
      this.#checkDeadlines(worker, nowMs);
    }
    this.manage(nowMs);
  }

  #checkDeadlines(worker: Worker, nowMs: number): void {
    const state = worker.state;
    if (state.kind === 'doomed') {
      if (state.step === 'to-abort' && nowMs - state.sinceMs > EXPIRE_GRACE_MS)
        this.#abort(worker, 'a request', null, nowMs);
      else if (state.step === 'aborted' && nowMs - state.sinceMs > ABORT_GRACE_MS) this.#kill(worker.slot, nowMs);
      return;
    }
    if (state.kind === 'retiring' && nowMs - state.toldAtMs >= TELL_AGAIN_MS) {
      this.#signal(worker, 'SIGTERM');
      this.#move(worker.slot, { type: 'told-again' }, nowMs);
    }
    if (state.kind === 'booting' && this.timeoutMs > 0 && nowMs - state.sinceMs > this.timeoutMs) {
      const seconds = this.timeoutMs / 1000;
      this.#events.log(
        'critical',
        `Worker (pid:${worker.process?.pid}) was not ready within timeout (${seconds} s); it is replaced.`,
      );
      this.#move(worker.slot, { type: 'doom', reason: 'slow-boot' }, nowMs);
      this.#signal(worker, 'SIGABRT');
      this.#move(worker.slot, { type: 'aborted' }, nowMs);
      this.#crashed(nowMs);
      return;
    }
    if (state.kind === 'ready' && hasProved(this.#backoff, worker.age, nowMs - state.sinceMs))
      this.#backoff = NO_BACKOFF;
    if (state.kind !== 'ready' && state.kind !== 'retiring') return;
    const { timeoutMs, onDeadline } = this;
    if (onDeadline !== 'kill') {
      const graceMs = (this.settings?.graceful_timeout ?? 0) * 1000;
      return this.#deadlines.check(worker, { timeoutMs, graceMs, onDeadline }, nowMs);
    }
    const claim = this.#board.claim(worker.slot);
    if (timeoutMs === 0 || claim.ticket === 0 || claimAgeMs(claim, nowMs) <= timeoutMs) return;
    if (this.#move(worker.slot, { type: 'doom', reason: 'timeout' }, nowMs))
      this.#events.expire(claim.gateway, claim.ticket);
  }

  #abort(worker: Worker, what: string, ageMs: number | null, nowMs: number): void {
    const age = ageMs === null ? '' : ` after ${(ageMs / 1000).toFixed(1)} s`;
    this.#events.log('critical', `WORKER TIMEOUT (pid:${worker.process?.pid}) ${what}${age}`);
    this.#signal(worker, 'SIGABRT');
    this.#move(worker.slot, { type: 'aborted' }, nowMs);
  }

  #kill(slot: number, nowMs: number): void {
    const worker = this.workers.get(slot);
    if (worker === undefined) return;
    this.#signal(worker, 'SIGKILL');
    this.#move(slot, { type: 'killed' }, nowMs);
  }

  #retire(worker: Worker, reason: RetireReason, nowMs: number): void {
    if (this.#move(worker.slot, { type: 'retire', reason }, nowMs)) {
      this.#signal(worker, 'SIGTERM');
      this.#events.workerRetires(worker);
    }
    this.#events.workersReady(this, this.concurrency);
  }

  #fork(nowMs: number): void {
    const slots = this.#slots;
    const allotted = this.#events.allot(slots);
    if (allotted === null) return;
    const { slot, age } = allotted;
    this.#newestAge = age;
    this.workers.set(slot, { slot, slots, age, process: null, state: { kind: 'forking', sinceMs: nowMs } });
    this.forkserver.send({ type: 'fork', slot, age, gateways: this.#events.gateways() });
  }

  #signal(worker: Worker, signal: NodeJS.Signals): void {
    this.#signalNumber(worker, os.constants.signals[signal]);
  }

  #signalNumber(worker: Worker, signal: number): void {
    if (worker.process === null) return;
    if (this.forkserverState === 'alive') {
      this.forkserver.send({ type: 'signal', pid: worker.process.pid, signal });
    } else if (stillLives(worker.process)) {
      process.kill(worker.process.pid, signal);
    }
  }

  #exited(worker: Worker, end: ProcessEnd, nowMs: number): void {
    const was = worker.state;
    this.#move(worker.slot, { type: 'exited', end }, nowMs);
    this.workers.delete(worker.slot);
    const obituary = workerObituary(worker.process?.pid ?? 0, was, end, this.#stacks.read(worker.slot));
    for (const { level, message } of obituary) this.#events.log(level, message);
    if (this.#isBootCrash(worker, was, end, nowMs)) this.#crashed(nowMs);
    this.#events.workerGone(this, worker, end, nowMs);
    this.#events.workersReady(this, this.concurrency);
    this.#stacks.remove(worker.slot);
    this.#deadlines.gone(worker.slot);
  }

  /** Whether the end says that the application does not boot. One that has taken a ticket has booted, whatever became of it. */
  #isBootCrash(worker: Worker, was: WorkerState, end: ProcessEnd, nowMs: number): boolean {
    if (was.kind === 'booting') return true;
    if (was.kind !== 'ready' || nowMs - was.sinceMs > PROVEN_AFTER_MS || this.#board.taken(worker) > 0) return false;
    return end.code === null ? end.signal !== os.constants.signals.SIGKILL : end.code !== 0;
  }

  #crashed(nowMs: number): void {
    this.#backoff = afterCrash(this.#backoff, nowMs, this.#newestAge);
    // A generation that is only booting is given up, or tried again without a word.
    if (this.state.kind !== 'serving') return;
    const seconds = Math.round((this.#backoff.notBeforeMs - nowMs) / 1000);
    const { crashes } = this.#backoff;
    const what = crashes === 1 ? 'A worker has failed to boot' : `Workers keep failing to boot (${crashes} in a row)`;
    this.#events.log('warning', `${what}: the next one is forked in ${seconds} s.`);
  }

  #move(slot: number, event: WorkerEvent, nowMs: number): boolean {
    const worker = this.workers.get(slot);
    if (worker === undefined) return false;
    const state = moveWorker(worker.state, event, nowMs);
    if (state === null) {
      if (event.type !== 'doom') {
        this.#events.log('debug', `Worker slot ${slot}: ${event.type} does not follow ${worker.state.kind}`);
      }
      return false;
    }
    this.workers.set(slot, { ...worker, state });
    return true;
  }
}
