// The steps of a generation before its first fork: it resolves and settles the settings, calls hooks, and makes the ticket pipe.

import { ARBITER_MESSAGES } from '../../log/catalog/arbiter.ts';
import { GENERATION_MESSAGES } from '../../log/catalog/generations.ts';
import type { HookFailure } from '../../messages/about-hooks.ts';
import type { Configured } from '../../messages/between-arbiter-and-forkserver.ts';
import { EXIT_ERROR } from '../../messages/exit-status.ts';
import type { ResolvedSettings } from '../../settings/for-processes/resolved-settings.ts';
import type { ArbiterStart } from '../arbiter-start.ts';
import { settleMessage } from '../forkserver/server-facts.ts';
import type { Reloader } from '../reloader/reloader.ts';
import type { Generation } from './generation.ts';
import type { Generations } from './generations.ts';

/** How long the serving forkserver may take to report what hooks have set on its `server`. */
const INHERIT_MS = 3000;

export interface BootParts {
  readonly start: Pick<ArbiterStart, 'log' | 'directories' | 'resolve'>;
  readonly reloader: Reloader;
  readonly generations: Generations;
  readonly succession: {
    /** Only the gateways may still be missing. */
    booted(nowMs: number): void;
    giveUp(generation: Generation, exitCode: number, reason: string, nowMs: number): void;
  };
}

export class GenerationBoot {
  readonly #parts: BootParts;

  constructor(parts: BootParts) {
    this.#parts = parts;
  }

  /** For the first generation: the command has already taken the first steps with its forkserver. */
  first(generation: Generation, resolved: ResolvedSettings, hooks: ReadonlySet<string>): void {
    this.#configure(generation, resolved);
    generation.forkserver.setHooks(hooks);
    generation.forkserver.sendFacts(this.#parts.generations.facts());
    this.#prepare(generation, resolved);
  }

  configured(generation: Generation, found: Configured, nowMs: number): void {
    const resolution = this.#parts.start.resolve(found);
    if (!resolution.ok)
      return this.#parts.succession.giveUp(generation, EXIT_ERROR, resolution.errors.join('\n'), nowMs);
    for (const warning of resolution.warnings) this.#parts.start.log.enter(warning);
    this.#configure(generation, resolution.resolved);
    const before = this.#parts.generations.serving?.forkserver ?? null;
    if (before === null || !before.hasHooks || !before.isAlive) return this.carryState(generation, '');
    generation.move({ kind: 'inheriting', sinceMs: nowMs });
    before.send({ type: 'pack-state' });
  }

  #configure(generation: Generation, resolved: ResolvedSettings): void {
    generation.configure(resolved);
    this.#parts.reloader.configure(generation.number, resolved.settings);
  }

  tick(next: Generation | null, nowMs: number): void {
    if (next?.state.kind !== 'inheriting' || nowMs - next.state.sinceMs < INHERIT_MS) return;
    const values = { seconds: INHERIT_MS / 1000, generation: next.number };
    this.#parts.start.log.say(GENERATION_MESSAGES.stateNotInherited, values);
    this.carryState(next, '');
  }

  /** `state`: what hooks have set on the `server` of the previous generation. */
  carryState(generation: Generation, state: string): void {
    const { resolved } = generation;
    if (resolved === null) return;
    generation.move({ kind: 'settling' });
    const workers = resolved.settings.workers;
    generation.forkserver.send(settleMessage(resolved, { ...this.#parts.generations.facts(), workers, state }));
  }

  settled(generation: Generation, hooks: readonly string[]): void {
    const { resolved, forkserver } = generation;
    if (generation.state.kind !== 'settling' || resolved === null) return;
    forkserver.setHooks(new Set(hooks));
    if (!forkserver.has('nworkers_changed')) return this.#prepare(generation, resolved);
    generation.move({ kind: 'counting' });
    // At each reload, even if the number is the same: as in Gunicorn.
    const old = this.#parts.generations.serving?.target ?? null;
    forkserver.send({ type: 'hook', hook: 'nworkers_changed', new: resolved.settings.workers, old });
  }

  /** The ticket pipe exists, and the application is loaded if it is preloaded. */
  prepared(generation: Generation, capacity: number, nowMs: number): void {
    if (generation.state.kind !== 'preparing' || !generation.holdPipe(capacity)) return;
    const hook = this.#parts.generations.serving === null ? 'when_ready' : 'on_reload';
    if (!generation.forkserver.has(hook)) return this.#booted(generation, nowMs);
    generation.move({ kind: 'announcing' });
    generation.forkserver.send({ type: 'hook', hook });
  }

  /** A hook that the generation waited for has been called. */
  hookDone(generation: Generation, failure: HookFailure | null, nowMs: number): void {
    if (failure !== null) {
      const values = { failure: failure.message, traceback: failure.traceback.trimEnd() };
      this.#parts.start.log.say(ARBITER_MESSAGES.hookFailed, values);
      return this.#parts.succession.giveUp(
        generation,
        failure.code ?? EXIT_ERROR,
        `Error in the hook ${failure.message}`,
        nowMs,
      );
    }
    if (generation.state.kind === 'announcing') return this.#booted(generation, nowMs);
    if (generation.resolved !== null) this.#prepare(generation, generation.resolved);
  }

  #prepare(generation: Generation, resolved: ResolvedSettings): void {
    const settings = resolved.worker(generation.number, this.#parts.start.directories, generation.tickets.path);
    generation.prepare(resolved.settings.workers, settings);
  }

  #booted(generation: Generation, nowMs: number): void {
    generation.move({ kind: 'prepared' });
    this.#parts.succession.booted(nowMs);
  }
}
