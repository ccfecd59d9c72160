// Opens the file of a log: appending, so that several processes can write to it, at once, so that a path that cannot be
// written is known at the start, and so that a pipe that nobody reads never holds the writer up.

import { closeSync, constants, fchownSync, fstatSync, openSync, statSync } from 'node:fs';
import { systemErrorReason } from './system-error-reason.ts';

export interface LogOwner {
  readonly uid: number;
  readonly gid: number;
}

export type OpenedLogFile =
  | { readonly ok: true; readonly fd: number; readonly kind: 'file' | 'pipe' }
  | { readonly ok: false; readonly message: string };

export type StandardStream = 'stdout' | 'stderr';

const FD_OF: Readonly<Record<StandardStream, number>> = { stdout: 1, stderr: 2 };
const APPEND = constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

/**
 * With `owner`, the file is given to the user that the workers run as: they write to it, and open it again for
 * rotation. Only root can do so, and a device, such as /dev/null, is everybody's.
 */
export function openLogFile(file: string, owner?: LogOwner): OpenedLogFile {
  let fd: number | undefined;
  try {
    const isPipe = statSync(file, { throwIfNoEntry: false })?.isFIFO() === true;
    // To open a named pipe for writing only is to wait for its reader (fifo(7)).
    fd = openSync(file, APPEND | (isPipe ? constants.O_RDWR : constants.O_WRONLY), 0o666);
    const isToGive = owner !== undefined && process.geteuid?.() === 0 && !fstatSync(fd).isCharacterDevice();
    if (isToGive) fchownSync(fd, owner.uid, owner.gid);
    return { ok: true, fd, kind: isPipe ? 'pipe' : 'file' };
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    return { ok: false, message: `'${file}' isn't writable [${systemErrorReason(error)}]` };
  }
}

/**
 * A descriptor for a standard stream that never blocks, where that can be had: the stream's own is shared with other processes, to
 * which a change of its mode would happen too. A pipe can be opened a second time by its name in /proc, by whoever owns it.
 */
export function openStandardStream(stream: StandardStream): number {
  const fd = FD_OF[stream];
  try {
    if (!fstatSync(fd).isFIFO()) return fd;
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK);
  } catch {
    // Somebody else's pipe, or none any more: then the stream itself has to do.
    return fd;
  }
}

/** Makes the file for a process that opens it later, perhaps as another user. Returns what is wrong, or null. */
export function prepareLogFile(target: string | null, owner: LogOwner): string | null {
  if (target === null || target === '-') return null;
  const opened = openLogFile(target, owner);
  if (!opened.ok) return opened.message;
  closeSync(opened.fd);
  return null;
}
