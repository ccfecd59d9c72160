// When to call on_exit: once everything else is gone, in the forkserver of the generation that served last, which stays until then. Pure.

import { EXIT_ERROR, EXIT_UNHANDLED } from '../../messages/exit-status.ts';
import type { Forkserver } from './forkserver.ts';

/** As in Gunicorn, on_exit is not called when a hook's exception ends the server. */
export function isAnnouncedEnd(exitCode: number): boolean {
  return exitCode !== EXIT_UNHANDLED && exitCode !== EXIT_ERROR;
}

export type OnExitStep = 'nothing to do' | 'wait' | 'call';

/** `workers`: the number of the forkserver's workers. `generations`: the number of living generations. */
export function onExitStep(
  forkserver: Pick<Forkserver, 'onExit' | 'isAlive'>,
  { workers, generations }: { readonly workers: number; readonly generations: number },
): OnExitStep {
  const { onExit, isAlive } = forkserver;
  if (!isAlive || onExit === 'none' || onExit === 'done') return 'nothing to do';
  return generations > 1 || workers > 0 || onExit === 'under-way' ? 'wait' : 'call';
}
