// The forkserver of a generation: its process, its state, its hooks, and on_exit, which may keep it from leaving.

import { type IllegalMoveLog, illegalMove } from '../../log/illegal-move.ts';
import type { ServerFacts } from '../../messages/about-hooks.ts';
import type { ToForkserver } from '../../messages/between-arbiter-and-forkserver.ts';
import type { ForkserverHandle } from './forkserver-handle.ts';
import {
  type ForkserverEvent,
  type ForkserverState,
  moveForkserver,
  moveOnExit,
  type OnExitEvent,
  type OnExitState,
} from './forkserver-life.ts';

export class Forkserver {
  readonly #process: ForkserverHandle;
  readonly #log: IllegalMoveLog;
  #state: ForkserverState = 'alive';
  #onExit: OnExitState = 'none';
  #hooks: ReadonlySet<string> = new Set();

  constructor(process: ForkserverHandle, log: IllegalMoveLog) {
    this.#process = process;
    this.#log = log;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get isAlive(): boolean {
    return this.#state !== 'dead';
  }

  get onExit(): OnExitState {
    return this.#onExit;
  }

  /** Whether it can take log lines. */
  get hasRoom(): boolean {
    return this.#process.hasRoom;
  }

  send(message: ToForkserver): void {
    this.#process.send(message);
  }

  // Hooks

  /** Its settings are settled, with these hooks. */
  setHooks(hooks: ReadonlySet<string>): void {
    this.#hooks = hooks;
  }

  get hasHooks(): boolean {
    return this.#hooks.size > 0;
  }

  has(hook: string): boolean {
    return this.#hooks.has(hook);
  }

  /** Updates its `server` object, which only hooks can see. */
  sendFacts(facts: Partial<ServerFacts>): void {
    if (this.hasHooks && this.isAlive) this.send({ type: 'facts', facts });
  }

  /** Keeps it until on_exit has been called, if it has that hook. */
  holdForOnExit(): void {
    if (this.has('on_exit')) this.#moveOnExit('hold');
  }

  callOnExit(): void {
    this.#moveOnExit('call');
    this.send({ type: 'hook', hook: 'on_exit' });
  }

  onExitCalled(): void {
    this.#moveOnExit('done');
    this.letGo();
  }

  // Its end

  /** Lets it exit after its last worker, and after on_exit. */
  letGo(): void {
    if (this.#isHeld) return;
    this.send({ type: 'leave' });
    this.#move('leave');
  }

  lingers(): void {
    this.#move('linger');
  }

  died(): void {
    this.#move('die');
  }

  /** Interrupts the import of the application, if it is importing. */
  interrupt(): void {
    this.#process.interrupt();
  }

  kill(): void {
    if (this.isAlive) this.#process.kill();
  }

  /** Does nothing while on_exit is due or running: the arbiter's shutdown limits that time. */
  killUnlessHeld(): void {
    if (!this.#isHeld) this.kill();
  }

  get #isHeld(): boolean {
    return this.#onExit === 'to-come' || this.#onExit === 'under-way';
  }

  #move(event: ForkserverEvent): void {
    const next = moveForkserver(this.#state, event);
    if (next === null) illegalMove(this.#log, `forkserver (pid:${this.pid}): '${event}' in state '${this.#state}'`);
    else this.#state = next;
  }

  #moveOnExit(event: OnExitEvent): void {
    const next = moveOnExit(this.#onExit, event);
    if (next === null) illegalMove(this.#log, `on_exit (pid:${this.pid}): '${event}' in state '${this.#onExit}'`);
    else this.#onExit = next;
  }
}
