// Why a generation cannot serve, in Gunicorn's words where it has them. Pure.

import { EXIT_APP_LOAD, EXIT_WORKER_BOOT } from '../../messages/exit-status.ts';
import { describeEnd } from '../workers/exit-messages.ts';
import type { ProcessEnd, WorkerState } from '../workers/worker-life.ts';

/** For a failure that a forkserver or worker reported. */
export function reportedFailure(code: number, message: string): string {
  if (code === EXIT_APP_LOAD) return `App failed to load. ${message}`;
  if (code === EXIT_WORKER_BOOT) return `Worker failed to boot. ${message}`;
  // Messages of the command line begin with `Error: `.
  return message.replace(/^Error: /, '');
}

/** For a worker that ended in this state; null if its end says nothing about the generation. */
export function failureOfWorker(was: WorkerState, end: ProcessEnd, isFirst: boolean): string | null {
  if (was.kind === 'ready' || was.kind === 'retiring' || was.kind === 'exiting') return null;
  // It died without a report: it was killed, ran out of memory, or a library called _exit().
  if (was.kind !== 'doomed') return `Worker failed to boot: it ${describeEnd(end.code, end.signal)}.`;
  // A slow first boot is tried again: no other generation could serve instead.
  return isFirst ? null : 'Worker failed to boot: it was not ready in time.';
}
