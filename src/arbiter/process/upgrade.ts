// The upgrade of a running server (SIGUSR2): starts a second arbiter with the same command line on the same listening sockets. Both serve
// until one of them is stopped.

import type { ChildProcess } from 'node:child_process';
import { ARBITER_MESSAGES } from '../../log/catalog/arbiter.ts';
import { type Entry, entry } from '../../log/message.ts';
import type { HookFailure } from '../../messages/about-hooks.ts';
import { ADMIN_HANDOVER_VARIABLE } from '../../messages/environment-variables.ts';
import { readInstalledVersion } from '../../package-facts.ts';
import type { ArbiterPhase } from '../arbiter-phase.ts';
import type { ArbiterStart } from '../arbiter-start.ts';
import type { Generations } from '../generations/generations.ts';
import type { SettingsInForce } from '../settings-in-force.ts';
import { FIRST_DESCRIPTOR } from '../sockets/inherited-sockets.ts';
import type { Listeners } from '../sockets/listeners.ts';
import type { ServiceManager } from '../systemd/service-manager.ts';
import { describeEnd } from '../workers/exit-messages.ts';
import { startSelf } from './start-self.ts';
import type { OtherArbiter } from './upgrade-state.ts';

export interface UpgradeEvent {
  readonly type: 'new-arbiter-gone';
  readonly child: ChildProcess;
  readonly how: string;
}

export interface UpgradeParts {
  readonly start: Pick<ArbiterStart, 'log' | 'listeners' | 'adminListeners' | 'ownStart' | 'versions'>;
  readonly phase: ArbiterPhase;
  readonly otherArbiter: OtherArbiter;
  readonly generations: Generations;
  readonly inForce: SettingsInForce;
  readonly serviceManager: ServiceManager;
  readonly post: (event: UpgradeEvent) => void;
}

export class Upgrade {
  readonly #parts: UpgradeParts;

  constructor(parts: UpgradeParts) {
    this.#parts = parts;
  }

  /** Before a reload, which keeps this arbiter: its new forkserver would be that of another version. */
  lookForNewVersion(): void {
    const { log, versions } = this.#parts.start;
    const installed = readInstalledVersion();
    if (installed === null || installed === versions.version) return;
    log.say(ARBITER_MESSAGES.newVersion, { installed, running: versions.version });
  }

  /** SIGUSR2: calls the hook pre_exec first, then starts the new arbiter. */
  order(): void {
    const { start, phase, generations } = this.#parts;
    if (phase.kind === 'stopping') return;
    const refusal = this.#refusal();
    if (refusal !== null) return start.log.enter(refusal);
    const forkserver = generations.serving?.forkserver ?? null;
    if (forkserver === null || !forkserver.has('pre_exec') || !forkserver.isAlive) return this.#begin();
    forkserver.send({ type: 'hook', hook: 'pre_exec' });
  }

  preExecDone(failure: HookFailure | null): void {
    if (this.#parts.phase.kind === 'stopping' || this.#refusal() !== null) return;
    if (failure === null) return this.#begin();
    const text = `${failure.message}\n${failure.traceback}`.trimEnd();
    this.#parts.start.log.say(ARBITER_MESSAGES.upgradeCancelled, { failure: text });
  }

  #refusal(): Entry | null {
    const { kind } = this.#parts.otherArbiter.state;
    if (kind === 'older') return entry(ARBITER_MESSAGES.childExists);
    return kind === 'newer' ? entry(ARBITER_MESSAGES.parentExists) : null;
  }

  #begin(): void {
    this.#startOther();
    this.#parts.generations.sendFacts();
  }

  #startOther(): void {
    const { log, listeners, adminListeners, ownStart } = this.#parts.start;
    const passed = pass(listeners, FIRST_DESCRIPTOR);
    const passedAdmin = pass(adminListeners, FIRST_DESCRIPTOR + passed.descriptors.length);
    const isActivated = listeners.source === 'LISTEN_FDS';
    const sockets = [...passed.descriptors, ...passedAdmin.descriptors];
    // The last descriptor: see admin-handover.ts.
    const handover = passedAdmin.descriptors.length > 0 ? FIRST_DESCRIPTOR + sockets.length : null;
    const child = startSelf({
      start: ownStart,
      environment: {
        GUNICORN_PID: String(process.pid),
        ...(isActivated ? {} : { GUNICORN_FD: passed.numbers, TUNICORN_BINDS: passed.binds }),
        TUNICORN_ADMIN_FD: passedAdmin.numbers,
        TUNICORN_ADMIN_BINDS: passedAdmin.binds,
        ...(handover === null ? {} : { [ADMIN_HANDOVER_VARIABLE]: String(handover) }),
      },
      stdio: ['inherit', 'inherit', 'inherit', ...sockets, ...(handover === null ? [] : ['pipe' as const])],
      detached: false,
      listenFds: isActivated ? passed.descriptors.length : 0,
    });
    // A reset when the new arbiter ends.
    if (handover !== null) child.stdio.at(-1)?.on('error', () => {});
    const gone = (how: string): void => this.#parts.post({ type: 'new-arbiter-gone', child, how });
    child.on('error', (error) => gone(`could not be started: ${error.message}`));
    child.on('exit', (code, signal) => gone(describeEnd(code, signal)));
    if (child.pid === undefined) return;
    this.#parts.otherArbiter.move({ type: 'child-started', child, pid: child.pid });
    log.say(ARBITER_MESSAGES.newArbiterStarted, { pid: child.pid });
  }

  /** The new arbiter is gone: this one continues alone. */
  childGone(child: ChildProcess, how: string): void {
    this.#parts.otherArbiter.move({ type: 'child-gone', child });
    this.#parts.start.log.say(ARBITER_MESSAGES.newArbiterGone, { pid: child.pid ?? '-', how });
    this.#parts.generations.sendFacts();
  }

  /** Takes over when the older arbiter, which started this one, is gone. Only a look at the parent process shows that. */
  lookForPromotion(): void {
    const { otherArbiter, inForce, generations, serviceManager } = this.#parts;
    const { state } = otherArbiter;
    if (state.kind !== 'newer' || process.ppid === state.parent) return;
    otherArbiter.move({ type: 'parent-gone' });
    inForce.promoted();
    generations.sendFacts();
    serviceManager.open();
  }
}

/** Descriptors for the new arbiter, the numbers that they will have there, and the bind address of each. */
function pass(
  listeners: Listeners,
  first: number,
): { readonly descriptors: readonly number[]; readonly numbers: string; readonly binds: string } {
  const current = listeners.current();
  return {
    descriptors: current.map(({ handle }) => handle.fd),
    numbers: current.map((_, index) => first + index).join(','),
    binds: JSON.stringify(current.map(({ bind }) => bind.text)),
  };
}
