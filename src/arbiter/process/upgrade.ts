// The upgrade of a running server (SIGUSR2): a second arbiter of the same command line, on the same listening sockets. Both serve
// until somebody ends one of them. This is each one's view of the other.

import type { ChildProcess } from 'node:child_process';
import type { HookFailure } from '../../messages/about-hooks.ts';
import type { ArbiterPhase } from '../arbiter-phase.ts';
import type { ArbiterStart } from '../arbiter-start.ts';
import type { Generations } from '../generations/generations.ts';
import { FIRST_DESCRIPTOR } from '../sockets/inherited-sockets.ts';
import { describeEnd } from '../workers/exit-messages.ts';
import { startSelf } from './start-self.ts';
import type { UpgradeState } from './upgrade-state.ts';

export interface UpgradeParts {
  readonly start: Pick<ArbiterStart, 'log' | 'listeners' | 'ownStart'>;
  readonly phase: ArbiterPhase;
  readonly generations: Generations;
  /** Belongs into the arbiter's queue, and comes back to `childGone`. */
  childEnded(child: ChildProcess, how: string): void;
  /** The older arbiter has gone: this one takes its place. */
  promoted(): void;
}

export class Upgrade {
  readonly #parts: UpgradeParts;
  #state: UpgradeState;

  constructor(parts: UpgradeParts) {
    this.#parts = parts;
    const { parent } = parts.start.ownStart;
    this.#state = parent === null ? { kind: 'alone' } : { kind: 'newer', parent };
  }

  get state(): UpgradeState {
    return this.#state;
  }

  /** SIGUSR2: the hook pre_exec first, then the other arbiter. */
  order(): void {
    const { start, phase, generations } = this.#parts;
    if (phase.kind === 'stopping') return;
    const refusal = this.#refusal();
    if (refusal !== null) return start.log.log('warning', refusal);
    const { serving } = generations;
    if (serving === null || !serving.hooks.has('pre_exec') || serving.forkserverState === 'dead') return this.#begin();
    serving.forkserver.send({ type: 'hook', hook: 'pre_exec' });
  }

  preExecDone(failure: HookFailure | null): void {
    if (this.#parts.phase.kind === 'stopping' || this.#refusal() !== null) return;
    if (failure === null) return this.#begin();
    const what = `The upgrade is given up: error in the hook ${failure.message}`;
    this.#parts.start.log.log('error', `${what}\n${failure.traceback}`.trimEnd());
  }

  #refusal(): string | null {
    if (this.#state.kind === 'older') return 'USR2 signal ignored. Child exists.';
    return this.#state.kind === 'newer' ? 'USR2 signal ignored. Parent exists.' : null;
  }

  #begin(): void {
    this.#startOther();
    this.#parts.generations.tellFacts();
  }

  #startOther(): void {
    const { log, listeners, ownStart } = this.#parts.start;
    const descriptors = listeners.current().map(({ handle }) => handle.fd);
    const numbers = descriptors.map((_, index) => FIRST_DESCRIPTOR + index).join(',');
    const binds = JSON.stringify(listeners.current().map(({ bind }) => bind.text));
    const isActivated = listeners.source === 'LISTEN_FDS';
    const child = startSelf({
      start: ownStart,
      environment: {
        GUNICORN_PID: String(process.pid),
        ...(isActivated ? {} : { GUNICORN_FD: numbers, TUNICORN_BINDS: binds }),
      },
      stdio: ['inherit', 'inherit', 'inherit', ...descriptors],
      detached: false,
      listenFds: isActivated ? descriptors.length : 0,
    });
    child.on('error', (error) => this.#parts.childEnded(child, `could not be started: ${error.message}`));
    child.on('exit', (code, signal) => this.#parts.childEnded(child, describeEnd(code, signal)));
    if (child.pid === undefined) return;
    this.#state = { kind: 'older', child, pid: child.pid };
    log.log('info', `Started a new arbiter (pid:${child.pid}) on the same sockets`);
  }

  /** The other one, started here, has gone: this one goes on as if it had never been. */
  childGone(child: ChildProcess, how: string): void {
    if (this.#state.kind === 'older' && this.#state.child === child) this.#state = { kind: 'alone' };
    this.#parts.start.log.log('warning', `The new arbiter (pid:${child.pid ?? '-'}) ${how}; this one goes on`);
    this.#parts.generations.tellFacts();
  }

  /** Whether the arbiter that has started this one has gone can only be looked at. */
  lookForPromotion(): void {
    if (this.#state.kind !== 'newer' || process.ppid === this.#state.parent) return;
    this.#state = { kind: 'alone' };
    this.#parts.promoted();
  }
}
