// Which processes listen at an address that cannot be bound, from /proc, for the error message. Parsing is pure; describeHolders() reads.

import fs from 'node:fs';
import path from 'node:path';
import type { BindAddress } from '../../settings/kinds/bind-address.ts';

export interface Holder {
  readonly pid: number;
  readonly parent: number;
  /** The name of the program, as ps shows it. */
  readonly name: string;
}

const TCP_LISTEN = '0A';
const UNIX_LISTENS = 0x10000;
const SHOWN = 3;
/** TASK_COMM_LEN without the NUL: the kernel truncates names to it. */
const COMM_LIMIT = 15;

/** `: it is held by nginx (pid 812)`, or empty if no listener is found in /proc. */
export function describeHolders(address: BindAddress): string {
  const inodes =
    address.kind === 'tcp'
      ? ['tcp', 'tcp6'].flatMap((table) => tcpListeners(read(`/proc/net/${table}`), address.port))
      : address.kind === 'unix'
        ? unixListeners(read('/proc/net/unix'), [address.path, path.resolve(address.path)])
        : [];
  if (inodes.length === 0) return '';
  const holders = eldest(holdersOf(new Set(inodes)));
  if (holders.length === 0) return ': it is held by a process that this user may not inspect';
  const names = holders.slice(0, SHOWN).map(({ name, pid }) => `${name} (pid ${pid})`);
  const more = holders.length > SHOWN ? ` and ${holders.length - SHOWN} more` : '';
  return `: it is held by ${names.join(', ')}${more}`;
}

/** Inodes of the sockets that listen on `port` at any address: a wildcard address collides with all others. `table`: see proc(5). */
export function tcpListeners(table: string, port: number): readonly string[] {
  return rowsOf(table).flatMap((fields) => {
    const [, local = '', , state, , , , , , inode = ''] = fields;
    const isThere = state === TCP_LISTEN && Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16) === port;
    return isThere ? [inode] : [];
  });
}

/** Inodes of the sockets that listen at one of `paths`. */
export function unixListeners(table: string, paths: readonly string[]): readonly string[] {
  return rowsOf(table).flatMap((fields) => {
    const [, , , flags = '', , , inode = '', ...name] = fields;
    return Number.parseInt(flags, 16) & UNIX_LISTENS && paths.includes(name.join(' ')) ? [inode] : [];
  });
}

/** Drops processes whose parent is among them: the workers of a server hold the sockets of its main process. */
export function eldest(holders: readonly Holder[]): readonly Holder[] {
  const pids = new Set(holders.map(({ pid }) => pid));
  return holders.filter(({ parent }) => !pids.has(parent));
}

/** From the name of a process, which may be truncated, and its NUL-terminated arguments; some programs write a title over the first one. */
export function programName(comm: string, commandLine: string): string {
  const [first = ''] = commandLine.split('\0');
  const isCut = comm.length === COMM_LIMIT && first !== '';
  return isCut ? (first.startsWith('/') ? path.basename(first) : first.trim()) : comm;
}

function rowsOf(table: string): string[][] {
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/ +/));
}

function holdersOf(inodes: ReadonlySet<string>): Holder[] {
  return list('/proc').flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || !holdsOne(pid, inodes)) return [];
    const program = programName(read(`/proc/${pid}/comm`).trim(), read(`/proc/${pid}/cmdline`));
    const parent = Number(/^PPid:\s*(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
    return [{ pid, parent, name: program === '' ? 'a process' : program }];
  });
}

function holdsOne(pid: number, inodes: ReadonlySet<string>): boolean {
  return list(`/proc/${pid}/fd`).some((fd) => {
    const inode = /^socket:\[(\d+)\]$/.exec(target(`/proc/${pid}/fd/${fd}`))?.[1];
    return inode !== undefined && inodes.has(inode);
  });
}

// Processes may end while they are inspected, and those of other users are not readable: both read as empty.

function read(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function list(folder: string): readonly string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}

function target(link: string): string {
  try {
    return fs.readlinkSync(link);
  } catch {
    return '';
  }
}
