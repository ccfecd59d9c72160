// A process that is not our child; its start time distinguishes it from a later process with the same pid.

import fs from 'node:fs';
import { fieldsOfStat } from './process-stat.ts';

export interface LivingProcess {
  readonly pid: number;
  /** Clock ticks since boot (proc(5), stat field 22), or null without /proc. */
  readonly startTicks: string | null;
}

export function livingProcess(pid: number): LivingProcess {
  return { pid, startTicks: readStat(pid)?.startTicks ?? null };
}

/** Whether this very process still runs. A zombie does not. */
export function stillLives(living: LivingProcess): boolean {
  if (living.startTicks !== null) {
    const stat = readStat(living.pid);
    return stat !== null && stat.state !== 'Z' && stat.startTicks === living.startTicks;
  }
  try {
    process.kill(living.pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Signals only this very process. Its parent may reap it between the check and the kill, which is not an error. */
export function signalIfAlive(
  living: LivingProcess,
  signal: number,
  kill: (pid: number, signal: number) => unknown = process.kill,
): void {
  if (!stillLives(living)) return;
  try {
    kill(living.pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function readStat(pid: number): { readonly state: string; readonly startTicks: string } | null {
  let stat: string;
  try {
    stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return null;
  }
  const fields = fieldsOfStat(stat);
  const [state, startTicks] = [fields[0], fields[19]];
  return state === undefined || startTicks === undefined ? null : { state, startTicks };
}
