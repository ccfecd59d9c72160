// The reason of a failed system call, without its name and path: "Permission denied", "No such file or directory". Pure.

import { getSystemErrorMap } from 'node:util';

export function systemErrorReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const errno = 'errno' in error && typeof error.errno === 'number' ? error.errno : undefined;
  const [, text] = (errno === undefined ? undefined : getSystemErrorMap().get(errno)) ?? [];
  return text === undefined ? error.message : text.charAt(0).toUpperCase() + text.slice(1);
}
