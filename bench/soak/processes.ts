// What Linux says about the processes of a server at one moment, by what each of them is to the arbiter.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';

export type Role = 'arbiter' | 'gateway' | 'forkserver' | 'worker' | 'other';

export const roles: readonly Role[] = ['arbiter', 'gateway', 'forkserver', 'worker', 'other'];

export interface ProcessSample {
  readonly pid: number;
  readonly role: Role;
  readonly isZombie: boolean;
  readonly threads: number;
  readonly residentMib: number;
  /** What is shared by n processes counts as an n-th in each. */
  readonly proportionalMib: number;
  readonly descriptors: number;
  readonly sockets: number;
  /** Open files that have no name any more, such as those that a slow reader's response waits in. */
  readonly namelessFiles: number;
}

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly state: string;
  readonly threads: number;
}

/** Everything that lives, or has died and was not waited for, on this machine. */
export class ProcessTable {
  readonly #children: Map<number, Stat[]> = new Map();
  readonly #all: Map<number, Stat> = new Map();

  constructor() {
    for (const name of readdirSync('/proc')) {
      const stat = /^\d+$/.test(name) ? readStat(Number(name)) : undefined;
      if (stat === undefined) continue;
      this.#all.set(stat.pid, stat);
      const siblings = this.#children.get(stat.parent);
      if (siblings === undefined) this.#children.set(stat.parent, [stat]);
      else siblings.push(stat);
    }
  }

  samples(arbiter: number): ProcessSample[] {
    const root = this.#all.get(arbiter);
    return root === undefined ? [] : this.#below(root, 'arbiter');
  }

  #below(stat: Stat, role: Role): ProcessSample[] {
    const children = this.#children.get(stat.pid) ?? [];
    return [sample(stat, role), ...children.flatMap((child) => this.#below(child, roleBelow(role, child)))];
  }
}

function roleBelow(parent: Role, child: Stat): Role {
  if (parent === 'forkserver') return 'worker';
  if (parent !== 'arbiter') return 'other';
  const program = basename(ifThere(() => readlinkSync(`/proc/${child.pid}/exe`)) ?? '');
  if (program.startsWith('node')) return 'gateway';
  return program.startsWith('python') ? 'forkserver' : 'other';
}

function sample({ pid, state, threads }: Stat, role: Role): ProcessSample {
  const memory = ifThere(() => readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')) ?? '';
  const names = ifThere(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  const targets = names.map((name) => ifThere(() => readlinkSync(join('/proc', String(pid), 'fd', name))) ?? '');
  return {
    pid,
    role,
    isZombie: state === 'Z',
    threads,
    residentMib: kibibytes(memory, 'Rss') / 1024,
    proportionalMib: kibibytes(memory, 'Pss') / 1024,
    descriptors: names.length,
    sockets: targets.filter((target) => target.startsWith('socket:')).length,
    namelessFiles: targets.filter((target) => target.endsWith(' (deleted)')).length,
  };
}

function kibibytes(memory: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(memory)?.[1] ?? 0);
}

function readStat(pid: number): Stat | undefined {
  const text = ifThere(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  if (text === undefined) return undefined;
  // The command name stands in brackets and may hold spaces and brackets itself: fields count from the last bracket.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { pid, state: fields[0] ?? '?', parent: Number(fields[1]), threads: Number(fields[17]) };
}

/** Processes end between being listed and being read; that is no error here. */
function ifThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
