// Opens the file of a log: appending, so that several processes can write to it, and at once, so that a path that
// cannot be written is known at the start.

import { closeSync, fchownSync, openSync } from 'node:fs';
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
 * rotation.
 */
export function openLogFile(file: string, owner?: LogOwner): OpenedLogFile {
  let fd: number | undefined;
  try {
    fd = openSync(file, 'a');
    if (owner !== undefined) fchownSync(fd, owner.uid, owner.gid);
    return { ok: true, fd };
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    return { ok: false, message: `'${file}' isn't writable [${systemErrorReason(error)}]` };
  }
}
