// Log messages about processes that have ended, in Gunicorn's words where it has them. Pure.

import os from 'node:os';
import { WORKER_MESSAGES } from '../../log/catalog/workers.ts';
import { type Entry, entry } from '../../log/message.ts';
import type { ProcessEnd, WorkerState } from './worker-life.ts';

/**
 * `was` is the state before the end; `stack` is what faulthandler wrote, empty if nothing, null if the log has it already.
 */
export function workerExitMessages(
  pid: number,
  was: WorkerState,
  end: ProcessEnd,
  stack: string | null,
): readonly Entry[] {
  if (was.kind === 'doomed') return [ofDoomed(pid, was.reason, stack)];
  if (end.signal !== null) return ofSignalled(pid, signalName(end.signal), stack);
  if (end.code === 0) return [];
  return [entry(WORKER_MESSAGES.exited, { pid, code: end.code ?? '-' })];
}

function ofDoomed(pid: number, reason: (WorkerState & { kind: 'doomed' })['reason'], stack: string | null): Entry {
  switch (reason) {
    case 'timeout':
    case 'slow-boot':
      return entry(WORKER_MESSAGES.gone, { pid, stack: whatItDid(stack, ' It left no stack.') });
    case 'stuck':
      return entry(WORKER_MESSAGES.onlyHungLeft, { pid });
    case 'not-needed':
    case 'given-up':
      return entry(WORKER_MESSAGES.notNeeded, { pid });
    case 'slow-exit':
      return entry(WORKER_MESSAGES.exitTooSlow, { pid, stack: whatItDid(stack, '') });
    case 'graceful-timeout':
      return entry(WORKER_MESSAGES.drainTooSlow, { pid, stack: whatItDid(stack, '') });
  }
}

function whatItDid(stack: string | null, otherwise: string): string {
  if (stack === null) return '';
  return stack === '' ? otherwise : ` What it was doing:\n${stack}`;
}

function ofSignalled(pid: number, signal: string, stack: string | null): Entry[] {
  const entries = [ofSignal(pid, signal)];
  if (stack !== '' && stack !== null) entries.push(entry(WORKER_MESSAGES.stack, { pid, stack }));
  return entries;
}

function ofSignal(pid: number, signal: string): Entry {
  if (signal === 'SIGKILL') return entry(WORKER_MESSAGES.sentKill, { pid });
  return signal === 'SIGTERM'
    ? entry(WORKER_MESSAGES.sentTerm, { pid })
    : entry(WORKER_MESSAGES.sentSignal, { pid, signal });
}

/** `exited with code 1`, or `was killed by SIGKILL`. */
export function describeEnd(code: number | null, signal: NodeJS.Signals | number | null): string {
  if (signal === null) return `exited with code ${code}`;
  return `was killed by ${typeof signal === 'number' ? signalName(signal) : signal}`;
}

/** `SIGKILL` for 9; `signal 40` for a number without a name. */
export function signalName(signal: number): string {
  for (const [name, number] of Object.entries(os.constants.signals)) if (number === signal) return name;
  return `signal ${signal}`;
}
