// on_exit: called when everything else is gone, in the forkserver of the generation that served last, which must not leave before.
// Used by the arbiter when it stops.

import { EXIT_ERROR, EXIT_UNHANDLED } from '../../messages/exit-status.ts';
import type { Generation } from '../generations/generation.ts';

/** From now on the host's forkserver stays until on_exit has been called. `host` is null when there is no generation. */
export function holdLastHook(host: Generation | null, exitCode: number): void {
  // As Gunicorn: the end that an exception of a hook brings is not announced.
  if (exitCode === EXIT_UNHANDLED || exitCode === EXIT_ERROR) return;
  if (host?.hooks.has('on_exit') && host.lastHook === 'none') host.lastHook = 'to-come';
}

export type LastHookStep = 'nothing to do' | 'wait' | 'call';

/** `generations` is the number of those that are not gone, the host among them. */
export function lastHookStep(host: Generation | null, generations: number): LastHookStep {
  if (host === null || host.lastHook === 'none' || host.forkserverState === 'dead') return 'nothing to do';
  return generations > 1 || host.workers.size > 0 || host.lastHook === 'under-way' ? 'wait' : 'call';
}
