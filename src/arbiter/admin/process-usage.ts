// Memory and processor time of the server's processes, from /proc. Processor time includes that of processes that have ended, as of the last
// look at them.

import fs from 'node:fs';
import { zeroes } from '../../telemetry/snapshot/gateway-report.ts';
import { PROCESS_KINDS, type ProcessKind, type ProcessUsage } from '../../telemetry/snapshot/snapshot.ts';
import { fieldsOfStat } from '../process/process-stat.ts';

export interface ServerProcess {
  readonly pid: number;
  readonly kind: ProcessKind;
}

/** From the auxiliary vector of a process (getauxval(3)). */
interface Units {
  readonly pageBytes: number;
  readonly ticksPerSecond: number;
}

const AT_PAGESZ = 6;
const AT_CLKTCK = 17;

export class ProcessUsages {
  readonly #units: Units = readUnits();
  readonly #ofEnded: Record<ProcessKind, number> = zeroes(PROCESS_KINDS);
  readonly #last: Map<number, { readonly kind: ProcessKind; readonly cpuSeconds: number }> = new Map();

  /** Looks at all processes of the server. Call it often: the time since the last look is lost when a process ends. */
  look(processes: readonly ServerProcess[], withProportional: boolean = false): ReadonlyMap<number, ProcessUsage> {
    const usages = new Map<number, ProcessUsage>();
    for (const { pid, kind } of processes) {
      const usage = readUsage(pid, this.#units, withProportional);
      if (usage === null) continue;
      usages.set(pid, usage);
      const last = this.#last.get(pid);
      // Another process has the same pid.
      if (last !== undefined && (last.kind !== kind || last.cpuSeconds > usage.cpuSeconds)) this.#end(pid);
      this.#last.set(pid, { kind, cpuSeconds: usage.cpuSeconds });
    }
    for (const pid of [...this.#last.keys()]) if (!usages.has(pid)) this.#end(pid);
    return usages;
  }

  /** Sums by kind of the processes of the last look; the processor time also of those that have ended. */
  totals(
    processes: readonly ServerProcess[],
    usages: ReadonlyMap<number, ProcessUsage>,
  ): Record<ProcessKind, ProcessUsage> {
    const totals = PROCESS_KINDS.map((kind) => {
      const found = processes.flatMap((each) => (each.kind === kind ? (usages.get(each.pid) ?? []) : []));
      const cpuSeconds = found.reduce((sum, usage) => sum + usage.cpuSeconds, this.#ofEnded[kind]);
      const residentBytes = found.reduce((sum, usage) => sum + usage.residentBytes, 0);
      const isProportional = found.length > 0 && found.every(({ proportionalBytes }) => proportionalBytes !== null);
      const proportionalBytes = isProportional
        ? found.reduce((sum, usage) => sum + (usage.proportionalBytes ?? 0), 0)
        : null;
      return [kind, { residentBytes, cpuSeconds, proportionalBytes }] as const;
    });
    return Object.fromEntries(totals) as Record<ProcessKind, ProcessUsage>;
  }

  #end(pid: number): void {
    const last = this.#last.get(pid);
    if (last !== undefined) this.#ofEnded[last.kind] += last.cpuSeconds;
    this.#last.delete(pid);
  }
}

/** Null if the process is gone. */
function readUsage(pid: number, units: Units, withProportional: boolean): ProcessUsage | null {
  const stat = read(`/proc/${pid}/stat`);
  const parsed = stat === null ? null : parseStat(stat, units);
  if (parsed === null) return null;
  const rollup = withProportional ? read(`/proc/${pid}/smaps_rollup`) : null;
  const proportional = rollup === null ? null : /^Pss:\s+(\d+) kB/m.exec(rollup);
  return { ...parsed, proportionalBytes: proportional === null ? null : Number(proportional[1]) * 1024 };
}

/** proc_pid_stat(5): utime and stime are the fields 14 and 15, rss is 24. Null for a zombie, which has no memory. */
export function parseStat(stat: string, units: Units): Pick<ProcessUsage, 'residentBytes' | 'cpuSeconds'> | null {
  const fields = fieldsOfStat(stat);
  const [state, utime, stime, rss] = [fields[0], fields[11], fields[12], fields[21]];
  if (state === 'Z' || utime === undefined || stime === undefined || rss === undefined) return null;
  return {
    residentBytes: Number(rss) * units.pageBytes,
    cpuSeconds: (Number(utime) + Number(stime)) / units.ticksPerSecond,
  };
}

function readUnits(): Units {
  const units: { pageBytes: number; ticksPerSecond: number } = { pageBytes: 4096, ticksPerSecond: 100 };
  try {
    const vector = fs.readFileSync('/proc/self/auxv');
    for (let at = 0; at + 16 <= vector.length; at += 16) {
      const type = vector.readUInt32LE(at);
      if (type === AT_PAGESZ) units.pageBytes = vector.readUInt32LE(at + 8);
      if (type === AT_CLKTCK) units.ticksPerSecond = vector.readUInt32LE(at + 8);
    }
  } catch {
    // Not readable in a hardened container: the values of almost every machine.
  }
  return units;
}

function read(file: string): string | null {
  try {
    return fs.readFileSync(file, 'latin1');
  } catch {
    return null;
  }
}
