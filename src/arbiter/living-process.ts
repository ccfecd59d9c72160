// A process that is not our child, told apart from a later one with the same pid by its start time.

import fs from 'node:fs';

export interface LivingProcess {
  readonly pid: number;
  /** Clock ticks since boot (proc(5), stat field 22), or null where there is no /proc. */
  readonly startTicks: string | null;
}

export function livingProcess(pid: number): LivingProcess {
  return { pid, startTicks: startTicks(pid) };
}

/** Whether that very process still runs; a zombie does not. */
export function stillLives(living: LivingProcess): boolean {
  if (living.startTicks !== null) return startTicks(living.pid) === living.startTicks;
  try {
    process.kill(living.pid, 0);
    return true;
  } catch {
    return false;
  }
}

function startTicks(pid: number): string | null {
  let stat: string;
  try {
    stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return null;
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? 'zombie' : (fields[19] ?? null);
}
