// Why a generation cannot serve, in Gunicorn's words where Gunicorn has some. Pure.

import { EXIT_APP_LOAD, EXIT_WORKER_BOOT } from '../../messages/exit-status.ts';
import { describeEnd } from '../workers/exit-messages.ts';
import type { ProcessEnd, WorkerState } from '../workers/worker-life.ts';

/** Of what a forkserver or worker has reported. */
export function reportedFailure(code: number, message: string): string {
  if (code === EXIT_APP_LOAD) return `App failed to load. ${message}`;
  if (code === EXIT_WORKER_BOOT) return `Worker failed to boot. ${message}`;
  // The texts of the command line say first what they are.
  return message.replace(/^Error: /, '');
}

/** Of the end of a worker that was in this state; null if it says nothing about the generation. */
export function failureOfWorker(was: WorkerState, end: ProcessEnd, isFirst: boolean): string | null {
  if (was.kind === 'ready' || was.kind === 'retiring' || was.kind === 'exiting') return null;
  // Otherwise it died without a report: killed, or out of memory, or a library called _exit().
  if (was.kind !== 'doomed') return `Worker failed to boot: it ${describeEnd(end.code, end.signal)}.`;
  // Slow at the first boot: tried again, because there is nothing that could serve in its place.
  return isFirst ? null : 'Worker failed to boot: it was not ready within timeout.';
}
