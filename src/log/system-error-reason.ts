// The reason in an error of a system call, as people know it from other programs: "Permission denied", "No such file or
// directory". Pure. For messages that name the file or the program themselves.

import { getSystemErrorMap } from 'node:util';

export function systemErrorReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const errno = 'errno' in error && typeof error.errno === 'number' ? error.errno : undefined;
  const [, text] = (errno === undefined ? undefined : getSystemErrorMap().get(errno)) ?? [];
  return text === undefined ? error.message : text.charAt(0).toUpperCase() + text.slice(1);
}
