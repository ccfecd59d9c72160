// Log messages about processes that have ended, in Gunicorn's words where Gunicorn has some. Pure.

import os from 'node:os';
import type { ProcessEnd, WorkerState } from './worker-life.ts';

export interface LogEntry {
  readonly level: 'debug' | 'info' | 'warning' | 'error' | 'critical';
  readonly message: string;
}

/** `was` is the state that the end came in, `stack` what faulthandler has written or empty; null if the log has it already. */
export function workerExitMessages(
  pid: number,
  was: WorkerState,
  end: ProcessEnd,
  stack: string | null,
): readonly LogEntry[] {
  if (was.kind === 'doomed') return [ofDoomed(pid, was.reason, stack)];
  if (end.signal !== null) return ofSignalled(pid, signalName(end.signal), stack);
  if (end.code === 0) return [];
  return [{ level: 'error', message: `Worker (pid:${pid}) exited with code ${end.code}.` }];
}

function ofDoomed(pid: number, reason: (WorkerState & { kind: 'doomed' })['reason'], stack: string | null): LogEntry {
  switch (reason) {
    case 'timeout':
    case 'slow-boot': {
      return { level: 'critical', message: `Worker (pid:${pid}) is gone.${whatItDid(stack, ' It left no stack.')}` };
    }
    case 'stuck':
      return { level: 'warning', message: `Worker (pid:${pid}) was killed: the requests left in it hang.` };
    case 'not-needed':
    case 'given-up':
      return { level: 'debug', message: `Worker (pid:${pid}) was not needed any more.` };
    case 'slow-exit': {
      const what = stack === '' ? '' : ` What it was doing:\n${stack}`;
      return {
        level: 'warning',
        message: `Worker (pid:${pid}) was killed: its threads and exit handlers took longer than graceful_timeout.${what}`,
      };
    }
    case 'graceful-timeout':
      return {
        level: 'warning',
        message: `Worker (pid:${pid}) was killed: it did not finish within graceful_timeout.${whatItDid(stack, '')}`,
      };
  }
}

function whatItDid(stack: string | null, otherwise: string): string {
  if (stack === null) return '';
  return stack === '' ? otherwise : ` What it was doing:\n${stack}`;
}

function ofSignalled(pid: number, signal: string, stack: string | null): LogEntry[] {
  const isKill = signal === 'SIGKILL';
  const level = isKill ? 'error' : signal === 'SIGTERM' ? 'info' : 'warning';
  const hint = isKill ? ' Perhaps out of memory?' : '';
  const entries: LogEntry[] = [{ level, message: `Worker (pid:${pid}) was sent ${signal}!${hint}` }];
  if (stack !== '' && stack !== null)
    entries.push({ level: 'error', message: `What worker (pid:${pid}) was doing:\n${stack}` });
  return entries;
}

/** `exited with code 1`, or `was ended by SIGKILL`. */
export function describeEnd(code: number | null, signal: NodeJS.Signals | number | null): string {
  if (signal === null) return `exited with code ${code}`;
  return `was ended by ${typeof signal === 'number' ? signalName(signal) : signal}`;
}

/** `SIGKILL` for 9; a number that has no name here stays one. */
export function signalName(signal: number): string {
  for (const [name, number] of Object.entries(os.constants.signals)) if (number === signal) return name;
  return `signal ${signal}`;
}
