// The steps of a generation before its first fork: settings resolved and settled, hooks called, pipe made. Used by generations.ts, which
// hands on what the forkserver says.

import type { HookFailure } from '../../messages/about-hooks.ts';
import type { Configured } from '../../messages/between-arbiter-and-forkserver.ts';
import { EXIT_ERROR } from '../../messages/exit-status.ts';
import type { ResolvedSettings } from '../../settings/for-processes/resolved-settings.ts';
import type { ArbiterStart } from '../arbiter-start.ts';
import { mayBeDebugged } from '../deadlines/debugging.ts';
import { type LiveFacts, settleMessage } from '../forkserver/server-facts.ts';
import type { Generation } from './generation.ts';

/** How long the forkserver that serves may take to say what hooks have set on its `server`. */
const INHERIT_MS = 3000;

export interface BootOwner {
  readonly start: Pick<ArbiterStart, 'log' | 'directories' | 'resolve'>;
  /** The generation that serves, and so knows what hooks have made of `server`. */
  serving(): Generation | null;
  facts(): Omit<LiveFacts, 'state' | 'workers'>;
  resolved(generation: Generation, resolved: ResolvedSettings): void;
  settingsOf(generation: Generation): ResolvedSettings | undefined;
  /** Nothing is missing but the gateways. */
  booted(generation: Generation, nowMs: number): void;
  giveUp(generation: Generation, exitCode: number, reason: string, nowMs: number): void;
}

export class GenerationBoot {
  readonly #owner: BootOwner;

  constructor(owner: BootOwner) {
    this.#owner = owner;
  }

  /** The first one: the command has taken the first steps with its forkserver. */
  first(generation: Generation, resolved: ResolvedSettings, hooks: ReadonlySet<string>): void {
    this.#owner.resolved(generation, resolved);
    generation.hooks = hooks;
    generation.tellFacts(this.#owner.facts());
    this.#prepare(generation, resolved);
  }

  configured(generation: Generation, found: Configured, nowMs: number): void {
    const resolution = this.#owner.start.resolve(found);
    if (!resolution.ok) return this.#owner.giveUp(generation, EXIT_ERROR, resolution.errors.join('\n'), nowMs);
    for (const warning of resolution.warnings) this.#owner.start.log.log('warning', warning);
    this.#owner.resolved(generation, resolution.resolved);
    const before = this.#owner.serving();
    if (before === null || before.hooks.size === 0 || before.forkserverState === 'dead') {
      return this.carryState(generation, '');
    }
    generation.move({ kind: 'inheriting', sinceMs: nowMs });
    before.forkserver.send({ type: 'pack-state' });
  }

  tick(next: Generation | null, nowMs: number): void {
    if (next?.state.kind !== 'inheriting' || nowMs - next.state.sinceMs < INHERIT_MS) return;
    const what = `The forkserver that serves has not answered within ${INHERIT_MS / 1000} s`;
    this.#owner.start.log.log(
      'warning',
      `${what}: generation ${next.number} goes without what hooks have set on server`,
    );
    this.carryState(next, '');
  }

  /** What hooks have set on the `server` of the generation before. */
  carryState(generation: Generation, state: string): void {
    const resolved = this.#owner.settingsOf(generation);
    if (resolved === undefined) return;
    generation.move({ kind: 'settling' });
    const workers = resolved.settings.workers;
    generation.forkserver.send(settleMessage(resolved, { ...this.#owner.facts(), workers, state }));
  }

  settled(generation: Generation, hooks: readonly string[]): void {
    const resolved = this.#owner.settingsOf(generation);
    if (generation.state.kind !== 'settling' || resolved === undefined) return;
    generation.hooks = new Set(hooks);
    if (!generation.hooks.has('nworkers_changed')) return this.#prepare(generation, resolved);
    generation.move({ kind: 'counting' });
    // As Gunicorn: at each reload, whether the number has changed or not.
    const old = this.#owner.serving()?.target ?? null;
    generation.forkserver.send({ type: 'hook', hook: 'nworkers_changed', new: resolved.settings.workers, old });
  }

  /** The ticket pipe is there, and the application, if it is to be preloaded. */
  prepared(generation: Generation, capacity: number, nowMs: number): void {
    if (generation.state.kind !== 'preparing' || !generation.tickets.hold()) return;
    generation.capacity = capacity;
    const hook = this.#owner.serving() === null ? 'when_ready' : 'on_reload';
    if (!generation.hooks.has(hook)) return this.#booted(generation, nowMs);
    generation.move({ kind: 'announcing' });
    generation.forkserver.send({ type: 'hook', hook });
  }

  /** Of a hook that the generation waits for. */
  hookDone(generation: Generation, failure: HookFailure | null, nowMs: number): void {
    if (failure !== null) {
      this.#owner.start.log.log('error', `Error in the hook ${failure.message}\n${failure.traceback.trimEnd()}`);
      return this.#owner.giveUp(generation, failure.code ?? EXIT_ERROR, `Error in the hook ${failure.message}`, nowMs);
    }
    const resolved = this.#owner.settingsOf(generation);
    if (generation.state.kind === 'announcing') return this.#booted(generation, nowMs);
    if (resolved !== undefined) this.#prepare(generation, resolved);
  }

  #prepare(generation: Generation, resolved: ResolvedSettings): void {
    const settings = resolved.worker(generation.number, this.#owner.start.directories, generation.tickets.path);
    generation.settings = settings;
    generation.target = resolved.settings.workers;
    generation.timeoutMs = mayBeDebugged(resolved.settings) ? 0 : resolved.settings.timeout * 1000;
    generation.onDeadline = resolved.workerClass.onDeadline;
    generation.move({ kind: 'preparing' });
    generation.forkserver.send({ type: 'prepare', settings });
  }

  #booted(generation: Generation, nowMs: number): void {
    generation.move({ kind: 'prepared' });
    this.#owner.booted(generation, nowMs);
  }
}
