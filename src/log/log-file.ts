// Opens the file of a log: appending, so that several processes can write to it, and at once, so that a path that
// cannot be written is known at the start.

import { closeSync, fchownSync, fstatSync, openSync } from 'node:fs';
import { systemErrorReason } from './system-error-reason.ts';

export interface LogOwner {
  readonly uid: number;
  readonly gid: number;
}

export type OpenedLogFile =
  | { readonly ok: true; readonly fd: number }
  | { readonly ok: false; readonly message: string };

/**
 * With `owner`, the file is given to the user that the workers run as: they write to it, and open it again for
 * rotation. Only root can do so, and a device, such as /dev/null, is everybody's.
 */
export function openLogFile(file: string, owner?: LogOwner): OpenedLogFile {
  let fd: number | undefined;
  try {
    fd = openSync(file, 'a');
    const isToGive = owner !== undefined && process.geteuid?.() === 0 && !fstatSync(fd).isCharacterDevice();
    if (isToGive) fchownSync(fd, owner.uid, owner.gid);
    return { ok: true, fd };
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    return { ok: false, message: `'${file}' isn't writable [${systemErrorReason(error)}]` };
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
