// on_exit: called when everything else is gone, in the forkserver of the generation that served last, which must not leave before. Pure.

import { EXIT_ERROR, EXIT_UNHANDLED } from '../../messages/exit-status.ts';
import type { Forkserver } from './forkserver.ts';

/** As Gunicorn: the end that an exception of a hook brings is not announced. */
export function isAnnouncedEnd(exitCode: number): boolean {
  return exitCode !== EXIT_UNHANDLED && exitCode !== EXIT_ERROR;
}

export type OnExitStep = 'nothing to do' | 'wait' | 'call';

/** `workers` are those of the forkserver, `generations` is the number of those that are not gone. */
export function onExitStep(
  forkserver: Pick<Forkserver, 'onExit' | 'isAlive'>,
  { workers, generations }: { readonly workers: number; readonly generations: number },
): OnExitStep {
  const { onExit, isAlive } = forkserver;
  if (!isAlive || onExit === 'none' || onExit === 'done') return 'nothing to do';
  return generations > 1 || workers > 0 || onExit === 'under-way' ? 'wait' : 'call';
}
