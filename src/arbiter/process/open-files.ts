// The limit of open files with which the command was started (ulimit -Sn). Node raises it to the hard limit before any program runs;
// applications should find the same limit as under another server.

import { readFileSync } from 'node:fs';

/** Null if unknown or unlimited. The parent process, a shell or supervisor, has the same limit unless it set another one for this process. */
export function openFilesAtStart(given: string | undefined, own: string, parent: string): number | null {
  if (given !== undefined) return /^\d+$/.test(given) ? Number(given) : null;
  const [ownLimits, parentLimits] = [openFilesOf(own), openFilesOf(parent)];
  if (ownLimits === null || parentLimits === null || ownLimits.hard !== parentLimits.hard) return null;
  return parentLimits.soft;
}

/** The text of /proc/PID/limits; empty if it cannot be read. */
export function readLimits(pid: number | 'self'): string {
  try {
    return readFileSync(`/proc/${pid}/limits`, 'latin1');
  } catch {
    return '';
  }
}

function openFilesOf(limits: string): { readonly soft: number; readonly hard: number } | null {
  const [, soft, hard] = /^Max open files\s+(\d+)\s+(\d+)/m.exec(limits) ?? [];
  return soft === undefined || hard === undefined ? null : { soft: Number(soft), hard: Number(hard) };
}
