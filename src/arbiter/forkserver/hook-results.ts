// Acts on the result of a hook that a forkserver has called.

import { ARBITER_MESSAGES } from '../../log/catalog/arbiter.ts';
import type { ErrorLog } from '../../log/error-log.ts';
import type { HookFailure } from '../../messages/about-hooks.ts';
import { EXIT_UNHANDLED } from '../../messages/exit-status.ts';
import type { Generation } from '../generations/generation.ts';
import type { Generations } from '../generations/generations.ts';
import type { Succession } from '../generations/succession.ts';
import type { Upgrade } from '../process/upgrade.ts';
import type { Shutdown } from '../shutdown.ts';

export interface OutcomeParts {
  readonly log: ErrorLog;
  readonly generations: Generations;
  readonly succession: Succession;
  readonly upgrade: Upgrade;
  readonly shutdown: Shutdown;
}

export interface Outcome {
  readonly hook: string;
  readonly failure: HookFailure | null;
}

export function afterHook(
  generation: Generation,
  { hook, failure }: Outcome,
  parts: OutcomeParts,
  nowMs: number,
): void {
  const { succession, upgrade, shutdown } = parts;
  if (succession.awaitsHook(generation)) return succession.hookDone(generation, failure, nowMs);
  if (hook === 'pre_exec') return upgrade.preExecDone(failure);
  if (hook === 'on_exit') return shutdown.onExitCalled(generation, failure, nowMs);
  if (failure !== null) return afterFailure(generation, failure, parts, nowMs);
  if (hook === 'nworkers_changed') generation.resized(nowMs);
}

/** As in Gunicorn, a master's hook that raises ends the server. Not so in a generation that does not serve yet, or no longer. */
function afterFailure(
  generation: Generation,
  failure: HookFailure,
  { log, generations, succession, shutdown }: OutcomeParts,
  nowMs: number,
): void {
  const isNext = generation === generations.next;
  const isMain = generation === generations.serving || (isNext && generations.serving === null);
  const reason = `Error in the hook ${failure.message}`;
  const traceback = failure.traceback.trimEnd();
  if (isMain) log.say(ARBITER_MESSAGES.unhandledException, { traceback });
  else log.say(ARBITER_MESSAGES.hookFailed, { failure: failure.message, traceback });
  const exitCode = failure.code ?? EXIT_UNHANDLED;
  if (isNext) return succession.giveUp(generation, exitCode, reason, nowMs);
  if (!isMain) return;
  log.say(ARBITER_MESSAGES.reason, { reason });
  shutdown.failed(exitCode, nowMs);
}
