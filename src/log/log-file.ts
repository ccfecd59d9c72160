// Opens log files: for appending, because several processes may write to one; at the start, so that an unwritable path is found
// then; and non-blocking, so that a pipe without a reader never blocks the writer.

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
 * With `owner`, the file is given to the user that the workers run as: they write to it, and reopen it after rotation. Only root can
 * do that, and devices such as /dev/null are left alone.
 */
export function openLogFile(file: string, owner?: LogOwner): OpenedLogFile {
  let fd: number | undefined;
  try {
    const isPipe = statSync(file, { throwIfNoEntry: false })?.isFIFO() === true;
    // Opening a named pipe for writing only takes a reader (fifo(7)).
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
 * A non-blocking descriptor for a standard stream, if possible. The stream's own descriptor is shared with other processes, which a
 * change of its mode would affect. The owner of a pipe can open it a second time by its name in /proc.
 */
export function openStandardStream(stream: StandardStream): number {
  const fd = FD_OF[stream];
  try {
    if (!fstatSync(fd).isFIFO()) return fd;
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK);
  } catch {
    // The pipe belongs to another user or is gone: use the stream itself.
    return fd;
  }
}

/** Creates the file for a process that opens it later, perhaps as another user. Returns an error text, or null. */
export function prepareLogFile(target: string | null, owner: LogOwner): string | null {
  if (target === null || target === '-') return null;
  const opened = openLogFile(target, owner);
  if (!opened.ok) return opened.message;
  closeSync(opened.fd);
  return null;
}
