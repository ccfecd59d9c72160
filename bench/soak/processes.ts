// A sample of a server's processes from /proc, by role.

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
  /** Memory shared by n processes counts as 1/n in each. */
  readonly proportionalMib: number;
  readonly descriptors: number;
  readonly sockets: number;
  /** Open files without a name, such as the spool of a slow reader's response. */
  readonly namelessFiles: number;
}

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly state: string;
  readonly threads: number;
}

/** All processes of this machine, including zombies. */
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
  // The command name is in brackets and may itself contain spaces and brackets: fields count from the last bracket.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { pid, state: fields[0] ?? '?', parent: Number(fields[1]), threads: Number(fields[17]) };
}

/** Processes may end between listing and reading; that is not an error. */
function ifThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
