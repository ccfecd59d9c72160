// A process that is not our child, told apart from a later one with the same pid by its start time.

import fs from 'node:fs';

export interface LivingProcess {
  readonly pid: number;
  /** Clock ticks since boot (proc(5), stat field 22), or null where there is no /proc. */
  readonly startTicks: string | null;
}

export function livingProcess(pid: number): LivingProcess {
  return { pid, startTicks: readStat(pid)?.startTicks ?? null };
}

/** Whether that very process still runs; a zombie does not. */
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

/** Nothing but that very process gets the signal. Its parent may take its end between the look and the kill, which is no error. */
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
  // The name, in parentheses, may hold anything, parentheses and spaces included; what follows the last one is numbers.
  const [state, ...numbers] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const startTicks = numbers[18];
  return state === undefined || startTicks === undefined ? null : { state, startTicks };
}
