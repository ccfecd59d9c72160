// The processes of one server, from /proc. A mark in the environment distinguishes them from all others, even when their parent has died
// and they belong to init.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

type ProcessKind = 'node' | 'python' | 'other';

export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly state: string;
  readonly kind: ProcessKind;
}

export const markName = 'TUNICORN_TEST_MARK';

/** The living processes with the mark, without zombies. */
export function processesMarked(mark: string): ProcessEntry[] {
  const wanted = `${markName}=${mark}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter(
      (pid) =>
        orUndefined(() => readFileSync(`/proc/${pid}/environ`, 'latin1'))
          ?.split('\0')
          .includes(wanted) ?? false,
    )
    .map(readEntry)
    .filter((entry) => entry !== undefined);
}

/** Undefined if the process does not exist or has died. */
export function readEntry(pid: number): ProcessEntry | undefined {
  const stat = orUndefined(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  // The command name is in brackets and may itself contain spaces and brackets: fields count from the last bracket.
  const [state, parent] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  if (state === undefined || parent === undefined || state === 'Z' || state === 'X') return undefined;
  return { pid, parent: Number(parent), state, kind: readKind(pid) };
}

export function isAlive(pid: number): boolean {
  return readEntry(pid) !== undefined;
}

/** The arguments, or the title that replaces them. Empty if the process has ended. */
export function commandOf(pid: number): string {
  const text = orUndefined(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? '';
  return text.replace(/[\0 ]+$/, '').replaceAll('\0', ' ');
}

/** The peak resident memory of the process, in bytes. */
export function peakResidentBytes(pid: number): number | undefined {
  const status = orUndefined(() => readFileSync(`/proc/${pid}/status`, 'latin1'));
  const kibibytes = status?.match(/^VmHWM:\s+(\d+) kB$/m)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

function readKind(pid: number): ProcessKind {
  const program = basename(orUndefined(() => readlinkSync(`/proc/${pid}/exe`)) ?? '');
  if (program.startsWith('node')) return 'node';
  return program.startsWith('python') ? 'python' : 'other';
}

/** Processes may end between listing and reading; that is not an error. */
function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
