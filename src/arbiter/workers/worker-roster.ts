// The workers of one generation by slot: looks them up, counts and signals them, and moves their states. Makes no decisions of its own.

import os from 'node:os';
import { type IllegalMoveLog, illegalMove } from '../../log/illegal-move.ts';
import type { SlotRange } from '../../runqueue/claims-board.ts';
import { type LivingProcess, livingProcess } from '../process/living-process.ts';
import { type DoomReason, moveWorker, type WorkerEvent, type WorkerState } from './worker-life.ts';

/** `slot` is the first of its slots, and identifies the worker. */
export interface Worker extends SlotRange {
  readonly age: number;
  readonly process: LivingProcess | null;
  readonly state: WorkerState;
}

export interface RosterOwner {
  signal(process: LivingProcess, signal: number): void;
  readonly log: IllegalMoveLog;
}

export class WorkerRoster {
  readonly #owner: RosterOwner;
  readonly #workers: Map<number, Worker> = new Map();

  constructor(owner: RosterOwner) {
    this.#owner = owner;
  }

  get size(): number {
    return this.#workers.size;
  }

  all(): readonly Worker[] {
    return [...this.#workers.values()];
  }

  get(slot: number): Worker | undefined {
    return this.#workers.get(slot);
  }

  byPid(pid: number): Worker | undefined {
    return this.all().find(({ process }) => process?.pid === pid);
  }

  count(...kinds: readonly WorkerState['kind'][]): number {
    return this.all().filter(({ state }) => kinds.includes(state.kind)).length;
  }

  /** The forkserver has been asked to fork it. */
  add(range: SlotRange, age: number, nowMs: number): void {
    const { slot, slots } = range;
    this.#workers.set(slot, { slot, slots, age, process: null, state: { kind: 'forking', sinceMs: nowMs } });
  }

  forked(slot: number, pid: number, nowMs: number): void {
    const worker = this.#workers.get(slot);
    if (worker === undefined) return;
    this.#workers.set(slot, { ...worker, process: livingProcess(pid) });
    this.move(slot, { type: 'forked' }, nowMs);
  }

  remove(slot: number): void {
    this.#workers.delete(slot);
  }

  /** Returns whether the event has changed the worker's state. */
  move(slot: number, event: WorkerEvent, nowMs: number): boolean {
    const worker = this.#workers.get(slot);
    if (worker === undefined) return false;
    const state = moveWorker(worker.state, event, nowMs);
    if (state === null)
      illegalMove(this.#owner.log, `worker slot ${slot}: '${event.type}' in state '${worker.state.kind}'`);
    if (state === null || state === worker.state) return false;
    this.#workers.set(slot, { ...worker, state });
    return true;
  }

  signal(worker: Worker, signal: NodeJS.Signals | number): void {
    const number = typeof signal === 'number' ? signal : os.constants.signals[signal];
    if (worker.process !== null) this.#owner.signal(worker.process, number);
  }

  signalAll(signal: NodeJS.Signals): void {
    for (const worker of this.#workers.values()) this.signal(worker, signal);
  }

  /** Lets applications do what they do at SIGTERM, such as end their streams. The workers still take tickets. */
  announceEnd(): void {
    this.signalAll('SIGURG');
  }

  /** Call it when graceful_timeout is over. */
  killAll(nowMs: number): void {
    for (const worker of this.all()) {
      if (worker.state.kind === 'doomed') this.kill(worker.slot, nowMs);
      else this.doom(worker, 'graceful-timeout', 'SIGUSR2', nowMs);
    }
  }

  /** Kills it, immediately or after a moment in which it writes its stack. Returns false if it is doomed already or has no pid yet. */
  doom(
    { slot }: Worker,
    reason: DoomReason,
    how: 'SIGKILL' | 'SIGABRT' | 'SIGQUIT' | 'SIGUSR2',
    nowMs: number,
  ): boolean {
    if (!this.move(slot, { type: 'doom', reason }, nowMs)) return false;
    if (how === 'SIGKILL') this.kill(slot, nowMs);
    else if (how === 'SIGUSR2') this.#writeStack(slot);
    else this.abort(slot, how, nowMs);
    return true;
  }

  /** The deadlines kill it a moment later. */
  #writeStack(slot: number): void {
    const worker = this.#workers.get(slot);
    if (worker !== undefined) this.signal(worker, 'SIGUSR2');
  }

  abort(slot: number, signal: 'SIGABRT' | 'SIGQUIT', nowMs: number): void {
    const worker = this.#workers.get(slot);
    if (worker === undefined) return;
    this.signal(worker, signal);
    this.move(slot, { type: 'aborted' }, nowMs);
  }

  kill(slot: number, nowMs: number): void {
    const worker = this.#workers.get(slot);
    if (worker === undefined) return;
    this.signal(worker, 'SIGKILL');
    this.move(slot, { type: 'killed' }, nowMs);
  }
}
